//! What one day's looks add up to, and which of it is an alarm.

use crate::{
    Alarm, AlarmId, AlarmKind, AlarmRules, Care, Evidence, Found, PLACES_MAX, Place, alarm::Look,
    hours::Hours, sketch::LookerSketch,
};
use dancu_core::VIET_NAM;
use jiff::{Timestamp, civil::Date};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Who looks: a client, and the member of staff where one stands in the record.
pub(crate) type Actor = (String, Option<String>);

/// Actors of one day that are watched. More are counted as left out.
const ACTORS_MAX: usize = 10_000;
/// Persons at whom many may have looked, to be counted exactly.
const CANDIDATES_MAX: usize = 2_000;

/// What a contract says of its client's work.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    /// The hours that it states.
    pub hours: Option<Hours>,
    /// Looks of its busiest day.
    pub busiest_day: Option<u64>,
}

/// Looks that are counted, and where the first of them stand.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    pub places: Vec<(usize, u64)>,
    pub looks: u64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl Tally {
    pub const fn new() -> Self {
        Self { places: Vec::new(), looks: 0, first_at: Timestamp::MAX, last_at: Timestamp::MIN }
    }

    pub fn note(&mut self, place: (usize, u64), at: Timestamp) {
        self.looks += 1;
        self.first_at = self.first_at.min(at);
        self.last_at = self.last_at.max(at);
        if self.places.len() < PLACES_MAX {
            self.places.push(place);
        }
    }
}

/// Neighbouring numbers that were asked for in one log, one after another.
struct Run {
    log: usize,
    last: u64,
    tally: Tally,
}

struct ActorDay {
    organisation: String,
    contract: String,
    looks: Tally,
    misses: Tally,
    own: Tally,
    off_hours: BTreeMap<i8, Tally>,
    runs: Vec<Run>,
    longest_run: Option<Tally>,
}

struct ContractDay {
    organisation: String,
    client: String,
    looks: Tally,
    busiest_day: u64,
}

/// A day.
pub(crate) struct Window {
    pub day: Date,
    rules: AlarmRules,
    actors: HashMap<Actor, ActorDay>,
    contracts: HashMap<String, ContractDay>,
    changed: BTreeSet<(AlarmKind, Actor)>,
    sketch: LookerSketch,
    /// Persons to be counted exactly, and those who were, with the marks that they had then.
    pub candidates: HashMap<u64, u32>,
    counted: HashMap<u64, u32>,
    /// The stretch of each log that is of this day.
    pub stretches: Vec<Option<(u64, u64)>>,
    /// Looks by actors beyond those that are watched.
    pub left_out: u64,
}

impl Window {
    pub fn new(day: Date, rules: AlarmRules, logs: usize) -> Self {
        Self {
            day,
            rules,
            actors: HashMap::new(),
            contracts: HashMap::new(),
            changed: BTreeSet::new(),
            sketch: LookerSketch::new(),
            candidates: HashMap::new(),
            counted: HashMap::new(),
            stretches: vec![None; logs],
            left_out: 0,
        }
    }

    /// Counts a look.
    pub fn note(&mut self, look: &Look, work: Work) {
        let (log, index) = look.place;
        let stretch = self.stretches[log].get_or_insert((index, index));
        stretch.1 = index + 1;
        let actor = (look.client.clone(), look.staff.clone());
        self.note_looker(look, &actor);
        self.note_contract(look, work);
        if self.actors.len() >= ACTORS_MAX && !self.actors.contains_key(&actor) {
            self.left_out += 1;
            return;
        }
        let rules = self.rules;
        let day = self.actors.entry(actor.clone()).or_insert_with(|| ActorDay::new(look));
        let kinds = day.note(look, &rules, work);
        self.changed.extend(kinds.into_iter().map(|kind| (kind, actor.clone())));
    }

    fn note_looker(&mut self, look: &Look, actor: &Actor) {
        let person = look.subject.value();
        let marks = self.sketch.note(person, actor);
        let is_many = marks >= LookerSketch::candidate_from(self.rules.lookers_min);
        let is_news = self.counted.get(&person).is_none_or(|counted| *counted < marks);
        if is_many && is_news && self.candidates.len() < CANDIDATES_MAX {
            self.candidates.insert(person, marks);
        }
    }

    fn note_contract(&mut self, look: &Look, work: Work) {
        let Some(busiest_day) = work.busiest_day else { return };
        let day = self.contracts.entry(look.contract.clone()).or_insert_with(|| ContractDay {
            organisation: look.organisation.clone(),
            client: look.client.clone(),
            looks: Tally::new(),
            busiest_day,
        });
        day.looks.note(look.place, look.at);
        if day.looks.looks * 100 > busiest_day * u64::from(self.rules.caseload_percent_max) {
            // Of the whole contract, whoever of its staff looked.
            self.changed.insert((AlarmKind::BeyondCaseload, (look.contract.clone(), None)));
        }
    }

    /// Counts a look of a member of staff at somebody of the own.
    pub fn note_own(&mut self, look: &Look) {
        let actor = (look.client.clone(), look.staff.clone());
        let Some(day) = self.actors.get_mut(&actor) else { return };
        day.own.note(look.place, look.at);
        if day.own.looks >= u64::from(self.rules.own_relatives_looks_min) {
            self.changed.insert((AlarmKind::OwnRelatives, actor));
        }
    }

    /// The alarms that are new or whose evidence grew since the last call.
    pub fn take_alarms(&mut self, logs: &[&str], now: Timestamp) -> Vec<Alarm> {
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().filter_map(|(kind, actor)| self.alarm(kind, &actor, logs, now)).collect()
    }

    fn alarm(&self, kind: AlarmKind, actor: &Actor, logs: &[&str], now: Timestamp) -> Option<Alarm> {
        let rules = &self.rules;
        if kind == AlarmKind::BeyondCaseload && actor.1.is_none() {
            let (contract, day) = (&actor.0, self.contracts.get(&actor.0)?);
            let threshold = day.busiest_day * u64::from(rules.caseload_percent_max) / 100;
            let who = Who { organisation: &day.organisation, contract, client: &day.client, staff: None };
            return self.build(kind, who, (&day.looks, day.looks.looks, threshold), logs, now);
        }
        let day = self.actors.get(actor)?;
        let who = Who {
            organisation: &day.organisation,
            contract: &day.contract,
            client: &actor.0,
            staff: actor.1.as_deref(),
        };
        let percent = || day.misses.looks * 100 / day.looks.looks.max(1);
        let off_hours = || day.off_hours.values().max_by_key(|tally| tally.looks);
        let (tally, measured, threshold) = match kind {
            AlarmKind::OwnRelatives => (&day.own, day.own.looks, rules.own_relatives_looks_min),
            AlarmKind::OffHours => (off_hours()?, off_hours()?.looks, rules.off_hours_looks_min),
            AlarmKind::Sequence => {
                let run = day.longest_run.as_ref()?;
                (run, run.looks, rules.sequence_run_min)
            }
            AlarmKind::Guesses => (&day.misses, percent(), rules.guesses_percent_min),
            AlarmKind::BeyondCaseload => (&day.looks, day.looks.looks, rules.officer_day_looks_max),
            AlarmKind::ManyLookers => return None,
        };
        self.build(kind, who, (tally, measured, threshold.into()), logs, now)
    }

    fn build(
        &self,
        kind: AlarmKind,
        who: Who<'_>,
        (tally, measured, threshold): (&Tally, u64, u64),
        logs: &[&str],
        now: Timestamp,
    ) -> Option<Alarm> {
        let day = self.day.to_string();
        Some(Alarm {
            id: AlarmId::of(&[kind.as_str(), &day, who.contract, who.client, who.staff.unwrap_or_default()]),
            found: Found {
                kind,
                day: self.day,
                raised_at: now,
                organisation: Some(who.organisation.parse().ok()?),
                contract: Some(who.contract.parse().ok()?),
                client: Some(who.client.to_owned()),
                staff: who.staff.map(str::to_owned),
            },
            evidence: evidence(tally, (measured, threshold), who.staff.into_iter().map(str::to_owned), logs),
            care: Care::default(),
            version: 0,
        })
    }

    /// The persons who wait to be counted exactly. They count as counted from now on.
    pub fn take_candidates(&mut self) -> HashMap<u64, u32> {
        let candidates = std::mem::take(&mut self.candidates);
        if self.counted.len() + candidates.len() <= CANDIDATES_MAX * 10 {
            self.counted.extend(&candidates);
        }
        candidates
    }

    /// The alarm about a person at whom so many looked; none when they are not that many.
    pub fn many_lookers(&self, lookers: &Lookers, logs: &[&str], now: Timestamp) -> Option<Alarm> {
        let threshold = u64::from(self.rules.lookers_min);
        let measured = lookers.actors.len() as u64;
        let (log, index) = *lookers.tally.places.first()?;
        if measured < threshold {
            return None;
        }
        let staff = lookers.actors.iter().filter_map(|(_, staff)| staff.clone()).take(PLACES_MAX);
        Some(Alarm {
            // By its first look: a number of a person stands in no identifier.
            id: AlarmId::of(&[AlarmKind::ManyLookers.as_str(), logs[log], &index.to_string()]),
            found: Found {
                kind: AlarmKind::ManyLookers,
                day: self.day,
                raised_at: now,
                organisation: None,
                contract: None,
                client: None,
                staff: None,
            },
            evidence: evidence(&lookers.tally, (measured, threshold), staff, logs),
            care: Care::default(),
            version: 0,
        })
    }
}

/// Who looked at one person.
pub(crate) struct Lookers {
    pub actors: BTreeSet<Actor>,
    pub tally: Tally,
}

impl Lookers {
    pub const fn new() -> Self {
        Self { actors: BTreeSet::new(), tally: Tally::new() }
    }

    /// Counts a look. The evidence holds one place a looker, so that each is in it.
    pub fn note(&mut self, look: &Look) {
        let is_new = self.actors.insert((look.client.clone(), look.staff.clone()));
        if is_new {
            self.tally.note(look.place, look.at);
        } else {
            self.tally.looks += 1;
            self.tally.last_at = self.tally.last_at.max(look.at);
        }
    }
}

#[derive(Clone, Copy)]
struct Who<'a> {
    organisation: &'a str,
    contract: &'a str,
    client: &'a str,
    staff: Option<&'a str>,
}

fn evidence(
    tally: &Tally,
    (measured, threshold): (u64, u64),
    staff: impl Iterator<Item = String>,
    logs: &[&str],
) -> Evidence {
    let place = |(log, index): &(usize, u64)| Place { log: logs[*log].to_owned(), index: *index };
    Evidence {
        places: tally.places.iter().map(place).collect(),
        looks: tally.looks,
        first_at: tally.first_at,
        last_at: tally.last_at,
        measured,
        threshold,
        staff: staff.collect(),
    }
}

impl ActorDay {
    fn new(look: &Look) -> Self {
        Self {
            organisation: look.organisation.clone(),
            contract: look.contract.clone(),
            looks: Tally::new(),
            misses: Tally::new(),
            own: Tally::new(),
            off_hours: BTreeMap::new(),
            runs: Vec::new(),
            longest_run: None,
        }
    }

    /// Counts a look; what is an alarm by it.
    fn note(&mut self, look: &Look, rules: &AlarmRules, work: Work) -> Vec<AlarmKind> {
        let mut kinds = Vec::new();
        self.looks.note(look.place, look.at);
        if look.staff.is_some() && self.looks.looks >= u64::from(rules.officer_day_looks_max) {
            kinds.push(AlarmKind::BeyondCaseload);
        }
        if !look.has_found {
            self.misses.note(look.place, look.at);
        }
        let is_enough = self.looks.looks >= u64::from(rules.guesses_looks_min);
        if is_enough && self.misses.looks * 100 >= self.looks.looks * u64::from(rules.guesses_percent_min) {
            kinds.push(AlarmKind::Guesses);
        }
        if !hours(look, rules, work).hold(look.at) {
            let hour = VIET_NAM.to_datetime(look.at).hour();
            let tally = self.off_hours.entry(hour).or_insert_with(Tally::new);
            tally.note(look.place, look.at);
            if tally.looks >= u64::from(rules.off_hours_looks_min) {
                kinds.push(AlarmKind::OffHours);
            }
        }
        if self.note_neighbour(look, rules) {
            kinds.push(AlarmKind::Sequence);
        }
        kinds
    }

    /// Whether the look goes on with a run of neighbouring numbers that is long enough.
    fn note_neighbour(&mut self, look: &Look, rules: &AlarmRules) -> bool {
        let (log, number) = (look.place.0, look.subject.value());
        let place = self.runs.iter().position(|run| run.log == log).unwrap_or_else(|| {
            self.runs.push(Run { log, last: 0, tally: Tally::new() });
            self.runs.len() - 1
        });
        let run = &mut self.runs[place];
        match run.last.abs_diff(number) {
            // The same person again is neither a neighbour nor the end of a run.
            0 => return false,
            gap if gap <= u64::from(rules.sequence_gap_max) => {}
            _ => run.tally = Tally::new(),
        }
        run.last = number;
        run.tally.note(look.place, look.at);
        let is_run = run.tally.looks >= u64::from(rules.sequence_run_min);
        let is_longest = self.longest_run.as_ref().is_none_or(|longest| longest.looks < run.tally.looks);
        if is_run && is_longest {
            self.longest_run = Some(run.tally.clone());
        }
        is_run && is_longest
    }
}

/// The hours in which somebody works: an office's, those of the contract, or the usual ones.
fn hours(look: &Look, rules: &AlarmRules, work: Work) -> Hours {
    if look.is_office {
        return Hours::whole(rules.office_from_hour, rules.office_to_hour);
    }
    work.hours.unwrap_or_else(|| Hours::whole(rules.work_from_hour, rules.work_to_hour))
}
