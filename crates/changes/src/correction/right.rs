//! Who may propose a correction of whom, and which commune decides it.

use super::CorrectionError;
use crate::{
    Command, ProposedBy, World,
    rules::{Limit, limit},
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{FactKind, Person};

/// Whose record a command corrects; `None` for a command that is no correction of one person's own facts.
pub(super) fn subject(change: &Command) -> Option<PersonalNumber> {
    match change {
        Command::CorrectIdentity(correction) => Some(correction.number),
        Command::ChangeIdentity(change) => Some(change.number),
        Command::ChangeContact(change) => Some(change.number),
        Command::StateOtherName(statement) => Some(statement.number),
        Command::StateCurrentPlace(statement) => Some(statement.number),
        _ => None,
    }
}

/// A citizen proposes for themselves, for a minor child and for whom they lawfully represent (Civil Code 2015, art. 134,
/// 136); an officer for the residents of the commune, which the choice of the owner settles.
pub(super) async fn may_propose(
    world: &mut World<'_>,
    number: PersonalNumber,
    by: &ProposedBy,
) -> Result<(), CorrectionError> {
    let ProposedBy::Citizen { number: citizen } = by else { return Ok(()) };
    if *citizen == number {
        return Ok(());
    }
    let today = world.today;
    let Some(person) = world.person(number).await? else { return Err(CorrectionError::NotForThem) };
    let represents = person.representation().is_some_and(|held| held.representatives.contains(citizen));
    if represents {
        return Ok(());
    }
    let is_parent = person
        .family()
        .is_some_and(|family| family.father == Some(*citizen) || family.mother == Some(*citizen));
    let adult_age = limit(Limit::AdultAge, today).ok_or(CorrectionError::NoLegalValue)?;
    let is_minor = person.identity().is_some_and(|identity| {
        let born = identity.birth_date.first_day();
        let grown = born.saturating_add(jiff::Span::new().years(i64::from(adult_age)));
        today < grown
    });
    if is_parent && is_minor { Ok(()) } else { Err(CorrectionError::NotForThem) }
}

/// The commune that decides: that of the permanent residence, else of the temporary one, else of the current place; by
/// its code of today. Where a former unit was split, the officer's own part of it, else the first.
pub(super) async fn owner(
    world: &mut World<'_>,
    number: PersonalNumber,
    by: &ProposedBy,
) -> Result<CommuneCode, CorrectionError> {
    let person = world.person(number).await?;
    let Some(person) = person.filter(|person| person.identity().is_some()) else {
        return Err(CorrectionError::NotForThem);
    };
    let codes = present_home(world, &person);
    match by {
        ProposedBy::Citizen { .. } => codes.first().copied().ok_or(CorrectionError::NoResidence),
        ProposedBy::Officer { .. } if codes.is_empty() => Err(CorrectionError::NoResidence),
        ProposedBy::Officer { commune, .. } => {
            codes.contains(commune).then_some(*commune).ok_or(CorrectionError::OtherCommune)
        }
    }
}

/// The codes of today for which the first residence that is known may stand, the likeliest first. A file writes codes of its
/// own day also for a residence that began long before, so that a code of today is taken for one.
pub(crate) fn present_home(world: &World<'_>, person: &Person) -> Vec<CommuneCode> {
    let home = person.residence();
    let permanent = home.and_then(|home| home.permanent_commune);
    let temporary = home.and_then(|home| home.temporary.as_ref()).map(|temporary| temporary.commune);
    let (code, kind) = match permanent.or(temporary) {
        Some(code) => (Some(code), FactKind::Residence),
        None => (person.current_place().and_then(|place| place.commune), FactKind::CurrentPlace),
    };
    let Some(code) = code else { return Vec::new() };
    let since = person.held(kind).map_or(world.today, |held| held.valid_from);
    let mut codes = world.units.possible(code, since, world.today);
    if let Some(place) = codes.iter().position(|possible| *possible == code) {
        codes.swap(0, place);
    }
    codes
}
