//! What one row of a file states of a person, and what of it is news to the register.

use crate::{
    believe::Belief,
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

    /// What the register believes anew of a person it knows.
    pub fn news(&self, existing: &[Fact], effective: Date) -> Vec<Belief> {
        self.claims.iter().filter_map(|claim| self.one_news(claim, existing, effective)).collect()
    }

    /// - Known already: no news, unless the row puts its beginning earlier.
    /// - A kind of which nothing is known: as for a new person.
    /// - A begin later than that of the known fact: a change on that day.
    /// - Identity, people and blood group, and a residence or death with the same or an earlier begin: a correction of that
    ///   time.
    /// - Anything else: a change on the day for which the file speaks.
    fn one_news(&self, claim: &Claim, existing: &[Fact], effective: Date) -> Option<Belief> {
        let kind = claim.value.kind();
        let day = claim.until.and_then(|end| end.yesterday().ok()).unwrap_or(effective);
        let known = existing.iter().find(|fact| {
            fact.recorded_to.is_none()
                && fact.value.kind() == kind
                && fact.valid_from <= day
                && fact.valid_to.is_none_or(|end| day < end)
        });
        let Some(known) = known else {
            return (!says_only_alive(claim)).then(|| belief(claim, self.first_day(claim, effective)));
        };
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
