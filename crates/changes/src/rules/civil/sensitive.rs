//! Ethnicity, religion, blood group, portrait, fingerprints: checked in the clear, kept sealed.

use super::{
    super::{
        Ruled,
        checks::{held_on, not_future, within},
    },
    identity_of, last_homes,
    refusal::CivilRefusal,
};
use crate::{Decision, Envelope, SensitiveKind, SensitiveStatement, World, decision::SensitiveBelief};
use base64::{Engine, engine::general_purpose::STANDARD};
use dancu_core::PersonalNumber;
use dancu_register::{FINGERPRINTS_BYTES_MAX, FactKind, OpenValue, PORTRAIT_BYTES_MAX};
use jiff::civil::Date;

impl SensitiveKind {
    /// The kind of fact.
    pub const fn fact_kind(self) -> FactKind {
        match self {
            Self::Ethnicity => FactKind::Ethnicity,
            Self::Religion => FactKind::Religion,
            Self::BloodGroup => FactKind::BloodGroup,
            Self::Portrait => FactKind::Portrait,
            Self::Fingerprints => FactKind::Fingerprints,
        }
    }
}

pub(super) async fn state(
    envelope: &Envelope,
    statement: &SensitiveStatement,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let SensitiveStatement { number, kind, value, on } = statement;
    let day = on.unwrap_or(world.today);
    not_future(world, day, "on")?;
    let person = held_on(world, *number, day, "number").await?;
    let now = world.person(*number).await?.unwrap_or(person);
    within(envelope, &last_homes(world, *number).await?)?;
    let value = open_value(*kind, &value.0, world.today)?;
    let valid_from = on.unwrap_or(identity_of(&now, "number")?.birth_date.first_day());
    let mut decision = Decision::default();
    decision.sensitive.push(belief(*number, *kind, value, valid_from));
    Ok(decision)
}

fn belief(
    number: PersonalNumber,
    kind: SensitiveKind,
    value: OpenValue,
    valid_from: Date,
) -> SensitiveBelief {
    SensitiveBelief { number, kind: kind.fact_kind(), value, valid_from }
}

/// The value as it is sealed: text as it is, pictures and templates, which come as base64, as their bytes.
fn open_value(kind: SensitiveKind, text: &str, today: Date) -> Ruled<OpenValue> {
    let text = text.trim();
    let decoded = |bytes_max: usize| {
        // Four characters stand for three bytes: what is too long is not decoded.
        let is_short = text.len() <= bytes_max.div_ceil(3) * 4;
        is_short.then(|| STANDARD.decode(text).ok()).flatten()
    };
    let bytes = match kind {
        SensitiveKind::Ethnicity | SensitiveKind::Religion | SensitiveKind::BloodGroup => {
            Some(text.as_bytes().to_vec())
        }
        SensitiveKind::Portrait => decoded(PORTRAIT_BYTES_MAX),
        SensitiveKind::Fingerprints => decoded(FINGERPRINTS_BYTES_MAX),
    };
    let kind = kind.fact_kind();
    let value = bytes.and_then(|bytes| OpenValue::read(kind, bytes, today));
    value.ok_or_else(|| CivilRefusal::SensitiveForm { kind: kind.as_str() }.into())
}
