//! Orders of courts: while one stands, what is disclosed about a person under one contract is not seen by that person. It
//! is in the log from the first second, and its record names the order, so that none can be put behind later. When the order
//! is lifted, or its last day is over, it is seen by itself.
//!
//! An order takes two persons to enter and two to lift. It names its last day, which the rules bound.

mod service;
mod store;

pub use service::{NewOrder, OrderError, OrderService};
pub use store::OrderStore;

use crate::ContractId;
use dancu_core::PersonalNumber;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Identifies an order in the log's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub Uuid);

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for OrderId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// One person entered it; it does nothing yet.
    Entered,
    /// A second person compared it with the paper: it stands.
    Standing,
    /// One person asks to lift it; it still stands.
    LiftAsked,
    /// A second person lifted it.
    Lifted,
    /// It was withdrawn before it stood.
    Withdrawn,
    /// Its last day is over, and it was put away.
    Over,
}

impl OrderState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Entered, Self::Standing, Self::LiftAsked, Self::Lifted, Self::Withdrawn, Self::Over];

    /// The word in stores and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entered => "entered",
            Self::Standing => "standing",
            Self::LiftAsked => "lift_asked",
            Self::Lifted => "lifted",
            Self::Withdrawn => "withdrawn",
            Self::Over => "over",
        }
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Entered => ("đã nhập, chờ người thứ hai", "entered, waits for a second person"),
            Self::Standing => ("đang có hiệu lực", "stands"),
            Self::LiftAsked => ("đề nghị gỡ, chờ người thứ hai", "to be lifted, waits for a second person"),
            Self::Lifted => ("đã gỡ", "lifted"),
            Self::Withdrawn => ("đã rút", "withdrawn"),
            Self::Over => ("hết hiệu lực", "over"),
        }
    }

    /// Whether something can still be done with it. A person has one such order under a contract.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Entered | Self::Standing | Self::LiftAsked)
    }

    /// Whether it withholds, as far as its days go.
    pub const fn withholds(self) -> bool {
        matches!(self, Self::Standing | Self::LiftAsked)
    }
}

/// What is done with an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStep {
    /// It agrees with the paper.
    Confirm,
    /// It was a mistake, and never stood.
    Withdraw,
    /// It is to be lifted, on a stated ground.
    AskLift,
    /// Lift it.
    Lift,
    /// It is not to be lifted after all.
    Keep,
    /// Its last day is over: put it away.
    PutAway,
}

impl OrderStep {
    /// Where it leads from a state; `None` where it cannot be taken.
    pub const fn leads(self, from: OrderState) -> Option<OrderState> {
        match (self, from) {
            (Self::Confirm, OrderState::Entered) | (Self::Keep, OrderState::LiftAsked) => {
                Some(OrderState::Standing)
            }
            (Self::Withdraw, OrderState::Entered) => Some(OrderState::Withdrawn),
            (Self::AskLift, OrderState::Standing) => Some(OrderState::LiftAsked),
            (Self::Lift, OrderState::LiftAsked) => Some(OrderState::Lifted),
            (Self::PutAway, OrderState::Standing | OrderState::LiftAsked) => Some(OrderState::Over),
            _ => None,
        }
    }

    /// Whether it takes another person than the step before.
    pub const fn needs_second_person(self) -> bool {
        matches!(self, Self::Confirm | Self::Lift)
    }

    /// The word in forms and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Withdraw => "withdraw",
            Self::AskLift => "ask_lift",
            Self::Lift => "lift",
            Self::Keep => "keep",
            Self::PutAway => "put_away",
        }
    }

    /// Every step.
    pub const ALL: [Self; 6] =
        [Self::Confirm, Self::Withdraw, Self::AskLift, Self::Lift, Self::Keep, Self::PutAway];
}

/// One step that was taken, by whom and when.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderMove {
    /// When.
    pub at: Timestamp,
    /// Staff id of whoever took it.
    pub by: String,
    /// Where it led.
    pub to: OrderState,
    /// The ground.
    pub note: String,
}

/// An order of a court.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourtOrder {
    /// Identifier.
    pub id: OrderId,
    /// About whom.
    pub number: PersonalNumber,
    /// Under which contract.
    pub contract: ContractId,
    /// Which court.
    pub court: String,
    /// Number of the order.
    pub order_number: String,
    /// First day.
    pub from: Date,
    /// First day on which it no longer stands.
    pub until: Date,
    /// How far it is.
    pub state: OrderState,
    /// Everything that was done with it, in order.
    pub moves: Vec<OrderMove>,
}

// An order names a person.
impl fmt::Debug for CourtOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CourtOrder").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

impl fmt::Debug for OrderMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OrderMove(…)")
    }
}

impl CourtOrder {
    /// Whether it withholds on a day.
    pub fn stands_on(&self, day: Date) -> bool {
        self.state.withholds() && self.from <= day && day < self.until
    }

    /// The order after a step; `None` where the step cannot be taken, or not by this person, or not yet.
    pub fn stepped(
        &self,
        step: OrderStep,
        (by, note): (&str, &str),
        at: Timestamp,
        today: Date,
    ) -> Option<Self> {
        let to = step.leads(self.state)?;
        let is_same_person = self.moves.last().is_some_and(|last| last.by == by);
        if (step.needs_second_person() && is_same_person)
            || (step == OrderStep::PutAway && today < self.until)
        {
            return None;
        }
        let mut next = self.clone();
        next.state = to;
        next.moves.push(OrderMove { at, by: by.to_owned(), to, note: note.to_owned() });
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn order(state: OrderState) -> CourtOrder {
        let entered =
            OrderMove { at: Timestamp::UNIX_EPOCH, by: "an".to_owned(), to: state, note: String::new() };
        CourtOrder {
            id: OrderId(Uuid::from_u128(1)),
            number: "001085000001".parse().unwrap(),
            contract: "c-1".parse().unwrap(),
            court: "TAND".to_owned(),
            order_number: "1/2026".to_owned(),
            from: date(2026, 11, 1),
            until: date(2026, 12, 1),
            state,
            moves: vec![entered],
        }
    }

    #[test]
    fn it_stands_from_its_first_day_to_the_last_and_only_when_two_persons_said_so() {
        for state in OrderState::ALL {
            for (day, is_within) in [
                (date(2026, 10, 31), false),
                (date(2026, 11, 1), true),
                (date(2026, 11, 30), true),
                (date(2026, 12, 1), false),
            ] {
                let expected = is_within && matches!(state, OrderState::Standing | OrderState::LiftAsked);
                assert_eq!(order(state).stands_on(day), expected, "{state:?} {day}");
            }
        }
        assert_eq!(format!("{:?}", order(OrderState::Entered).moves[0]), "OrderMove(…)");
    }

    proptest! {
        #[test]
        fn nobody_alone_makes_an_order_stand_or_lifts_it(
            steps in proptest::collection::vec((0_usize..6, 0_usize..3), 0..20), day in 1_i8..=28
        ) {
            let staff = ["an", "binh", "chi"];
            let today = date(2026, 11, day);
            let mut held = order(OrderState::Entered);
            for (step, who) in steps {
                let (step, by) = (OrderStep::ALL[step], staff[who]);
                let Some(next) = held.stepped(step, (by, "a"), Timestamp::UNIX_EPOCH, today) else { continue };
                let before = &held.moves.last().unwrap().by;
                if step.needs_second_person() {
                    prop_assert_ne!(before, by);
                }
                prop_assert_eq!(next.moves.len(), held.moves.len() + 1);
                prop_assert!(held.state.is_open() && next.state != OrderState::Over);
                held = next;
            }
        }
    }

    #[test]
    fn an_order_is_put_away_when_its_days_are_over_and_not_before() {
        let held = order(OrderState::Standing);
        let put = |day| held.stepped(OrderStep::PutAway, ("an", ""), Timestamp::UNIX_EPOCH, day);
        assert!(put(date(2026, 11, 30)).is_none());
        assert_eq!(put(date(2026, 12, 1)).unwrap().state, OrderState::Over);
    }
}
