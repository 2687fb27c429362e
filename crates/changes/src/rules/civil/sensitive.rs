//! Ethnicity, religion, blood group, portrait, fingerprints: checked in the clear, kept sealed.

use super::{
    super::{
        Ruled,
        checks::{held_on, not_future, within},
    },
    identity_of, last_homes,
    limits::is_ethnicity,
    refusal::CivilRefusal,
};
use crate::{Decision, Envelope, SensitiveKind, SensitiveStatement, World, decision::SensitiveBelief};
use base64::{Engine, engine::general_purpose::STANDARD};
use dancu_core::PersonalNumber;
use dancu_register::{FactKind, OpenValue};
use jiff::civil::Date;

const PORTRAIT_BYTES_MAX: usize = 64 * 1024;
const FINGERPRINTS_BYTES_MAX: usize = 32 * 1024;
const RELIGION_LENGTH_MAX: usize = 100;
const BLOOD_GROUPS: [&str; 8] = ["A+", "A-", "B+", "B-", "AB+", "AB-", "O+", "O-"];
const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF];
const PNG: &[u8] = &[0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A];

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

/// The value as it is sealed: text as it is, images and templates as their bytes.
fn open_value(kind: SensitiveKind, text: &str, today: Date) -> Ruled<OpenValue> {
    let text = text.trim();
    let bytes = |bytes_max: usize| {
        // Four characters stand for three bytes: what is too long is not decoded.
        let is_short = text.len() <= bytes_max.div_ceil(3) * 4;
        let decoded = is_short.then(|| STANDARD.decode(text).ok()).flatten();
        decoded.filter(|bytes| !bytes.is_empty() && bytes.len() <= bytes_max)
    };
    let fits = |is_fit: bool| is_fit.then(|| text.as_bytes().to_vec());
    let value = match kind {
        SensitiveKind::Ethnicity => fits(is_ethnicity(text, today)),
        SensitiveKind::Religion => fits(
            (1..=RELIGION_LENGTH_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control),
        ),
        SensitiveKind::BloodGroup => fits(BLOOD_GROUPS.contains(&text)),
        SensitiveKind::Portrait => {
            bytes(PORTRAIT_BYTES_MAX).filter(|bytes| bytes.starts_with(JPEG) || bytes.starts_with(PNG))
        }
        SensitiveKind::Fingerprints => bytes(FINGERPRINTS_BYTES_MAX),
    };
    let word = kind.fact_kind().as_str();
    value.map(OpenValue).ok_or_else(|| CivilRefusal::SensitiveForm { kind: word }.into())
}
