//! A disclosure: who learnt what about whom, why, and under which contract.

use crate::hash::{Hash, commitment};
use dancu_core::PersonalNumber;
use jiff::{Timestamp, ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, fmt};

/// The version of the record's shape.
pub const RECORD_VERSION: u8 = 1;

/// Where the question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// By software, through the API.
    Api,
    /// By a person at a reception desk.
    Reception,
    /// By an officer of the authority that keeps the register.
    Office,
}

/// Who asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation<T = String> {
    /// Stable identifier.
    pub id: T,
    /// Name on the day of the disclosure, for the citizen to read.
    pub name: T,
}

/// One disclosure. Its compact JSON, byte for byte, is what is stored, hashed and shown to the citizen.
///
/// `T` is the kind of text: borrowed on the way in, owned on the way out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record<T = String> {
    /// Shape of this record: [`RECORD_VERSION`].
    pub version: u8,
    /// When it was disclosed, UTC with six decimals. Never decreases along the log.
    #[serde(serialize_with = "micros::write")]
    pub time: Timestamp,
    /// The day in Viet Nam whose limit it was counted against.
    pub counted_on: Date,
    /// Who asked.
    pub organisation: Organisation<T>,
    /// The software or desk of the organisation.
    pub client: T,
    /// The contract that allowed it.
    pub contract: T,
    /// About whom.
    pub subject: PersonalNumber,
    /// Code of the purpose.
    pub purpose: T,
    /// The law that allows it.
    pub legal_basis: T,
    /// The fields that were asked.
    pub asked: Vec<T>,
    /// What was answered: (field, answer), in the order of the answer.
    pub outcome: Vec<(T, T)>,
    /// Where it was asked.
    pub channel: Channel,
    /// The asker's own reference or the correlation identifier.
    pub reference: T,
    /// The person's consent under which it was asked; left out where the law itself is the basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<T>,
    /// First day on which the person sees it; left out where that is at once. It is hashed with the rest, so that nobody
    /// puts it off later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_from: Option<Date>,
    /// The product that was asked for; left out for a verification, and where our own officers look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<T>,
    /// The court's order that stood about the person: while it stands the person does not see it. Hashed with the rest, so
    /// that no order is put behind a record later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<T>,
}

impl<T> fmt::Debug for Record<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Record(…)")
    }
}

/// What the asking room knows of a disclosure. The ledger adds time, counting day, contract and salt.
#[derive(Clone)]
pub struct Draft<'a> {
    /// Identifier of the organisation that asked.
    pub organisation_id: &'a str,
    /// Its name.
    pub organisation_name: &'a str,
    /// Its client.
    pub client: &'a str,
    /// About whom.
    pub subject: PersonalNumber,
    /// Code of the purpose.
    pub purpose: &'a str,
    /// The law that allows it.
    pub legal_basis: &'a str,
    /// The fields that were asked.
    pub asked: Vec<&'a str>,
    /// What is answered: (field, answer).
    pub outcome: Vec<(&'a str, &'a str)>,
    /// Where it was asked.
    pub channel: Channel,
    /// The asker's own reference or the correlation identifier.
    pub reference: &'a str,
    /// What holds beside the law.
    pub under: Under<'a>,
}

/// What holds of a disclosure beside the law. Nothing, as a rule: then the record says nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Under<'a> {
    /// The person's consent.
    pub consent: Option<&'a str>,
    /// Days before the person sees it; 0 for at once.
    pub delay_days: u16,
    /// The product, where it is another than a verification.
    pub product: Option<&'a str>,
    /// The court's order that stands about the person.
    pub order: Option<&'a str>,
}

impl fmt::Debug for Draft<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draft(…)")
    }
}

/// A record in its stored bytes, with its salt and commitment.
#[derive(Clone)]
pub(crate) struct SealedRecord {
    pub bytes: Vec<u8>,
    pub salt: [u8; 32],
    pub commitment: Hash,
    pub time_us: i64,
}

/// The bytes before the time in every record; the time that follows has always 27 characters.
const BEFORE_TIME: &str = r#"{"version":1,"time":""#;
const TIME_LENGTH: usize = "2026-11-21T02:00:00.000000Z".len();

impl SealedRecord {
    pub fn new(draft: Draft<'_>, contract: &str, counted_on: Date, time: Timestamp, salt: [u8; 32]) -> Self {
        let record = Record {
            version: RECORD_VERSION,
            time,
            counted_on,
            organisation: Organisation { id: draft.organisation_id, name: draft.organisation_name },
            client: draft.client,
            contract,
            subject: draft.subject,
            purpose: draft.purpose,
            legal_basis: draft.legal_basis,
            asked: draft.asked,
            outcome: draft.outcome,
            channel: draft.channel,
            reference: draft.reference,
            consent: draft.under.consent,
            visible_from: visible_from(counted_on, draft.under.delay_days),
            product: draft.under.product,
            order: draft.under.order,
        };
        let bytes = record.to_bytes();
        Self { commitment: commitment(&salt, &bytes), bytes, salt, time_us: time.as_microsecond() }
    }

    /// Moves the time forward to `time_us`, so that times never decrease along the log: two callers may read
    /// the clock in one order and reach the queue in the other, and the clock may step back.
    pub fn restamp(&mut self, time_us: i64) {
        let Ok(time) = Timestamp::from_microsecond(time_us) else { return };
        let span = BEFORE_TIME.len()..BEFORE_TIME.len() + TIME_LENGTH;
        self.bytes[span].copy_from_slice(format!("{time:.6}").as_bytes());
        self.time_us = time_us;
        self.commitment = commitment(&self.salt, &self.bytes);
    }
}

/// The first day on which a person sees what was disclosed on a day; `None` for at once.
fn visible_from(counted_on: Date, delay_days: u16) -> Option<Date> {
    (delay_days > 0).then(|| counted_on.saturating_add(i64::from(delay_days).days()))
}

impl<T: AsRef<str>> Record<T> {
    /// Whether the person sees it on a day on which these courts' orders stand about them.
    pub fn is_visible_on(&self, day: Date, orders: &HashSet<String>) -> bool {
        let is_due = self.visible_from.is_none_or(|from| from <= day);
        is_due && !self.order.as_ref().is_some_and(|order| orders.contains(order.as_ref()))
    }
}

impl<T: Serialize> Record<T> {
    /// The bytes that are stored and hashed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(640);
        serde_json::to_writer(&mut bytes, self).expect("a record is plain JSON and memory takes every byte");
        bytes
    }
}

impl Record {
    /// Reads a stored record.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }
}

mod micros {
    use jiff::Timestamp;
    use serde::Serializer;

    pub fn write<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{time:.6}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft<'static> {
        Draft {
            organisation_id: "H175",
            organisation_name: "Bệnh viện Quân y 175",
            client: "h175-desk",
            subject: "001085000001".parse().unwrap(),
            purpose: "patient_admission",
            legal_basis: "Luật Khám bệnh, chữa bệnh 2023",
            asked: vec!["name", "birth_date"],
            outcome: vec![("name", "match"), ("birth_date", "differs")],
            channel: Channel::Reception,
            reference: "visit \"7\"",
            under: Under::default(),
        }
    }

    fn sealed(time: &str) -> SealedRecord {
        SealedRecord::new(draft(), "C-1", jiff::civil::date(2026, 11, 21), time.parse().unwrap(), [7; 32])
    }

    #[test]
    fn the_bytes_are_compact_json_in_a_fixed_order_and_read_back() {
        let sealed = sealed("2026-11-21T02:00:00.5Z");
        let text = std::str::from_utf8(&sealed.bytes).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"version":1,"time":"2026-11-21T02:00:00.500000Z","counted_on":"2026-11-21","#,
                r#""organisation":{"id":"H175","name":"Bệnh viện Quân y 175"},"client":"h175-desk","#,
                r#""contract":"C-1","subject":"001085000001","purpose":"patient_admission","#,
                r#""legal_basis":"Luật Khám bệnh, chữa bệnh 2023","asked":["name","birth_date"],"#,
                r#""outcome":[["name","match"],["birth_date","differs"]],"channel":"reception","#,
                r#""reference":"visit \"7\""}"#
            )
        );
        let read = Record::from_bytes(&sealed.bytes).unwrap();
        assert_eq!(read.to_bytes(), sealed.bytes);
        assert_eq!(read.outcome[1], ("birth_date".into(), "differs".into()));
        assert_eq!(sealed.commitment, commitment(&[7; 32], &sealed.bytes));
    }

    #[test]
    fn what_holds_beside_the_law_stands_at_the_end_and_only_then() {
        let under =
            Under { consent: Some("0a1b"), delay_days: 41, product: Some("fetch"), order: Some("o-1") };
        let day = jiff::civil::date(2026, 11, 21);
        let time = "2026-11-21T02:00:00Z".parse().unwrap();
        let consented = SealedRecord::new(Draft { under, ..draft() }, "C-1", day, time, [7; 32]);
        let text = std::str::from_utf8(&consented.bytes).unwrap();
        assert!(
            text.ends_with(
                r#""reference":"visit \"7\"","consent":"0a1b","visible_from":"2027-01-01","product":"fetch","order":"o-1"}"#
            ),
            "{text}"
        );
        let read = Record::from_bytes(&consented.bytes).unwrap();
        assert_eq!((read.consent.as_deref(), read.to_bytes()), (Some("0a1b"), consented.bytes));
        for (day, expected) in [("2026-12-31", false), ("2027-01-01", true), ("2027-01-02", true)] {
            let day = day.parse().unwrap();
            assert_eq!(read.is_visible_on(day, &HashSet::new()), expected, "{day}");
            assert!(!read.is_visible_on(day, &HashSet::from(["o-1".to_owned()])), "while the order stands");
            assert_eq!(read.is_visible_on(day, &HashSet::from(["o-2".to_owned()])), expected);
        }
        assert_eq!(Record::from_bytes(&sealed("2026-11-21T02:00:00Z").bytes).unwrap().consent, None);
    }

    #[test]
    fn a_moved_time_gives_the_record_of_that_time() {
        for time in ["2026-11-21T02:00:00Z", "2026-11-21T02:00:00.000001Z"] {
            let mut moved = sealed(time);
            let later: Timestamp = "2027-01-01T00:00:00.25Z".parse().unwrap();
            moved.restamp(later.as_microsecond());
            let direct = sealed("2027-01-01T00:00:00.25Z");
            assert_eq!(moved.bytes, direct.bytes);
            assert_eq!(moved.commitment, direct.commitment);
            assert_eq!(moved.time_us, direct.time_us);
        }
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", draft()), "Draft(…)");
        assert_eq!(
            format!("{:?}", Record::from_bytes(&sealed("2026-11-21T02:00:00Z").bytes).unwrap()),
            "Record(…)"
        );
    }
}
