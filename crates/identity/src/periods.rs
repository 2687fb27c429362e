//! How long codes and sessions last: dated values, as every rule that may change.

use dancu_core::{Dated, DatedTable};
use jiff::{SignedDuration, civil::date};

/// Lengths that hold on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Periods {
    /// A code that an officer hands or posts to a citizen.
    pub citizen_code: SignedDuration,
    /// A code that the operator gives to a member of staff.
    pub staff_code: SignedDuration,
    /// From the redeemed code to the registered passkey.
    pub enrolment: SignedDuration,
    /// A session of a member of staff: one shift.
    pub staff_session: SignedDuration,
    /// A session of a citizen at most.
    pub citizen_session: SignedDuration,
    /// A citizen's session without use.
    pub citizen_idle: SignedDuration,
}

/// The lengths since the platform began. No law fixes them; the operator answers for them.
pub fn periods() -> DatedTable<Periods> {
    let first = Dated {
        value: Periods {
            citizen_code: SignedDuration::from_hours(7 * 24),
            staff_code: SignedDuration::from_hours(24),
            enrolment: SignedDuration::from_mins(15),
            staff_session: SignedDuration::from_hours(8),
            citizen_session: SignedDuration::from_hours(12),
            citizen_idle: SignedDuration::from_mins(30),
        },
        valid_from: date(1970, 1, 1),
        valid_to: None,
        legal_reference: "Operating rule of the platform; no law fixes these lengths".to_owned(),
    };
    DatedTable::new(vec![first]).expect("one row overlaps no other")
}
