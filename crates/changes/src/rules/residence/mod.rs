//! Residence, households and units (Law on Residence 68/2020/QH14). One file a group of commands; each rule names its
//! article, and the numbers in the rules stand in `data/residence_rules.csv`.

mod absence;
mod deletion;
mod household;
mod limits;
mod permanent;
mod place;
mod plan;
mod refusal;
mod stay;
mod temporary;
mod timeline;
mod undo;
mod units;

pub use limits::ResidenceLimit;
pub use refusal::ResidenceRefusal;
pub(super) use undo::leaves_households_whole;

use super::Ruled;
use crate::{Command, Decision, Envelope, World};

pub(super) async fn decide(envelope: &Envelope, world: &mut World<'_>) -> Ruled<Decision> {
    match &envelope.command {
        Command::RegisterPermanentResidence(command) => permanent::register(envelope, command, world).await,
        Command::RegisterTemporaryResidence(command) => temporary::register(envelope, command, world).await,
        Command::EndTemporaryResidence(command) => temporary::end(envelope, command, world).await,
        Command::DeclareAbsence(command) => absence::declare(envelope, command, world).await,
        Command::EndAbsence(command) => absence::end(envelope, command, world).await,
        Command::NotifyStay(command) => stay::notify(envelope, command, world).await,
        Command::StateCurrentPlace(command) => stay::state_current_place(envelope, command, world).await,
        Command::DeleteResidence(command) => deletion::delete(envelope, command, world).await,
        Command::CreateHousehold(command) => household::create(envelope, command, world).await,
        Command::SplitHousehold(command) => household::split(envelope, command, world).await,
        Command::MergeHouseholds(command) => household::merge(envelope, command, world).await,
        Command::ChangeHead(command) => household::change_head(envelope, command, world).await,
        Command::MergeUnits(command) => units::merge(envelope, command, world),
        _ => unreachable!("the rules send other commands elsewhere"),
    }
}

/// A limit that is law on the day of the decision: what is asked late is judged by the law of today.
fn limit(world: &World<'_>, limit: ResidenceLimit) -> Ruled<u16> {
    match limit.on(world.today) {
        Some(dated) => Ok(dated.value),
        None => Err(ResidenceRefusal::NoLaw.into()),
    }
}
