//! What one row of a file states of a person, and what of it is news to the register.

use crate::{
    believe::Belief,
    established::{filled, is_later_change, is_of_event, only_fills, was_taken_back},
    facts::{Fact, FactValue, Life, NumberState},
    kinds::FactKind,
    reject::{RowError, RowFault},
};
use dancu_core::PersonalNumber;
use jiff::civil::Date;

/// One statement of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What is stated.
    pub value: FactValue,
    /// First day, when the row gives it.
    pub since: Option<Date>,
    /// First day on which it no longer held: for a former residence.
    pub until: Option<Date>,
}

/// Everything that a row states. Kinds of which it says nothing are absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Of whom.
    pub number: PersonalNumber,
    /// The first day that the birth date can mean.
    pub born: Date,
    /// The statements; the identity is always among them.
    pub claims: Vec<Claim>,
}

/// What a row means to the register.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// What is believed anew.
    pub beliefs: Vec<Belief>,
    /// What the row says against an event. Nobody believes it; somebody has to look into it.
    pub contradictions: Vec<FactValue>,
}

/// What one claim means.
enum Meaning {
    /// All of it is known.
    Nothing,
    /// A belief.
    Belief(Belief),
    /// An event established something else.
    Contradiction,
}

impl From<Option<Belief>> for Meaning {
    fn from(belief: Option<Belief>) -> Self {
        belief.map_or(Self::Nothing, Self::Belief)
    }
}

impl Claims {
    /// What the register believes of a person it did not know. `effective` is the day for which the file speaks.
    pub fn first_beliefs(&self, effective: Date) -> impl Iterator<Item = Belief> + '_ {
        let stated = self.claims.iter().filter(|claim| !says_only_alive(claim));
        let beliefs = stated.map(move |claim| belief(claim, self.first_day(claim, effective)));
        // A former residence that ended on its first day never held, and would take the place of the next one.
        beliefs.filter(|belief| belief.valid_to.is_none_or(|end| belief.valid_from < end))
    }

    /// The day on which a claim begins when nothing else is known: nobody is born with a card, a telephone or a
    /// spouse, so these begin with the file; identity, home, people and blood group hold from birth as far as anyone knows.
    fn first_day(&self, claim: &Claim, effective: Date) -> Date {
        claim.since.unwrap_or(match claim.value.kind() {
            FactKind::Identity | FactKind::Residence | FactKind::Ethnicity | FactKind::BloodGroup => {
                self.born
            }
            _ => effective,
        })
    }

    /// Whether it states anything of a sealed kind, so that whoever compares it with what is known reads that too.
    pub fn has_sealed(&self) -> bool {
        self.claims.iter().any(|claim| claim.value.kind().is_sealed())
    }

    /// Why the row of a person whom the register knows is not taken: its file has spoken of the person before, or the number
    /// is out of use, so that what the file says would be of nobody.
    pub fn fault(&self, existing: &[Fact], source: &str) -> Option<RowFault> {
        let is_out_of_use = |fact: &Fact| {
            let state = &fact.value;
            let is_gone =
                matches!(state, FactValue::Number(NumberState::Cancelled | NumberState::ReplacedBy(_)));
            is_gone && fact.recorded_to.is_none() && fact.valid_to.is_none()
        };
        let error = if existing.iter().any(|fact| &*fact.source == source) {
            RowError::Duplicate { first_line: None }
        } else if existing.iter().any(is_out_of_use) {
            RowError::OutOfUse
        } else {
            return None;
        };
        Some(RowFault { field: "number", error })
    }

    /// What the register believes anew of a person it knows, and what it does not believe because an event established
    /// something else. The word for it: a finding, never silence.
    pub fn news(&self, existing: &[Fact], effective: Date) -> News {
        let mut news = News::default();
        for claim in &self.claims {
            match self.meaning(claim, existing, effective) {
                Meaning::Nothing => {}
                Meaning::Belief(belief) => news.beliefs.push(belief),
                Meaning::Contradiction => news.contradictions.push(claim.value.clone()),
            }
        }
        news
    }

    /// What one claim means beside everything that is known.
    fn meaning(&self, claim: &Claim, existing: &[Fact], effective: Date) -> Meaning {
        let kind = claim.value.kind();
        let day = claim.until.and_then(|end| end.yesterday().ok()).unwrap_or(effective);
        let known = existing.iter().find(|fact| {
            fact.recorded_to.is_none()
                && fact.value.kind() == kind
                && fact.valid_from <= day
                && fact.valid_to.is_none_or(|end| day < end)
        });
        let meaning = match known {
            None if says_only_alive(claim) => Meaning::Nothing,
            None if was_taken_back(existing, &claim.value) => Meaning::Contradiction,
            None => Meaning::Belief(belief(claim, self.first_day(claim, effective))),
            Some(known) if is_of_event(known, existing) => against_event(claim, known, existing),
            Some(known) => self.one_news(claim, known, effective).into(),
        };
        match meaning {
            Meaning::Belief(belief) => beside_events(belief, known, existing, day),
            other => other,
        }
    }

    /// What a claim means to what another file said.
    ///
    /// - Known already: no news, unless the row puts its beginning earlier.
    /// - A begin later than that of the known fact: a change on that day.
    /// - Identity, people and blood group, and a residence or death with the same or an earlier begin: a correction of that
    ///   time.
    /// - Anything else: a change on the day for which the file speaks.
    fn one_news(&self, claim: &Claim, known: &Fact, effective: Date) -> Option<Belief> {
        let kind = claim.value.kind();
        if claim.until.is_some() && same_place(&known.value, &claim.value) {
            // Rows name a former residence without its household; what is known says more.
            return None;
        }
        let claim = &Claim { value: complete(&claim.value, &known.value), ..*claim };
        if known.value == claim.value {
            let begin = claim.since.filter(|since| *since < known.valid_from)?;
            return Some(belief(claim, begin));
        }
        let begin = match (kind, claim.since) {
            (_, Some(since)) if since > known.valid_from => since,
            (FactKind::Identity | FactKind::Ethnicity | FactKind::BloodGroup, _) => {
                self.born.min(known.valid_from)
            }
            (FactKind::Residence, Some(since)) => since,
            (FactKind::Life, _) => match (&claim.value, &known.value) {
                (FactValue::Life(Life::Alive), FactValue::Life(Life::Dead { .. })) => known.valid_from,
                (_, _) => claim.since.unwrap_or(effective),
            },
            _ => effective,
        };
        Some(belief(claim, begin))
    }
}

/// What a claim means to a row that an event established: what it leaves open may be filled in, a later day is a change,
/// anything else contradicts the event.
fn against_event(claim: &Claim, known: &Fact, existing: &[Fact]) -> Meaning {
    if claim.until.is_some() {
        return if same_place(&known.value, &claim.value) {
            Meaning::Nothing
        } else {
            Meaning::Contradiction
        };
    }
    let value = filled(&claim.value, &known.value);
    if value == known.value {
        // The days before the event are the file's to tell.
        let earlier = claim.since.filter(|since| *since < known.valid_from);
        return earlier
            .map(|since| Belief { value, valid_from: since, valid_to: Some(known.valid_from) })
            .into();
    }
    match claim.since {
        Some(since) if is_later_change(known, &claim.value, since) => Meaning::Belief(Belief {
            value: moved(&claim.value, &known.value),
            valid_from: since,
            valid_to: None,
        }),
        _ if only_fills(known, &value, existing) => {
            Meaning::Belief(Belief { value, valid_from: known.valid_from, valid_to: known.valid_to })
        }
        _ => Meaning::Contradiction,
    }
}

/// A belief beside the events on its other days: what a file says for its day holds until the next event, and does not
/// reach over an earlier one.
fn beside_events(mut belief: Belief, known: Option<&Fact>, existing: &[Fact], day: Date) -> Meaning {
    let kind = belief.value.kind();
    let is_other = |fact: &&Fact| {
        fact.recorded_to.is_none()
            && fact.value.kind() == kind
            && known.is_none_or(|known| !std::ptr::eq(known, *fact))
            && fact.valid_to.is_none_or(|end| belief.valid_from < end)
            && belief.valid_to.is_none_or(|end| fact.valid_from < end)
            && is_of_event(fact, existing)
    };
    let mut next = belief.valid_to;
    for fact in existing.iter().filter(is_other) {
        // Whoever died by an event did not die otherwise before it.
        if kind == FactKind::Life && fact.value == belief.value {
            return Meaning::Nothing;
        }
        if fact.valid_from <= day || kind == FactKind::Life {
            return Meaning::Contradiction;
        }
        next = Some(next.map_or(fact.valid_from, |next| next.min(fact.valid_from)));
    }
    belief.valid_to = next;
    Meaning::Belief(belief)
}

/// A later residence with the temporary one that an event registered: a file without one does not end it.
fn moved(claimed: &FactValue, known: &FactValue) -> FactValue {
    match (complete(claimed, known), known) {
        (FactValue::Residence(mut claimed), FactValue::Residence(known)) => {
            claimed.temporary = claimed.temporary.or_else(|| known.temporary.clone());
            FactValue::Residence(claimed)
        }
        (claimed, _) => claimed,
    }
}

/// The claim's value with what files of persons do not carry, as it is known.
fn complete(claimed: &FactValue, known: &FactValue) -> FactValue {
    match (claimed.clone(), known) {
        (FactValue::Residence(mut claimed), FactValue::Residence(known)) => {
            claimed.file_number = claimed.file_number.or_else(|| known.file_number.clone());
            FactValue::Residence(claimed)
        }
        (FactValue::Card(mut claimed), FactValue::Card(known)) if claimed.issued == known.issued => {
            claimed.issued_by = claimed.issued_by.or_else(|| known.issued_by.clone());
            FactValue::Card(claimed)
        }
        (claimed, _) => claimed,
    }
}

/// Alive is what the register takes a person for, so it is stated only against another statement.
fn says_only_alive(claim: &Claim) -> bool {
    matches!(claim.value, FactValue::Life(Life::Alive))
}

fn same_place(a: &FactValue, b: &FactValue) -> bool {
    match (a, b) {
        (FactValue::Residence(a), FactValue::Residence(b)) => {
            a.permanent_commune == b.permanent_commune && a.permanent_address == b.permanent_address
        }
        _ => false,
    }
}

fn belief(claim: &Claim, valid_from: Date) -> Belief {
    Belief { value: claim.value.clone(), valid_from, valid_to: claim.until }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Contact, Residence};
    use jiff::civil::date;

    #[test]
    fn nobody_is_born_with_a_telephone() {
        let undated = |value| Claim { value, since: None, until: None };
        let contact = Contact { phone: Some("0900000000".to_owned()), email: None };
        let home = Residence {
            permanent_commune: Some("00004".parse().unwrap()),
            permanent_address: None,
            household: None,
            relation_to_head: None,
            temporary: None,
            file_number: None,
        };
        let claims = Claims {
            number: "001085000001".parse().unwrap(),
            born: date(1985, 5, 2),
            claims: vec![undated(FactValue::Contact(contact)), undated(FactValue::Residence(home))],
        };
        let begins: Vec<Date> =
            claims.first_beliefs(date(2026, 11, 21)).map(|belief| belief.valid_from).collect();
        assert_eq!(begins, [date(2026, 11, 21), date(1985, 5, 2)]);
    }
}
