//! Which commands are allowed, and what they change. One file a family of commands; each rule names its source.

mod checks;
mod civil;
mod contact;
mod history;
mod residence;

pub use civil::CivilRefusal;
pub(crate) use civil::{Limit, limit};
pub use residence::{ResidenceLimit, ResidenceRefusal};

use crate::{Command, Decision, Envelope, Refusal, World, refusal::Common};
use dancu_core::{Entropy, PersonalNumber, StoreError};

/// The rules say no, or the store failed while they looked.
#[derive(Debug)]
pub(crate) enum RuleError {
    Refused(Refusal),
    Store(StoreError),
}

impl From<StoreError> for RuleError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl<R: Into<Refusal>> From<R> for RuleError {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}

pub(crate) type Ruled<T> = Result<T, RuleError>;

/// Where the six last digits of a new number come from.
pub(crate) enum NumberSource<'a> {
    /// Drawn.
    Drawn(&'a dyn Entropy),
    /// Given: an event that is replayed says which number it issued.
    Given(Option<PersonalNumber>),
}

/// Decides a command. Rules only read; whatever they look at goes through the world, which guards the commit.
pub(crate) async fn decide(
    envelope: &Envelope,
    world: &mut World<'_>,
    numbers: &NumberSource<'_>,
) -> Ruled<Decision> {
    evidence_has_form(envelope)?;
    match &envelope.command {
        Command::RegisterPermanentResidence(_)
        | Command::RegisterTemporaryResidence(_)
        | Command::EndTemporaryResidence(_)
        | Command::DeclareAbsence(_)
        | Command::EndAbsence(_)
        | Command::NotifyStay(_)
        | Command::DeleteResidence(_)
        | Command::StateCurrentPlace(_)
        | Command::CreateHousehold(_)
        | Command::SplitHousehold(_)
        | Command::MergeHouseholds(_)
        | Command::ChangeHead(_)
        | Command::MergeUnits(_) => residence::decide(envelope, world).await,
        Command::ChangeContact(_) | Command::StateShared(_) | Command::StateOtherName(_) => {
            contact::decide(envelope, world).await
        }
        Command::Compensate(compensation) => history::take_back(envelope, compensation, world).await,
        _ => civil::decide(envelope, world, numbers).await,
    }
}

fn evidence_has_form(envelope: &Envelope) -> Ruled<()> {
    let fits = |text: &str| (1..=200).contains(&text.trim().chars().count());
    let is_digest = |text: &String| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let has_form = envelope.evidence.len() <= Envelope::EVIDENCE_MAX
        && envelope
            .evidence
            .iter()
            .all(|paper| fits(&paper.reference) && paper.sha256.as_ref().is_none_or(is_digest));
    if has_form { Ok(()) } else { Err(Common::EvidenceForm.into()) }
}
