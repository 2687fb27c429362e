//! What people do about alarms: take one in hand, decide it, lower a limit or suspend at once, and give notice.

use crate::{
    Alarm, AlarmDeed, AlarmError, AlarmId, AlarmKind, AlarmList, AlarmMove, AlarmState, AlarmStore, Notice,
    alarm_rules,
};
use dancu_core::{Clock, StoreError, holds_personal_number, today_in_viet_nam};
use dancu_exchange::{Author, Ceiling, CeilingChange, Connection, LifeService, OrganisationId, Side, Stage};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Alarms of one page.
pub const ALARMS_PAGE_MAX: usize = 50;
/// Notices that an agency is shown.
pub const NOTICES_MAX: usize = 20;
/// Lines of one alarm's history, so that no record grows without end.
const MOVES_MAX: usize = 100;
/// Longest reason, in characters.
const NOTE_CHARACTERS_MAX: usize = 500;

/// What is done at once against the connection behind an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Its limits are lowered for a time.
    Tighten(Ceiling),
    /// What was lowered is taken back.
    Lift,
    /// It is suspended.
    Suspend,
}

/// Alarms and what is done about them.
pub struct AlarmService {
    store: Arc<dyn AlarmStore>,
    life: Arc<LifeService>,
    clock: Arc<dyn Clock>,
}

impl AlarmService {
    /// Joins the parts.
    pub fn new(store: Arc<dyn AlarmStore>, life: Arc<LifeService>, clock: Arc<dyn Clock>) -> Self {
        Self { store, life, clock }
    }

    /// The store behind it.
    pub fn store(&self) -> &dyn AlarmStore {
        &*self.store
    }

    /// Alarms of a list, at most [`ALARMS_PAGE_MAX`] and one, by which a page knows that there are more.
    pub async fn list(
        &self,
        list: AlarmList,
        after: Option<AlarmId>,
        length_max: usize,
    ) -> Result<Vec<Alarm>, AlarmError> {
        Ok(self.store.alarms(list, after, length_max.min(ALARMS_PAGE_MAX + 1)).await?)
    }

    /// One alarm.
    pub async fn alarm(&self, id: AlarmId) -> Result<Alarm, AlarmError> {
        self.store.alarm(id).await?.ok_or(AlarmError::NoSuchAlarm)
    }

    /// What an agency was told, the last first.
    pub async fn notices(&self, organisation: &OrganisationId) -> Result<Vec<Alarm>, StoreError> {
        self.store.notices(organisation, NOTICES_MAX).await
    }

    /// Whether somebody is among those whom an alarm concerns.
    pub fn concerns(alarm: &Alarm, by: &Author) -> bool {
        let is_own_side = matches!(&by.side, Side::Agency { organisation }
            if alarm.found.organisation.as_ref() == Some(organisation));
        is_own_side || alarm.evidence.staff.contains(&by.id) || alarm.found.staff.as_ref() == Some(&by.id)
    }

    /// Takes an alarm in hand.
    pub async fn take(&self, id: AlarmId, by: &Author) -> Result<Alarm, AlarmError> {
        let mut alarm = self.for_hands_of(id, by).await?;
        if alarm.care.owner.as_ref() == Some(&by.id) {
            return Ok(alarm);
        }
        if alarm.care.state != AlarmState::Open {
            return Err(AlarmError::NoSuchStep);
        }
        alarm.care.owner = Some(by.id.clone());
        self.keep(alarm, AlarmDeed::Taken, by, "").await
    }

    /// Decides an alarm, or opens it again. A breach owes the agency a notice.
    pub async fn decide(
        &self,
        id: AlarmId,
        by: &Author,
        to: AlarmState,
        reason: &str,
    ) -> Result<Alarm, AlarmError> {
        let mut alarm = self.for_hands_of(id, by).await?;
        let is_step = (alarm.care.state == AlarmState::Open) != (to == AlarmState::Open);
        if !is_step {
            return Err(AlarmError::NoSuchStep);
        }
        check_note(reason)?;
        alarm.care.state = to;
        alarm.care.owner.get_or_insert_with(|| by.id.clone());
        if to == AlarmState::Upheld {
            self.owe_notice(&mut alarm)?;
        } else if alarm.care.notice.as_ref().is_some_and(|notice| notice.given_at.is_none())
            && !has_measure(&alarm)
        {
            alarm.care.notice = None;
        }
        self.keep(alarm, AlarmDeed::Decided(to), by, reason).await
    }

    /// Lowers the limits of the contract behind an alarm, or suspends its connection: from the next request on. The agency
    /// reads it on its page with the ground, and is owed a notice.
    pub async fn measure(
        &self,
        id: AlarmId,
        by: &Author,
        measure: Measure,
        ground: &str,
    ) -> Result<Alarm, AlarmError> {
        let mut alarm = self.for_hands_of(id, by).await?;
        check_note(ground)?;
        let connection = self.connection(&alarm).await?;
        let change =
            |set| CeilingChange { set, ground: ground.trim().to_owned(), alarm: Some(id.to_string()) };
        let deed = match measure {
            Measure::Tighten(ceiling) => {
                self.life.tighten(&connection, by, change(Some(ceiling))).await?;
                AlarmDeed::Tightened
            }
            Measure::Lift => {
                self.life.tighten(&connection, by, change(None)).await?;
                return self.keep(alarm, AlarmDeed::Lifted, by, ground).await;
            }
            Measure::Suspend => {
                self.life.step(&connection, by, Stage::Suspended, ground).await?;
                AlarmDeed::Suspended
            }
        };
        alarm.care.owner.get_or_insert_with(|| by.id.clone());
        self.owe_notice(&mut alarm)?;
        self.keep(alarm, deed, by, ground).await
    }

    /// Gives the agency the notice that is owed: on its page, to its software, and by its webhook if it has one.
    pub async fn notify(&self, id: AlarmId, by: &Author, words: &str) -> Result<Alarm, AlarmError> {
        let mut alarm = self.for_hands_of(id, by).await?;
        check_note(words)?;
        let contract = self.connection(&alarm).await?.contract;
        let destination = contract.feed.and_then(|feed| feed.destination(&contract.client));
        let now = self.clock.now();
        let Some(notice) = alarm.care.notice.as_mut().filter(|notice| notice.given_at.is_none()) else {
            return Err(AlarmError::NoSuchStep);
        };
        words.trim().clone_into(&mut notice.words);
        notice.given_at = Some(now);
        notice.next_try_at = destination.map(|_| now);
        self.keep(alarm, AlarmDeed::Noticed, by, "").await
    }

    /// Writes what became of a delivery to the agency's webhook. Whoever was quicker counts; it is tried again then.
    pub async fn delivered(&self, mut alarm: Alarm, is_taken: bool) -> Result<(), StoreError> {
        const FIRST_WAIT_S: i64 = 30;
        const TRIES_MAX: u32 = 12;
        let now = self.clock.now();
        let Some(notice) = &mut alarm.care.notice else { return Ok(()) };
        if is_taken {
            notice.delivered_at = Some(now);
            notice.next_try_at = None;
        } else {
            notice.failures += 1;
            let wait = SignedDuration::from_secs(FIRST_WAIT_S << notice.failures.min(TRIES_MAX));
            notice.next_try_at =
                (notice.failures < TRIES_MAX).then(|| now.saturating_add(wait).unwrap_or(Timestamp::MAX));
        }
        alarm.version += 1;
        self.store.save_alarm(alarm).await.map(drop)
    }

    /// An alarm, for somebody who may do something about it: never whoever it concerns.
    async fn for_hands_of(&self, id: AlarmId, by: &Author) -> Result<Alarm, AlarmError> {
        let alarm = self.alarm(id).await?;
        if by.side != Side::Operator || Self::concerns(&alarm, by) {
            return Err(AlarmError::Concerned);
        }
        Ok(alarm)
    }

    /// The connection behind an alarm.
    pub async fn connection(&self, alarm: &Alarm) -> Result<Connection, AlarmError> {
        let contract = alarm.found.contract.as_ref().ok_or(AlarmError::NoContract)?;
        self.life.connection(contract).await?.ok_or(AlarmError::NoContract)
    }

    fn owe_notice(&self, alarm: &mut Alarm) -> Result<(), AlarmError> {
        if alarm.found.kind == AlarmKind::ManyLookers || alarm.care.notice.is_some() {
            return Ok(());
        }
        let now = self.clock.now();
        let rules = alarm_rules(today_in_viet_nam(now)).ok_or(dancu_exchange::LifeError::NoRules)?;
        let hours = SignedDuration::from_hours(rules.notice_hours.into());
        alarm.care.notice = Some(Notice {
            due: now.saturating_add(hours).unwrap_or(now),
            words: String::new(),
            given_at: None,
            delivered_at: None,
            next_try_at: None,
            failures: 0,
        });
        Ok(())
    }

    async fn keep(
        &self,
        mut alarm: Alarm,
        deed: AlarmDeed,
        by: &Author,
        note: &str,
    ) -> Result<Alarm, AlarmError> {
        if alarm.care.moves.len() >= MOVES_MAX {
            return Err(AlarmError::NoSuchStep);
        }
        let (at, by, note) = (self.clock.now(), by.id.clone(), note.trim().to_owned());
        alarm.care.moves.push(AlarmMove { deed, at, by, note });
        alarm.version += 1;
        if self.store.save_alarm(alarm.clone()).await? { Ok(alarm) } else { Err(AlarmError::Changed) }
    }
}

/// Whether something was done against the connection, of which the agency hears whatever is decided.
fn has_measure(alarm: &Alarm) -> bool {
    let is_measure = |line: &AlarmMove| matches!(line.deed, AlarmDeed::Tightened | AlarmDeed::Suspended);
    alarm.care.moves.iter().any(is_measure)
}

fn check_note(text: &str) -> Result<(), AlarmError> {
    let count = text.trim().chars().count();
    let is_good = (1..=NOTE_CHARACTERS_MAX).contains(&count) && !holds_personal_number(text);
    if is_good { Ok(()) } else { Err(AlarmError::Note) }
}
