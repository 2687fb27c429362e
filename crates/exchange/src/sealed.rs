//! A product for our own offices: sealed values of one person, opened for an officer who states why. No field implies
//! them: a contract names their groups in a list of its own and nothing else, so that its legal basis and its purpose are
//! those of the sealed values. Like every answer the reading is in the log before anything is shown.
//!
//! Every operation here begins with a personal number. There is none that begins with a value: who belongs to a people or
//! a faith can neither be listed nor counted.

use crate::{Caller, RefusalReason, VerifyError, VerifyService};
use dancu_core::{Explain, Explanation, PersonalNumber, StoreError};
use dancu_ledger::{Channel, Record};
use dancu_register::{At, Fact, FactKind, FactValue, ImageKind, SealError, Seals, Sensitive};
use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr, sync::Arc};

/// A group of the record that is kept sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealedGroup {
    /// Ethnicity.
    Ethnicity,
    /// Religion.
    Religion,
    /// Blood group.
    BloodGroup,
    /// Portrait.
    Portrait,
    /// Fingerprints: only that they are held, never their templates.
    Fingerprints,
}

impl SealedGroup {
    /// Every group, in the order of its facts.
    pub const ALL: [Self; 5] =
        [Self::Ethnicity, Self::Religion, Self::BloodGroup, Self::Portrait, Self::Fingerprints];

    /// The kind of facts that holds it.
    pub const fn kind(self) -> FactKind {
        match self {
            Self::Ethnicity => FactKind::Ethnicity,
            Self::Religion => FactKind::Religion,
            Self::BloodGroup => FactKind::BloodGroup,
            Self::Portrait => FactKind::Portrait,
            Self::Fingerprints => FactKind::Fingerprints,
        }
    }

    /// The name in contracts, forms and records.
    pub const fn as_str(self) -> &'static str {
        self.kind().as_str()
    }

    /// The words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Ethnicity => ("Dân tộc", "Ethnicity"),
            Self::Religion => ("Tôn giáo", "Religion"),
            Self::BloodGroup => ("Nhóm máu", "Blood group"),
            Self::Portrait => ("Ảnh chân dung", "Portrait"),
            Self::Fingerprints => ("Vân tay", "Fingerprints"),
        }
    }
}

impl FromStr for SealedGroup {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|group| group.as_str() == text).ok_or_else(|| text.to_owned())
    }
}

/// Why an officer reads sealed values, in the officer's own words. The person reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// Characters at least and at most.
    const CHARACTERS: std::ops::RangeInclusive<usize> = 10..=200;

    /// Reads what was written; blanks at the ends do not count.
    pub fn read(text: &str) -> Result<Self, SealedError> {
        let text = text.trim();
        let is_good = Self::CHARACTERS.contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_good { Ok(Self(text.to_owned())) } else { Err(SealedError::Reason) }
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reason(…)")
    }
}

/// A group of one person, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedGroup {
    /// Which.
    pub group: SealedGroup,
    /// What is in it, since when it holds, when and from where it was recorded; `None` when the register has none today.
    pub held: Option<OpenedFact>,
}

/// An opened value. Prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct OpenedFact {
    /// The value.
    pub value: Sensitive,
    /// First day.
    pub since: Date,
    /// When the register came to know it.
    pub recorded: Timestamp,
    /// Where it comes from.
    pub source: Arc<str>,
}

impl fmt::Debug for OpenedFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenedFact(…)")
    }
}

/// What an officer sees, with the receipt of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSealed {
    /// Whose.
    pub number: PersonalNumber,
    /// The groups that were asked, in their order.
    pub groups: Vec<OpenedGroup>,
    /// Leaf of the receipt.
    pub receipt_index: u64,
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    /// The reason is too short, too long or no line of text.
    #[error("no reason is stated")]
    Reason,
    /// No group was chosen.
    #[error("no group was chosen")]
    NoGroup,
    /// A value cannot be opened. Nothing was shown, so nothing was logged.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Refused, over the limit, or not readable, as any other answer.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl From<StoreError> for SealedError {
    fn from(error: StoreError) -> Self {
        Self::Verify(error.into())
    }
}

impl SealedError {
    /// What to tell of an error that is of this room alone; `None` for one that every answer has.
    pub fn explained(&self) -> Option<Explanation> {
        match self {
            Self::Reason => Some(Explanation::new(
                "DANCU-EXCHANGE-050",
                "Chưa nêu lý do, hoặc lý do không dài 10 đến 200 ký tự. Hãy ghi lý do hoặc số hồ sơ; người dân sẽ đọc được.",
                "The reason is missing or has not 10 to 200 characters. State it or the case; the person will read it.",
            )),
            Self::NoGroup => Some(Explanation::new(
                "DANCU-EXCHANGE-051",
                "Chưa chọn nhóm dữ liệu nào. Hãy chọn đúng nhóm cần xem.",
                "No group of data is chosen. Choose the ones that are needed.",
            )),
            Self::Seal(error) => Some(error.explain()),
            Self::Verify(_) => None,
        }
    }
}

/// Opens sealed values, for officers with a permission of their own and for the person.
pub struct SealedService {
    verify: Arc<VerifyService>,
    seals: Arc<Seals>,
}

impl SealedService {
    /// How long a portrait that was shown can be fetched by the page that shows it.
    pub const LOOK_LASTS: SignedDuration = SignedDuration::from_mins(15);

    /// Puts the service together.
    pub fn new(verify: Arc<VerifyService>, seals: Arc<Seals>) -> Self {
        Self { verify, seals }
    }

    /// Shows groups of one person to an officer, under a contract that names all of them. A number that nobody has looks
    /// like a person without sealed values.
    pub async fn show(
        &self,
        caller: &Caller,
        officer: &str,
        number: PersonalNumber,
        groups: &BTreeSet<SealedGroup>,
        reason: &Reason,
    ) -> Result<ShownSealed, SealedError> {
        let verify = &*self.verify;
        let refuse = |reason| VerifyError::from(verify.refuse(caller, reason));
        let day = verify.ledger.counting_day();
        let _place = caller.enter(day).map_err(refuse)?;
        if groups.is_empty() {
            return Err(SealedError::NoGroup);
        }
        if !groups.is_subset(&caller.contract.sealed) {
            return Err(refuse(RefusalReason::SealedOutsideContract).into());
        }
        let reservation = verify.reserve(caller).await?;
        let at = At { as_of: day, known_at: verify.ledger.now() };
        let history = verify.register.sealed_history(number).await?;
        let opened = groups.iter().map(|group| {
            let held = self.open(&history, *group, at)?;
            Ok(OpenedGroup { group: *group, held })
        });
        let opened: Vec<OpenedGroup> = opened.collect::<Result<_, SealError>>()?;
        let reference = format!("{officer} {}", reason.0);
        let draft = caller.draft(
            number,
            groups.iter().map(|group| group.as_str()).collect(),
            opened.iter().map(outcome).collect(),
            Channel::Office,
            &reference,
        );
        let receipt = verify.ledger.disclose(draft, reservation).await.map_err(VerifyError::from)?;
        Ok(ShownSealed { number, groups: opened, receipt_index: receipt.into_receipt().entry })
    }

    /// The portrait that a disclosure showed, for the officer who made it, as it was then, while the look lasts and the
    /// contract still allows it. `None` for everybody else and later on: nothing new is disclosed this way.
    pub async fn shown_portrait(
        &self,
        caller: &Caller,
        officer: &str,
        record: &Record,
    ) -> Result<Option<(ImageKind, Vec<u8>)>, SealedError> {
        let ledger = &self.verify.ledger;
        let shown = (SealedGroup::Portrait.as_str(), "shown");
        let is_same_look = record.client == caller.client.id.as_str()
            && record.contract == caller.contract.id.as_str()
            && record.reference.split_once(' ').is_some_and(|(by, _)| by == officer)
            && record.outcome.iter().any(|(asked, answer)| (asked.as_str(), answer.as_str()) == shown)
            && ledger.now().duration_since(record.time) < Self::LOOK_LASTS;
        let may_still = caller.contract.sealed.contains(&SealedGroup::Portrait)
            && caller.check_standing(ledger.counting_day()).is_ok();
        if !is_same_look || !may_still {
            return Ok(None);
        }
        let at = At { as_of: record.counted_on, known_at: record.time };
        self.portrait(record.subject, at).await
    }

    /// Every group of a person's own record, each for itself: one that does not open hides no other. For that person's
    /// eyes.
    pub async fn own(
        &self,
        number: PersonalNumber,
    ) -> Result<Vec<(SealedGroup, Result<Option<OpenedFact>, SealError>)>, StoreError> {
        let history = self.verify.register.sealed_history(number).await?;
        let at = self.now();
        Ok(SealedGroup::ALL.into_iter().map(|group| (group, self.open(&history, group, at))).collect())
    }

    /// A person's own portrait.
    pub async fn own_portrait(
        &self,
        number: PersonalNumber,
    ) -> Result<Option<(ImageKind, Vec<u8>)>, SealedError> {
        self.portrait(number, self.now()).await
    }

    /// Notes that an officer without the right to it wanted to read sealed values.
    pub fn note_without_right(&self) {
        self.verify.note(RefusalReason::NoSealedRight);
    }

    fn now(&self) -> At {
        At { as_of: self.verify.ledger.counting_day(), known_at: self.verify.ledger.now() }
    }

    async fn portrait(
        &self,
        number: PersonalNumber,
        at: At,
    ) -> Result<Option<(ImageKind, Vec<u8>)>, SealedError> {
        let history = self.verify.register.sealed_history(number).await?;
        Ok(match self.open(&history, SealedGroup::Portrait, at)?.map(|held| held.value) {
            Some(Sensitive::Image(kind, bytes)) => Some((kind, bytes)),
            _ => None,
        })
    }

    fn open(&self, history: &[Fact], group: SealedGroup, at: At) -> Result<Option<OpenedFact>, SealError> {
        let believed = history.iter().filter(|fact| fact.value.kind() == group.kind() && at.sees(fact));
        let Some(fact) = believed.max_by_key(|fact| fact.recorded_from) else { return Ok(None) };
        let FactValue::Sealed(sealed) = &fact.value else { return Err(SealError::Form) };
        Ok(Some(OpenedFact {
            value: self.seals.open(fact.number, sealed)?.content(group.kind())?,
            since: fact.valid_from,
            recorded: fact.recorded_from,
            source: Arc::clone(&fact.source),
        }))
    }
}

/// What the record says of a group: never the value.
fn outcome(opened: &OpenedGroup) -> (&'static str, &'static str) {
    let word = match opened.held.as_ref().map(|held| &held.value) {
        None => "not_held",
        Some(Sensitive::Templates) => "held",
        Some(_) => "shown",
    };
    (opened.group.as_str(), word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Field;

    #[test]
    fn every_sealed_kind_is_a_group_and_none_is_a_field() {
        assert_eq!(SealedGroup::ALL.map(SealedGroup::kind), FactKind::SEALED);
        for group in SealedGroup::ALL {
            assert_eq!(group.as_str().parse(), Ok(group));
            assert_eq!(serde_json::to_value(group).unwrap(), group.as_str());
            assert!(group.as_str().parse::<Field>().is_err());
        }
        for field in Field::ALL {
            assert!(field.as_str().parse::<SealedGroup>().is_err());
            for kind in FactKind::SEALED {
                assert!(!field.fact_kinds().contains(kind), "{field:?} implies {kind:?}");
            }
        }
    }

    #[test]
    fn a_reason_has_words() {
        assert!(Reason::read(" Hồ sơ 12/2026 ").is_ok());
        for bad in ["", "ngắn", "         x         ", &"a".repeat(201), "Hồ sơ\nsố 12/2026"] {
            assert!(matches!(Reason::read(bad), Err(SealedError::Reason)), "{bad}");
        }
    }
}
