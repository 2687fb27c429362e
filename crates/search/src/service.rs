//! Searching with permission, a purpose, and a disclosure for every person shown.

use crate::{
    Query, SearchError,
    error::QueryError,
    finder::{Finder, Hit, is_in_use, needed_kinds},
    likeness::{FoundBy, Likeness},
    lists::{List, Lists, key_text, parts, reference},
    pace::{Pace, TooMuch},
};
use dancu_core::{Clock, CommuneCode, Entropy, PartialDate, PersonName, PersonalNumber, Sex};
use dancu_exchange::{Caller, Field, FieldSet, LifeAnswer, RefusalLog, RefusalReason};
use dancu_ledger::{Channel, Ledger, NoPlace, Reservation};
use dancu_register::{At, Life, NumberState, Person};
use serde::Serialize;
use std::{fmt, sync::Arc};

/// Persons on one page.
pub const PAGE_LENGTH: usize = 20;
/// Persons in all: whoever needs more needs a narrower query.
pub const RESULTS_MAX: usize = 200;

/// Why an officer searches, in the officer's words: a reason or the number of a case. The person reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Purpose(String);

impl Purpose {
    /// Characters at least and at most.
    const CHARACTERS: std::ops::RangeInclusive<usize> = 10..=200;

    /// Reads what was written; blanks at the ends do not count.
    pub fn read(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        let is_good = Self::CHARACTERS.contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_good { Ok(Self(text.to_owned())) } else { Err(QueryError::Purpose) }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Purpose(…)")
    }
}

/// Who searches.
#[derive(Debug, Clone, Copy)]
pub struct Searcher<'a> {
    /// The office, with its contract.
    pub caller: &'a Caller,
    /// The officer's account: part of every record, and counted for itself.
    pub officer: &'a str,
}

/// What became of a number, as the list tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberStanding {
    /// In use.
    InUse,
    /// Cancelled, or replaced by another.
    OutOfUse,
}

/// A person in the list: enough to pick one, no more.
#[derive(Clone)]
pub struct FoundPerson {
    /// Opens the person for this officer, for some minutes.
    pub reference: String,
    /// The name borne now.
    pub name: PersonName,
    /// All but the last three digits hidden.
    pub number_masked: String,
    /// Birth date.
    pub birth_date: PartialDate,
    /// Sex.
    pub sex: Sex,
    /// Commune of permanent residence.
    pub commune: Option<CommuneCode>,
    /// Whether the person lives.
    pub life: Life,
    /// Whether the number is in use.
    pub standing: NumberStanding,
    /// How like the name is to the one asked for.
    pub likeness: Likeness,
    /// By what the person was found.
    pub found_by: FoundBy,
    /// Where the disclosure stands in the log.
    pub receipt_index: u64,
}

impl fmt::Debug for FoundPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FoundPerson(…)")
    }
}

/// A person who was picked from a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The whole number.
    pub number: PersonalNumber,
    /// Where the disclosure stands in the log.
    pub receipt_index: u64,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct SearchPage {
    /// Names the list for its other pages.
    pub list: String,
    /// Which page, from 1.
    pub page: usize,
    /// How many there are; none when nobody was found.
    pub pages: usize,
    /// Persons in the list.
    pub total: usize,
    /// More fit than are in the list: the query is to be narrowed down.
    pub is_cut: bool,
    /// Whether everyone in the register could be found; not while an index is made over an older register.
    pub is_index_complete: bool,
    /// The persons of this page.
    pub people: Vec<FoundPerson>,
}

impl SearchPage {
    /// The page after this one.
    pub fn next(&self) -> Option<usize> {
        (self.page < self.pages).then_some(self.page + 1)
    }

    /// The page before this one.
    pub fn previous(&self) -> Option<usize> {
        (self.page > 1).then(|| self.page - 1)
    }
}

/// Answers searches.
pub struct SearchService {
    finder: Finder,
    ledger: Arc<Ledger>,
    refusals: Arc<RefusalLog>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pace: Pace,
    lists: Lists,
}

impl fmt::Debug for SearchService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchService(…)")
    }
}

impl SearchService {
    /// Puts the service together.
    pub fn new(
        finder: Finder,
        ledger: Arc<Ledger>,
        refusals: Arc<RefusalLog>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let (pace, lists) = (Pace::default(), Lists::default());
        Self { finder, ledger, refusals, clock, entropy, pace, lists }
    }

    /// Searches, keeps the list, and shows its first page.
    pub async fn search(
        &self,
        searcher: Searcher<'_>,
        query: &Query,
        purpose: Purpose,
    ) -> Result<SearchPage, SearchError> {
        let day = self.ledger.counting_day();
        let _place = searcher.caller.enter(day).map_err(|reason| self.refuse(searcher, reason))?;
        self.permit(searcher)?;
        self.count(searcher)?;
        let now = self.ledger.now();
        let progress = self.finder.store().index_progress().await?;
        let candidates = self.finder.find(query, At { as_of: day, known_at: now }).await?;
        if candidates.hits.is_empty() {
            // Fishing is seen by what it does not catch. The entry names the office and nobody else.
            self.refuse(searcher, RefusalReason::NobodyFound);
        }
        let list = List {
            officer: searcher.officer.to_owned(),
            client: searcher.caller.client.id.clone(),
            purpose,
            asked: query.asked(),
            hits: candidates.hits,
            is_cut: candidates.is_cut,
            is_index_complete: progress.is_complete,
            made: self.clock.now(),
            pages_shown: 0,
        };
        let key = self.lists.keep(list.clone(), self.clock.now(), &*self.entropy);
        self.show(searcher, key, &list, 1).await
    }

    /// Shows a page of a list that this officer had made, from 1. Every look is a disclosure of its own.
    pub async fn page(
        &self,
        searcher: Searcher<'_>,
        list: &str,
        page: usize,
    ) -> Result<SearchPage, SearchError> {
        let day = self.ledger.counting_day();
        let _place = searcher.caller.enter(day).map_err(|reason| self.refuse(searcher, reason))?;
        self.permit(searcher)?;
        let client = &searcher.caller.client.id;
        let (key, list) = self
            .lists
            .get(list, searcher.officer, client, self.clock.now())
            .filter(|(_, list)| (1..=list.hits.len().div_ceil(PAGE_LENGTH).max(1)).contains(&page))
            .ok_or(SearchError::ListEnded)?;
        self.show(searcher, key, &list, page).await
    }

    /// Tells the whole number of a person whom a list showed, to the officer to whom it was shown. It is a disclosure
    /// of its own: a list hides numbers, so that only the one who is meant is taken further.
    pub async fn open(&self, searcher: Searcher<'_>, reference: &str) -> Result<Opened, SearchError> {
        let day = self.ledger.counting_day();
        let caller = searcher.caller;
        let _place = caller.enter(day).map_err(|reason| self.refuse(searcher, reason))?;
        self.permit(searcher)?;
        let (number, list) = parts(reference)
            .and_then(|(key, place)| {
                let (_, list) = self.lists.get(key, searcher.officer, &caller.client.id, self.clock.now())?;
                Some((list.shown_at(place)?, list))
            })
            .ok_or(SearchError::ListEnded)?;
        let reservation = self.reserve(searcher).await?;
        let stated = stated(searcher, &list);
        let shown = vec![("number", "shown")];
        let draft = caller.draft(number, vec!["number"], shown, Channel::Office, &stated);
        let disclosed = self.ledger.disclose(draft, reservation).await?;
        Ok(Opened { number, receipt_index: disclosed.entry() })
    }

    /// Searching is a right of its own, and what the list shows must be in the contract.
    fn permit(&self, searcher: Searcher<'_>) -> Result<(), SearchError> {
        let contract = &searcher.caller.contract;
        if contract.search.is_none() || !shown_fields().without(contract.fields).is_empty() {
            return Err(self.refuse(searcher, RefusalReason::FieldOutsideContract).into());
        }
        Ok(())
    }

    /// Counts a search of this officer, whatever it finds.
    fn count(&self, searcher: Searcher<'_>) -> Result<(), SearchError> {
        let Some(terms) = searcher.caller.contract.search else { return Ok(()) };
        let (now, day) = (self.ledger.now(), self.ledger.counting_day());
        let officer = format!("{} {}", searcher.caller.client.id, searcher.officer);
        let entered =
            self.pace.enter(&officer, now, day, terms.per_officer_minute_max, terms.per_officer_day_max);
        match entered {
            Ok(()) => Ok(()),
            Err(TooMuch::ThisMinute { retry_after_s }) => {
                self.refuse(searcher, RefusalReason::TooFast);
                Err(SearchError::TooFast { retry_after_s })
            }
            Err(TooMuch::Today) => {
                self.refuse(searcher, RefusalReason::DailyLimit);
                Err(SearchError::OfficerDay { retry_after_s: self.seconds_of_the_day_left() })
            }
        }
    }

    fn seconds_of_the_day_left(&self) -> u32 {
        let now = self.ledger.now();
        let tomorrow = self.ledger.counting_day().tomorrow().ok();
        let midnight = tomorrow.and_then(|day| dancu_core::VIET_NAM.to_timestamp(day.at(0, 0, 0, 0)).ok());
        let left = midnight.map_or(0, |midnight| midnight.duration_since(now).as_secs());
        u32::try_from(left.max(1)).unwrap_or(u32::MAX)
    }

    async fn show(
        &self,
        searcher: Searcher<'_>,
        key: u128,
        list: &List,
        page: usize,
    ) -> Result<SearchPage, SearchError> {
        let first = (page - 1) * PAGE_LENGTH;
        let hits = list.hits.iter().enumerate().skip(first).take(PAGE_LENGTH);
        let at = At { as_of: self.ledger.counting_day(), known_at: self.ledger.now() };
        let mut people = Vec::with_capacity(PAGE_LENGTH);
        for (place, hit) in hits {
            let person = self.finder.register().person_now(hit.number, at, needed_kinds()).await?;
            // Between two pages a person may leave the register's belief.
            people.extend(person.as_ref().and_then(|person| found(person, hit, reference(key, place))));
        }
        let people = self.disclose(searcher, list, people).await?;
        self.lists.shown(key, page - 1);
        Ok(SearchPage {
            list: key_text(key),
            page,
            pages: list.hits.len().div_ceil(PAGE_LENGTH),
            total: list.hits.len(),
            is_cut: list.is_cut,
            is_index_complete: list.is_index_complete,
            people,
        })
    }

    /// One record for each person. All of them are durable before any leaves.
    async fn disclose(
        &self,
        searcher: Searcher<'_>,
        list: &List,
        people: Vec<(PersonalNumber, FoundPerson)>,
    ) -> Result<Vec<FoundPerson>, SearchError> {
        let mut reservations: Vec<Reservation> = Vec::with_capacity(people.len());
        for _ in &people {
            reservations.push(self.reserve(searcher).await?);
        }
        let stated = stated(searcher, list);
        let drafts = people.iter().zip(reservations).map(|((number, person), reservation)| {
            let draft =
                searcher.caller.draft(*number, list.asked.clone(), outcome(person), Channel::Office, &stated);
            (draft, reservation)
        });
        let disclosed = self.ledger.disclose_all(drafts).await?;
        let mut shown = Vec::with_capacity(people.len());
        for ((_, mut person), disclosed) in people.into_iter().zip(disclosed) {
            person.receipt_index = disclosed.entry();
            shown.push(person);
        }
        Ok(shown)
    }

    /// A place under the contract's daily limit.
    async fn reserve(&self, searcher: Searcher<'_>) -> Result<Reservation, SearchError> {
        let contract = &searcher.caller.contract;
        let place = self.ledger.take_place(contract.id.as_str(), contract.daily_limit.into()).await;
        place.map_err(|none| match none {
            NoPlace::Exhausted(exhausted) => {
                self.refuse(searcher, RefusalReason::DailyLimit);
                SearchError::DailyLimit { resets_at: exhausted.resets_at }
            }
            NoPlace::Store(error) => error.into(),
        })
    }

    fn refuse(&self, searcher: Searcher<'_>, reason: RefusalReason) -> dancu_exchange::Refusal {
        self.refusals.note(self.clock.now(), Some(&searcher.caller.client.id), reason)
    }
}

/// The officer and the purpose, as the person reads them.
fn stated(searcher: Searcher<'_>, list: &List) -> String {
    format!("{}: {}", searcher.officer, list.purpose.as_str())
}

/// What the list shows of a person.
fn shown_fields() -> FieldSet {
    [Field::Name, Field::BirthDate, Field::Sex, Field::Residence, Field::LifeStatus].into_iter().collect()
}

fn outcome(person: &FoundPerson) -> Vec<(&'static str, &'static str)> {
    let life = LifeAnswer::from(person.life).as_str();
    let shown = shown_fields();
    let fields =
        shown.iter().map(|field| (field.as_str(), if field == Field::LifeStatus { life } else { "shown" }));
    fields.collect()
}

fn found(person: &Person, hit: &Hit, reference: String) -> Option<(PersonalNumber, FoundPerson)> {
    let identity = person.identity()?;
    let state: NumberState = person.number_state();
    let found = FoundPerson {
        reference,
        name: identity.name.clone(),
        number_masked: person.number.masked(),
        birth_date: identity.birth_date,
        sex: identity.sex,
        commune: person.residence().and_then(|home| home.permanent_commune),
        life: person.life(),
        standing: if is_in_use(state) { NumberStanding::InUse } else { NumberStanding::OutOfUse },
        likeness: hit.likeness,
        found_by: hit.found_by,
        receipt_index: 0,
    };
    Some((person.number, found))
}
