//! A product: which rows of a file that an agency hands in are persons of the register (ADR 26). An automatic match tells
//! the row's own key and which agreed fields agree, no value and no number, and is a disclosure like any other: it is in the
//! log before the row is written out.

use crate::{
    Caller, Contract, Field, FieldSet, LogMark, Product, RefusalReason, Stop, VerifyError, VerifyService,
    compare::Answer, log_mark::told_since, policy::plan_file_match,
};
use dancu_core::{DatedRules, PersonalNumber, StoreError};
use dancu_ledger::{Channel, Disclosed, Draft, Logs, NoPlace, Under};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fmt,
    ops::Not,
    sync::{Arc, LazyLock},
};
use tokio::sync::oneshot;

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../data/file_match_rules.csv")));

/// Rows of one file at most on a day, whatever a contract says; zero before any rule, so that no file is matched.
pub fn file_match_rows_max(day: Date) -> u32 {
    RULES.on("rows_max", day).unwrap_or_default()
}

/// Rows of one file at most that share a number, or a name and a birth date. More are made up, to find what else is so of a
/// person; zero before any rule.
pub fn file_match_alike_max(day: Date) -> u32 {
    RULES.on("rows_alike_max", day).unwrap_or_default()
}

/// Days after which a run that is not finished does not go on.
pub fn file_match_run_days_max(day: Date) -> u32 {
    RULES.on("run_days_max", day).unwrap_or_default()
}

/// The count of rows in doubt as an agency is told it: rounded down to a step, and nothing before any rule.
pub fn file_match_doubt_told(rows: u64, day: Date) -> u64 {
    let step = u64::from(RULES.on("doubt_told_in", day).unwrap_or_default());
    rows.checked_div(step).unwrap_or_default() * step
}

/// What a contract lets be told of the persons in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMatchTerms {
    /// Fields of which it is told whether the file's value agrees. Each of them is among the contract's `fields`, by which a
    /// file may be matched.
    pub fields: FieldSet,
    /// Rows of one file at most. Persons told in a day are the contract's answers a day.
    pub rows_max: u32,
    /// Whether two officers decide each doubtful pair, neither of whom sees what the other said.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub second_review: bool,
}

impl FileMatchTerms {
    /// Fields that a column of a file can be.
    pub const MATCHED: [Field; 6] =
        [Field::Name, Field::BirthDate, Field::Sex, Field::Residence, Field::OldNumber, Field::Phone];

    /// Whether these terms give nothing that others do not give.
    pub fn are_within(self, others: Self) -> bool {
        self.fields.without(others.fields).is_empty()
            && self.rows_max <= others.rows_max
            && (self.second_review || !others.second_review)
    }

    /// Whether every field is one of a contract and can be a column, and the rows are no more than the rules of a day allow.
    fn are_sound(self, fields: FieldSet, day: Date) -> bool {
        let matched: FieldSet = Self::MATCHED.into_iter().collect();
        !self.fields.is_empty()
            && self.fields.without(fields).is_empty()
            && self.fields.without(matched).is_empty()
            && (1..=file_match_rows_max(day)).contains(&self.rows_max)
    }
}

/// What is wrong with the terms of a contract by which files are matched; none where it has no such terms.
pub(crate) fn wrong(contract: &Contract) -> Option<&'static str> {
    contract.file_match.filter(|terms| !terms.are_sound(contract.fields, contract.valid_from)).map(|_| {
        "file_match: fields, of `fields` and of name, birth_date, sex, residence, old_number, phone; rows_max as data/file_match_rules.csv says"
    })
}

/// A row of a file whose person was found.
#[derive(Clone, PartialEq, Eq)]
pub struct FilePair {
    /// The person.
    pub number: PersonalNumber,
    /// Fields in which row and person agree.
    pub agreed: FieldSet,
    /// Fields of which both tell something else.
    pub differing: FieldSet,
    /// Fields that the row tells and the register does not hold. A field that is nowhere is not told by the row.
    pub not_held: FieldSet,
}

impl FilePair {
    /// Every field that was compared, with what came of it.
    fn answers(&self) -> impl Iterator<Item = (Field, Answer)> {
        Field::ALL.into_iter().filter_map(|field| {
            let answers = [
                (self.agreed, Answer::Match),
                (self.differing, Answer::Differs),
                (self.not_held, Answer::NotHeld),
            ];
            answers.into_iter().find(|(fields, _)| fields.contains(field)).map(|(_, answer)| (field, answer))
        })
    }
}

impl fmt::Debug for FilePair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FilePair(…)")
    }
}

/// The file whose pairs are told.
#[derive(Debug, Clone, Copy)]
pub struct FileToTell<'a> {
    /// Stands in the entry of everybody who is told: the paper behind it and the run.
    pub reference: &'a str,
    /// Fields that the file has a column for: all are compared.
    pub given: FieldSet,
    /// Rows of the file.
    pub rows: u64,
}

/// What came of a page of pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldPairs {
    /// For each pair from the first on, its entry in the log; none where the person's will stands against it, which looks like
    /// a row that is nobody's. Fewer than were given when the limit of the day is used up.
    pub entries: Vec<Option<u64>>,
    /// Fields of which it may be told whether they agree.
    pub fields: FieldSet,
}

impl VerifyService {
    /// Whether a caller may have a file with columns of these fields matched now; gives the fields of which it is told whether
    /// they agree.
    pub fn check_file(
        &self,
        caller: &Caller,
        (given, rows): (FieldSet, u64),
    ) -> Result<FieldSet, VerifyError> {
        let day = self.ledger.counting_day();
        let fields = caller.contract.file_match.map(|terms| terms.fields).unwrap_or_default();
        let wanted = fields.iter().filter(|field| given.contains(*field)).collect();
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        caller
            .check_standing(day)
            .and_then(|()| plan_file_match(caller, day, (given, wanted), rows))
            .map_err(|reason| self.refuse(caller, reason))?;
        Ok(wanted)
    }

    /// Whether so many rows are no more than the answers that the contract has left today. A row that is nobody's is a guess like
    /// any other, so the file must fit whole, and not only what is found of it.
    pub fn check_file_fits(&self, caller: &Caller, rows: u64) -> Result<(), VerifyError> {
        let contract = &caller.contract;
        let used = self.ledger.used_today(contract.id.as_str());
        if used.saturating_add(rows) <= contract.daily_limit.into() {
            return Ok(());
        }
        Err(self.refuse(caller, RefusalReason::DailyLimit).into())
    }

    /// Whether something might be told of a person under the contract: asked of whom a file may mean before anybody looks at the
    /// pair. Counts as no answer.
    pub async fn may_tell(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        fields: FieldSet,
    ) -> Result<bool, StoreError> {
        self.gate.would_pass(caller, number, fields, self.ledger.counting_day()).await
    }

    /// Where this node's log ends: a page of pairs is begun with it.
    pub fn mark(&self, logs: &Logs) -> LogMark {
        LogMark { log: logs.own().number().get(), size: self.ledger.size() }
    }

    /// Tells a page of pairs under a caller's contract, and returns when all entries are durable. Whoever was recorded for this
    /// file behind `resumed_at`, the mark of a page that was broken off, is not recorded again.
    pub async fn tell_pairs(
        &self,
        caller: &Caller,
        file: FileToTell<'_>,
        pairs: &[FilePair],
        resumed_at: Option<(&Arc<Logs>, LogMark)>,
    ) -> Result<ToldPairs, VerifyError> {
        let fields = self.check_file(caller, (file.given, file.rows))?;
        let known = match resumed_at {
            Some((logs, mark)) => {
                told_since(logs, mark, &caller.contract.id, file.reference.to_owned()).await?
            }
            None => HashMap::new(),
        };
        let (mut waiting, mut failed) = (Vec::with_capacity(pairs.len()), None);
        for pair in pairs {
            if let Some(entry) = known.get(&pair.number) {
                waiting.push(Waiting::Known(*entry));
                continue;
            }
            match self.tell_pair(caller, (file, fields), pair).await {
                Ok(Some(told)) => waiting.push(told),
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let mut entries = Vec::with_capacity(waiting.len());
        for told in waiting {
            match told {
                Waiting::Known(entry) => entries.push(Some(entry)),
                Waiting::Withheld => entries.push(None),
                Waiting::Told(told) => match told.await.unwrap_or_else(|_| Err(self.ledger.closed())) {
                    Ok(told) => entries.push(Some(told.entry())),
                    Err(error) => failed = failed.or(Some(error)),
                },
            }
        }
        failed.map_or(Ok(ToldPairs { entries, fields }), |error| Err(error.into()))
    }

    /// Submits one pair to the log; none when the limit of the day is used up.
    async fn tell_pair(
        &self,
        caller: &Caller,
        (file, told): (FileToTell<'_>, FieldSet),
        pair: &FilePair,
    ) -> Result<Option<Waiting>, StoreError> {
        let day = self.ledger.counting_day();
        // Whatever the file gives was compared, told or not: somebody consented to all of it, or is nobody.
        let pass = match self.gate.ask(caller, pair.number, file.given, day).await {
            Ok(pass) => pass,
            Err(Stop::Refused(_)) => return Ok(Some(Waiting::Withheld)),
            Err(Stop::Store(error)) => return Err(error),
        };
        let contract = &caller.contract;
        let place = self.ledger.take_place(contract.id.as_str(), contract.daily_limit.into()).await;
        let reservation = match place {
            Ok(reservation) => reservation,
            Err(NoPlace::Exhausted(_)) => {
                let _ = self.refuse(caller, RefusalReason::DailyLimit);
                return Ok(None);
            }
            Err(NoPlace::Store(error)) => return Err(error),
        };
        let asked = pair.answers().map(|(field, _)| field.as_str()).collect();
        let outcome = pair.answers().filter(|(field, _)| told.contains(*field));
        let outcome = outcome.map(|(field, answer)| (field.as_str(), answer.as_str())).collect();
        let draft = caller.draft(pair.number, asked, outcome, Channel::Office, file.reference);
        let under = Under { product: Some(Product::FileMatch.as_str()), ..pass.under(draft.under) };
        self.ledger.submit(Draft { under, ..draft }, reservation).map(|told| Some(Waiting::Told(told)))
    }
}

/// A pair on its way to the log.
enum Waiting {
    Known(u64),
    Withheld,
    Told(oneshot::Receiver<Result<Disclosed, StoreError>>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn terms(fields: &[Field], rows_max: u32) -> FileMatchTerms {
        FileMatchTerms { fields: fields.iter().copied().collect(), rows_max, second_review: false }
    }

    #[test]
    fn what_the_register_does_not_hold_does_not_differ_and_what_the_row_leaves_blank_is_not_asked() {
        let of = |field: Field| FieldSet::EMPTY.with(field);
        let pair = FilePair {
            number: "001099000017".parse().unwrap(),
            agreed: of(Field::Name),
            differing: of(Field::BirthDate),
            not_held: of(Field::Phone),
        };
        let answers: Vec<(Field, Answer)> = pair.answers().collect();
        assert_eq!(answers.len(), 3, "nothing of the other fields");
        for answer in [
            (Field::Name, Answer::Match),
            (Field::BirthDate, Answer::Differs),
            (Field::Phone, Answer::NotHeld),
        ] {
            assert!(answers.contains(&answer), "{answer:?}");
        }
    }

    #[test]
    fn rows_in_doubt_are_told_in_whole_tens() {
        let today = date(2026, 11, 22);
        for (rows, told) in [(0, 0), (9, 0), (10, 10), (19, 10)] {
            assert_eq!(file_match_doubt_told(rows, today), told);
        }
        assert_eq!(file_match_doubt_told(99, date(1799, 12, 31)), 0, "before any rule");
    }

    #[test]
    fn terms_name_fields_of_the_contract_that_can_be_columns_and_some_rows() {
        let (fields, today) = (Field::ALL.into_iter().collect::<FieldSet>(), date(2026, 11, 22));
        let name_alone = FieldSet::EMPTY.with(Field::Name);
        assert!(terms(&[Field::Name, Field::Phone], 1).are_sound(fields, today));
        assert!(!terms(&[Field::Name, Field::Phone], 1).are_sound(name_alone, today));
        for unsound in [
            terms(&[], 1),
            terms(&[Field::Name], 0),
            terms(&[Field::Name], u32::MAX),
            terms(&[Field::Family], 1),
        ] {
            assert!(!unsound.are_sound(fields, today), "{unsound:?}");
        }
        assert!(!terms(&[Field::Name], 1).are_sound(fields, date(1799, 12, 31)), "before any rule");
    }
}
