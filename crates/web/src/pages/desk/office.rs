//! Whose desk it is, and the officer's looks at persons.

use crate::{AppState, Problem, api::verify_problem, looks::LookKey, pages::reader::Reader, views::Words};
use axum::http::StatusCode;
use dancu_changes::Actor;
use dancu_core::{Clock, CommuneCode, Explanation, PersonalNumber};
use dancu_exchange::{Caller, ClientId, Field, FieldSet, ShownPerson};
use dancu_identity::{Principal, Role, access::Operation};
use dancu_places::Places;
use std::{fmt::Display, sync::Arc};

/// The client of the exchange under whose contract officers see whose matter is in hand.
const CLIENT: &str = "commune-desk";

/// What a desk shows of a person.
pub(super) const SHOWN: [Field; 8] = [
    Field::Name,
    Field::BirthDate,
    Field::Sex,
    Field::Residence,
    Field::LifeStatus,
    Field::Origin,
    Field::Household,
    Field::Family,
];

/// An officer at work.
pub(super) struct Office<'s> {
    pub state: &'s AppState,
    pub officer: String,
    pub commune: CommuneCode,
}

impl<'s> Office<'s> {
    /// The officer's desk, if whoever reads may do this at one.
    pub fn of(state: &'s AppState, reader: &Reader, operation: Operation) -> Result<Self, Problem> {
        match reader.may(operation)? {
            Principal::Staff { id, role: Role::Officer { commune, .. }, .. } => {
                Ok(Self { state, officer: id.to_string(), commune: *commune })
            }
            _ => Err(Problem::not_allowed()),
        }
    }

    /// The commune in words.
    pub fn name(&self) -> Words {
        let place = Places::national().describe(self.commune).unwrap_or_else(|| self.commune.to_string());
        Words::same(place)
    }

    /// Who sends the commands of this desk.
    pub fn actor(&self) -> Actor {
        Actor::Officer { id: self.officer.clone(), commune: self.commune }
    }

    /// Looks at a person, once a matter; the log has it before it is shown.
    pub async fn look(
        &self,
        number: PersonalNumber,
        matter: &impl Display,
    ) -> Result<Arc<ShownPerson>, Problem> {
        self.look_at(number, matter, SHOWN.into_iter().collect()).await
    }

    /// Looks at certain fields of a person.
    pub async fn look_at(
        &self,
        number: PersonalNumber,
        matter: &impl Display,
        fields: FieldSet,
    ) -> Result<Arc<ShownPerson>, Problem> {
        let state = self.state;
        let key: LookKey = (self.officer.clone(), matter.to_string(), number, fields);
        if let Some(shown) = state.looks.held(&key, &*state.clock) {
            return Ok(shown);
        }
        // The citizen reads in the record which officer it was, and in which matter.
        let reference = format!("{} {matter}", self.officer);
        let shown = state.verify.show_person(&*self.caller()?, number, fields, &reference).await;
        let shown = Arc::new(shown.map_err(|error| verify_problem(state, error))?);
        state.looks.hold(key, Arc::clone(&shown), &*state.clock);
        Ok(shown)
    }

    fn caller(&self) -> Result<Arc<Caller>, Problem> {
        let client: Option<ClientId> = CLIENT.parse().ok();
        client
            .and_then(|client| self.state.directory.caller(&client))
            .ok_or_else(Problem::desk_without_contract)
    }

    /// Today as people type it.
    pub fn today_as_typed(&self) -> String {
        crate::format::day(self.state.clock.today(), crate::Language::Vietnamese)
    }
}

impl Problem {
    /// No contract lets officers see whose matter is in hand.
    fn desk_without_contract() -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            said: Explanation::new(
                "DANCU-WEB-063",
                "Chưa có hợp đồng cho bàn làm việc của xã (commune-desk). Hãy báo người vận hành.",
                "There is no contract for the commune's desk (commune-desk). Tell the operator.",
            ),
            retry_after_s: None,
        }
    }
}
