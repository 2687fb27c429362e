//! Deletion of a permanent residence (Law on Residence 2020, art. 24).

use super::{
    ResidenceLimit, ResidenceRefusal,
    absence::away,
    limit,
    place::permanent_communes,
    plan::Plan,
    timeline::{Timeline, is_same_permanent_place},
};
use crate::{
    Decision, DeletionGround, Envelope, EvidenceKind, ResidenceDeletion, World,
    rules::{
        Ruled,
        checks::{living_on, needs, needs_one_of, not_future, within},
    },
};
use dancu_register::{CountryCode, Fact};
use jiff::{Span, civil::Date};

/// The commune of the residence deletes it on one of the grounds of art. 24(1); death deletes it by its own event.
pub(super) async fn delete(
    envelope: &Envelope,
    command: &ResidenceDeletion,
    world: &mut World<'_>,
) -> Ruled<Decision> {
    let day = command.on;
    not_future(world, day, "on")?;
    has_evidence(envelope, command.ground)?;
    living_on(world, command.number, day, "number").await?;
    let facts = world.record(command.number).await?.facts.clone();
    let homes = Timeline::of(&facts);
    if homes.on(day).permanent_commune.is_none() {
        return Err(ResidenceRefusal::NoPermanent { field: "number" }.into());
    }
    within(envelope, &permanent_communes(world, &homes, day))?;
    match command.ground {
        DeletionGround::NationalityLost => {
            let person = world.person(command.number).await?;
            let nationality =
                person.and_then(|person| person.identity().map(|identity| identity.nationality));
            if nationality == Some(CountryCode::VIET_NAM) {
                return Err(ResidenceRefusal::StillNational.into());
            }
        }
        DeletionGround::LongAbsence => was_long_absent(world, &homes, &facts, day)?,
        DeletionGround::SettledAbroad | DeletionGround::Unlawful | DeletionGround::DwellingLost => {}
    }
    let mut plan = Plan::from_day(day);
    plan.settle(world, command.number, "number", |home| {
        home.permanent_commune = None;
        home.permanent_address = None;
        home.household = None;
        home.relation_to_head = None;
        home.file_number = None;
    })
    .await?;
    plan.whole(world).await
}

/// What an authority decided stands in its decision; the rest the person asks for, or a check or court has found.
fn has_evidence(envelope: &Envelope, ground: DeletionGround) -> Ruled<()> {
    match ground {
        DeletionGround::Unlawful | DeletionGround::NationalityLost => {
            needs(envelope, EvidenceKind::Decision, "decision")
        }
        DeletionGround::SettledAbroad | DeletionGround::LongAbsence | DeletionGround::DwellingLost => {
            let kinds = [EvidenceKind::Request, EvidenceKind::Decision, EvidenceKind::Judgment];
            needs_one_of(envelope, &kinds, "request, decision, judgment")
        }
    }
}

/// Twelve months away from the residence without an absence declared and without a temporary residence elsewhere
/// (art. 24(1)(d)). The register cannot see the absence itself; it sees what excludes it.
fn was_long_absent(world: &World<'_>, homes: &Timeline, facts: &[Fact], day: Date) -> Ruled<()> {
    let months = limit(world, ResidenceLimit::LongAbsenceMonthsMin)?;
    let begin = day.saturating_sub(Span::new().months(i64::from(months)));
    let since = homes.run_around(day, is_same_permanent_place).map_or(day, |(since, _)| since);
    if since > begin {
        return Err(ResidenceRefusal::AbsenceTooShort { months }.into());
    }
    let was_elsewhere =
        homes.within(begin, Some(day)).iter().any(|stretch| stretch.home.temporary_on(day).is_some());
    let is_meeting = |(from, to): (Date, Option<Date>)| from < day && to.is_none_or(|end| begin < end);
    if was_elsewhere || away(facts).any(is_meeting) {
        return Err(ResidenceRefusal::AbsenceExplained.into());
    }
    Ok(())
}
