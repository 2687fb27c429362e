//! The watch: goes through the log from where it was, and raises alarms. It never stands on the road of an answer.

use crate::{
    Alarm, AlarmCursor, AlarmStore,
    alarm::Look,
    alarm_rules,
    hours::Hours,
    kin::kin,
    window::{Lookers, Window, Work},
};
use dancu_core::{Clock, PersonalNumber, StoreError};
use dancu_exchange::{Directory, Product};
use dancu_ledger::{Channel, LedgerRecords, StoredRecord};
use dancu_register::{At, RegisterStore};
use jiff::{Timestamp, civil::Date};
use serde::Deserialize;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
    sync::Arc,
};

/// Records that are read at a time.
const PAGE_RECORDS: u64 = 2_000;
/// Days that are open at once: when logs of several nodes are not at the same day.
const DAYS_MAX: usize = 2;
/// Members of staff whose circle is remembered.
const CIRCLES_MAX: usize = 10_000;
/// The client of operators who look into alarms: their looks are no alarm again.
pub const ALARM_CLIENT: &str = "alarm-desk";

/// What the watch works with.
pub struct WatchParts {
    /// The logs, by their origins.
    pub logs: Vec<(String, Arc<dyn LedgerRecords>)>,
    /// Alarms.
    pub store: Arc<dyn AlarmStore>,
    /// Who is related to whom.
    pub register: Arc<dyn RegisterStore>,
    /// Contracts, with the work that they declare.
    pub directory: Arc<Directory>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WatchSummary {
    /// Looks that were gone through.
    pub looks: u64,
    /// Alarms that were not known before.
    pub raised: u64,
    /// Looks that were not watched, because too many different ones looked on one day.
    pub left_out: u64,
}

/// Whether persons at whom many may have looked are counted exactly in this round. It reads the day once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// Now.
    Now,
    /// Another time, but for days that end.
    Later,
}

/// Goes through the logs.
pub struct Watch {
    parts: WatchParts,
    cursors: Vec<Option<AlarmCursor>>,
    /// Where each log is read on; behind its cursor while a day is gone through again after a start.
    next: Vec<u64>,
    windows: BTreeMap<Date, Window>,
    circles: HashMap<String, HashSet<PersonalNumber>>,
    circles_day: Option<Date>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch(…)")
    }
}

impl Watch {
    /// Takes up each log at the beginning of the day that was under way.
    pub async fn open(parts: WatchParts) -> Result<Self, StoreError> {
        let known = parts.store.alarm_cursors().await?;
        let cursor = |log: &String| known.iter().find(|cursor| cursor.log == *log).cloned();
        let cursors: Vec<_> = parts.logs.iter().map(|(log, _)| cursor(log)).collect();
        let next =
            cursors.iter().map(|cursor| cursor.as_ref().map_or(0, |cursor| cursor.day_start)).collect();
        let (windows, circles) = (BTreeMap::new(), HashMap::new());
        Ok(Self { parts, cursors, next, windows, circles, circles_day: None })
    }

    /// Goes through all that is committed by now. Broken off at any point, the next one goes on.
    pub async fn round(&mut self, counting: Counting) -> Result<WatchSummary, StoreError> {
        let mut summary = WatchSummary::default();
        let works = self.works();
        for log in 0..self.parts.logs.len() {
            while let Some(looks) = self.read(log)? {
                summary.looks += looks.len() as u64;
                self.page(log, &looks, &works, &mut summary).await?;
            }
        }
        if counting == Counting::Now {
            let days: Vec<Date> = self.windows.keys().copied().collect();
            for day in days {
                let alarms = self.count(day)?;
                self.save(0, alarms, &mut summary).await?;
            }
        }
        Ok(summary)
    }

    /// What each client's contract says of its work.
    fn works(&self) -> HashMap<String, Work> {
        let callers = self.parts.directory.all();
        let work = |caller: &dancu_exchange::Caller| Work {
            hours: caller.contract.service_hours.as_deref().and_then(Hours::read),
            busiest_day: caller
                .contract
                .caseload
                .and_then(|caseload| caseload.busiest_day(caller.contract.valid_to)),
        };
        callers.values().map(|caller| (caller.client.id.to_string(), work(caller))).collect()
    }

    /// The next records of a log; `None` at its end.
    fn read(&mut self, log: usize) -> Result<Option<Vec<Look>>, StoreError> {
        let first = self.next[log];
        let mut looks = Vec::new();
        let mut next = first;
        self.parts.logs[log].1.scan(first, PAGE_RECORDS, &mut |record| {
            next = record.index + 1;
            looks.extend(look(&record, log));
        })?;
        self.next[log] = next;
        Ok((next > first).then_some(looks))
    }

    async fn page(
        &mut self,
        log: usize,
        looks: &[Look],
        works: &HashMap<String, Work>,
        summary: &mut WatchSummary,
    ) -> Result<(), StoreError> {
        let mut alarms = Vec::new();
        for look in looks {
            alarms.extend(self.begin_day(log, look, summary)?);
            let Some(window) = self.windows.get_mut(&look.day) else { continue };
            window.note(look, works.get(&look.client).copied().unwrap_or_default());
            if self.is_own(look).await?
                && let Some(window) = self.windows.get_mut(&look.day)
            {
                window.note_own(look);
            }
        }
        let (names, now) = (self.names(), self.parts.clock.now());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for window in self.windows.values_mut() {
            alarms.extend(window.take_alarms(&names, now));
        }
        self.save(log, alarms, summary).await
    }

    fn names(&self) -> Vec<String> {
        self.parts.logs.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Opens the window of a look's day, and closes the oldest when there are too many.
    fn begin_day(
        &mut self,
        log: usize,
        look: &Look,
        summary: &mut WatchSummary,
    ) -> Result<Vec<Alarm>, StoreError> {
        let index = look.place.1;
        let is_new = self.cursors[log].as_ref().is_none_or(|cursor| cursor.day < look.day);
        if is_new {
            let name = self.parts.logs[log].0.clone();
            self.cursors[log] = Some(AlarmCursor { log: name, day: look.day, day_start: index, next: index });
        }
        if self.windows.contains_key(&look.day) {
            return Ok(Vec::new());
        }
        let is_late = self.windows.len() >= DAYS_MAX
            && self.windows.first_key_value().is_some_and(|(oldest, _)| look.day < *oldest);
        let Some(rules) = alarm_rules(look.day).filter(|_| !is_late) else {
            summary.left_out += 1;
            return Ok(Vec::new());
        };
        let window = Window::new(look.day, rules, self.parts.logs.len());
        self.windows.insert(look.day, window);
        let mut alarms = Vec::new();
        while self.windows.len() > DAYS_MAX {
            let Some(oldest) = self.windows.keys().next().copied() else { break };
            alarms.extend(self.count(oldest)?);
            summary.left_out += self.windows.remove(&oldest).map_or(0, |window| window.left_out);
        }
        Ok(alarms)
    }

    /// Whether a member of staff looked at somebody of the own. Circles are read anew each day.
    async fn is_own(&mut self, look: &Look) -> Result<bool, StoreError> {
        let Some(staff) = &look.staff else { return Ok(false) };
        if self.circles_day != Some(look.day) || self.circles.len() >= CIRCLES_MAX {
            self.circles.clear();
            self.circles_day = Some(look.day);
        }
        if !self.circles.contains_key(staff) {
            let circle = match self.parts.store.own_number(staff).await? {
                Some(number) => {
                    let at = At { as_of: look.day, known_at: self.parts.clock.now() };
                    kin(&*self.parts.register, number, at).await?
                }
                None => HashSet::new(),
            };
            self.circles.insert(staff.clone(), circle);
        }
        Ok(self.circles.get(staff).is_some_and(|circle| circle.contains(&look.subject)))
    }

    /// Counts exactly who looked at those whom many may have looked at.
    fn count(&mut self, day: Date) -> Result<Vec<Alarm>, StoreError> {
        let Some(window) = self.windows.get_mut(&day) else { return Ok(Vec::new()) };
        let candidates = window.take_candidates();
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let mut lookers: BTreeMap<u64, Lookers> = BTreeMap::new();
        for (log, stretch) in window.stretches.iter().enumerate() {
            let Some((first, end)) = *stretch else { continue };
            let mut next = first;
            while next < end {
                let before = next;
                let limit = PAGE_RECORDS.min(end - next);
                self.parts.logs[log].1.scan(next, limit, &mut |record| {
                    next = record.index + 1;
                    if record.day == day
                        && candidates.contains_key(&record.subject.value())
                        && let Some(look) = look(&record, log)
                    {
                        lookers.entry(record.subject.value()).or_insert_with(Lookers::new).note(&look);
                    }
                })?;
                if next == before {
                    break;
                }
            }
        }
        let (names, now) = (self.names(), self.parts.clock.now());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let Some(window) = self.windows.get(&day) else { return Ok(Vec::new()) };
        Ok(lookers.values().filter_map(|lookers| window.many_lookers(lookers, &names, now)).collect())
    }

    /// Keeps alarms and how far the log is. While a day is gone through again, the cursor stays where it was.
    async fn save(
        &mut self,
        log: usize,
        alarms: Vec<Alarm>,
        summary: &mut WatchSummary,
    ) -> Result<(), StoreError> {
        let next = self.next[log];
        let Some(cursor) = &mut self.cursors[log] else { return Ok(()) };
        if next <= cursor.next && alarms.is_empty() {
            return Ok(());
        }
        cursor.next = cursor.next.max(next);
        let cursor = cursor.clone();
        summary.raised += self.parts.store.save_watch(alarms, cursor).await?;
        Ok(())
    }
}

/// The part of a record that the watch reads.
#[derive(Deserialize)]
struct Part<'a> {
    time: Timestamp,
    #[serde(borrow)]
    organisation: Named<'a>,
    #[serde(borrow)]
    client: Cow<'a, str>,
    #[serde(borrow)]
    contract: Cow<'a, str>,
    #[serde(borrow)]
    outcome: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    channel: Channel,
    #[serde(borrow)]
    reference: Cow<'a, str>,
    #[serde(default, borrow)]
    product: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
}

fn look(record: &StoredRecord<'_>, log: usize) -> Option<Look> {
    let part: Part<'_> = serde_json::from_slice(record.record).ok()?;
    // Whom an extract lists was chosen by two officers and put into the log by the program, one number behind the other
    // and at any hour: no sign of anybody's curiosity.
    // Nor is a file that an operator has matched, whose rows the program takes one after the other.
    let by_program = [Product::CohortExtract.as_str(), Product::FileMatch.as_str()];
    let is_listed = part.product.as_deref().is_some_and(|product| by_program.contains(&product));
    if part.client == ALARM_CLIENT || is_listed {
        return None;
    }
    let staff = match part.channel {
        Channel::Office | Channel::Reception => staff(&part.reference),
        Channel::Api => None,
    };
    Some(Look {
        at: part.time,
        day: record.day,
        organisation: part.organisation.id.into_owned(),
        client: part.client.into_owned(),
        staff,
        contract: part.contract.into_owned(),
        subject: record.subject,
        is_office: part.channel == Channel::Office,
        has_found: part.outcome.iter().any(|(_, answer)| is_hit(answer)),
        place: (log, record.index),
    })
}

/// Whether an answer says that somebody was found by what was given.
fn is_hit(answer: &str) -> bool {
    !matches!(answer, "differs" | "not_held" | "not_confirmed")
}

/// The member of staff whom a record names: its reference, up to the purpose that may follow.
fn staff(reference: &str) -> Option<String> {
    let id = reference.split(':').next()?.trim();
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
    ((1..=40).contains(&id.len()) && id.bytes().all(fits)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_member_of_staff_stands_before_the_purpose() {
        for (reference, expected) in [
            ("can.bo", Some("can.bo")),
            ("can.bo: Hồ sơ số 12/2026", Some("can.bo")),
            ("", None),
            ("Nguyễn Văn An", None),
            (": Hồ sơ", None),
        ] {
            assert_eq!(staff(reference).as_deref(), expected, "{reference}");
        }
    }

    #[test]
    fn nothing_found_is_no_hit() {
        for miss in ["differs", "not_held", "not_confirmed"] {
            assert!(!is_hit(miss));
        }
        for hit in ["match", "match_without_diacritics", "shown", "told", "alive", "held", "in_force"] {
            assert!(is_hit(hit));
        }
    }
}
