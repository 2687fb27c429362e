//! Civil status: births, numbers, families, marriages, identities, deaths, judgments, sensitive values.

mod ancestors;
mod birth;
mod family;
mod guardians;
mod identity;
mod life;
mod limits;
mod marriage;
mod number;
mod parents;
mod refusal;
mod sensitive;
mod timeline;
mod undo;

pub use refusal::CivilRefusal;

use super::{NumberSource, Ruled};
use crate::{Command, Decision, Envelope, FindingKind, Oddity, World, refusal::Common};
use dancu_core::{CommuneCode, PartialDate, PersonalNumber, Sex};
use dancu_register::{Fact, FactKind, FactValue, Identity, Life, Person};
use jiff::civil::Date;
pub(crate) use limits::{Limit, limit};
pub(super) use undo::marries_nobody_to_the_dead;

pub(super) async fn decide(
    envelope: &Envelope,
    world: &mut World<'_>,
    numbers: &NumberSource<'_>,
) -> Ruled<Decision> {
    match &envelope.command {
        Command::RegisterBirth(birth) => birth::register(envelope, birth, world, numbers).await,
        Command::IssueNumber(issue) => number::issue(envelope, issue, world, numbers).await,
        Command::CancelNumber(cancellation) => number::cancel(envelope, cancellation, world).await,
        Command::ReplaceNumber(replacement) => number::replace(envelope, replacement, world, numbers).await,
        Command::RecogniseParent(recognition) => family::recognise(envelope, recognition, world).await,
        Command::RegisterAdoption(adoption) => family::adopt(envelope, adoption, world).await,
        Command::AppointGuardian(guardianship) => guardians::appoint(envelope, guardianship, world).await,
        Command::EndGuardianship(guardianship) => guardians::end(envelope, guardianship, world).await,
        Command::RegisterMarriage(marriage) => marriage::register(envelope, marriage, world).await,
        Command::RecordDivorce(separation) => marriage::divorce(envelope, separation, world).await,
        Command::AnnulMarriage(separation) => marriage::annul(envelope, separation, world).await,
        Command::CorrectIdentity(correction) => identity::correct(envelope, correction, world).await,
        Command::ChangeIdentity(change) => identity::change(envelope, change, world).await,
        Command::ChangeNationality(change) => identity::change_nationality(envelope, change, world).await,
        Command::RegisterDeath(death) => life::register_death(envelope, death, world).await,
        Command::DeclareDead(death) => life::declare_dead(envelope, death, world).await,
        Command::DeclareMissing(missing) => life::declare_missing(envelope, missing, world).await,
        Command::ReverseDeclaration(reappearance) => life::reverse(envelope, reappearance, world).await,
        Command::NoteJudgment(judgment) => life::note_judgment(envelope, judgment, world).await,
        Command::StateSensitive(statement) => sensitive::state(envelope, statement, world).await,
        _ => Err(Common::NotThisOffice.into()),
    }
}

/// The rule refuses if something is so.
fn refuse_if(is_so: bool, refusal: CivilRefusal) -> Ruled<()> {
    if is_so { Err(refusal.into()) } else { Ok(()) }
}

/// The day on which the desk took the command in: what the law counts by, also when the commune was offline.
fn taken_on(envelope: &Envelope, world: &World<'_>) -> Date {
    crate::taken::taken_on(envelope, world.now)
}

/// Whole years of age on a day. Of a birth date that is known in part its first day counts, as the law has it.
fn age_on(birth: PartialDate, day: Date) -> i32 {
    let first = birth.first_day();
    let years = i32::from(day.year()) - i32::from(first.year());
    years - i32::from((day.month(), day.day()) < (first.month(), first.day()))
}

/// The person has the age of marriage on a day (Law on Marriage and Family 2014, art. 8).
fn may_marry_on(identity: &Identity, day: Date) -> bool {
    let rule = match identity.sex {
        Sex::Male => Limit::MarriageAgeMale,
        Sex::Female => Limit::MarriageAgeFemale,
    };
    limit(rule, day).is_none_or(|years| age_on(identity.birth_date, day) >= years)
}

/// Days from one to the other, negative when the other lies before.
fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

/// The day of death as believed now.
fn death_day(person: &Person) -> Option<Date> {
    match person.life() {
        Life::Dead { date } => Some(date.unwrap_or(person.held(FactKind::Life)?.valid_from)),
        _ => None,
    }
}

/// The identity of a person who is held: [`super::checks::held_on`] saw one.
fn identity_of(person: &Person, field: &'static str) -> Ruled<Identity> {
    person.identity().cloned().ok_or_else(|| Common::NotHeld { field }.into())
}

/// The communes where the person resides or, of one who resides nowhere any more, resided last, as of today.
pub(super) async fn last_homes(world: &mut World<'_>, number: PersonalNumber) -> Ruled<Vec<CommuneCode>> {
    let facts = &world.record(number).await?.facts;
    let homes_of = |row: &Fact| {
        let codes: Vec<_> = dancu_register::communes(&row.value).map(|code| (code, row.valid_from)).collect();
        (!codes.is_empty()).then_some(codes)
    };
    let homes = timeline::believed(facts, FactKind::Residence).into_iter().rev().find_map(homes_of);
    // Of a death before every residence that was known, what was believed until then tells the commune.
    let homes = homes.or_else(|| facts.iter().rev().find_map(homes_of));
    let homes = homes.unwrap_or_default();
    let today = world.today;
    Ok(homes.into_iter().flat_map(|(code, since)| world.units.possible(code, since, today)).collect())
}

/// Where the birth of a person was registered, as of today.
fn registration_places(world: &World<'_>, identity: &Identity) -> Vec<CommuneCode> {
    let day = identity.birth_date.first_day();
    identity.registration_place.map(|code| world.units.possible(code, day, world.today)).unwrap_or_default()
}

/// Whoever comes late is told so in a finding of the commune that registered it.
fn report_late(
    decision: &mut Decision,
    kind: FindingKind,
    number: PersonalNumber,
    days: i32,
    days_max: Option<i32>,
    owner: Option<CommuneCode>,
) {
    let late = days_max.map_or(0, |days_max| days - days_max);
    if let Ok(days_late @ 1..) = u32::try_from(late) {
        decision.oddities.push(Oddity { kind, persons: vec![number], owner, days_late: Some(days_late) });
    }
}

/// What contradicts the number that a person bears is reported to the commune of residence.
fn report_number(
    decision: &mut Decision,
    number: PersonalNumber,
    identity: &Identity,
    owner: Option<CommuneCode>,
) {
    if number.issued_sex() != identity.sex {
        decision.report(FindingKind::SexContradictsNumber, &[number], owner);
    }
    if number.issued_birth_year() != identity.birth_date.year() {
        decision.report(FindingKind::BirthYearContradictsNumber, &[number], owner);
    }
}

/// A 1 January is what desks write when the day is not known.
fn report_placeholder(
    decision: &mut Decision,
    number: PersonalNumber,
    birth: PartialDate,
    owner: Option<CommuneCode>,
) {
    if birth.whole().is_some_and(|day| (day.month(), day.day()) == (1, 1)) {
        decision.report(FindingKind::PlaceholderBirthDate, &[number], owner);
    }
}

/// The person of a family fact's value.
fn family_of(value: &FactValue) -> Option<&dancu_register::Family> {
    match value {
        FactValue::Family(family) => Some(family),
        _ => None,
    }
}
