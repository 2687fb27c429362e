//! Checks on a row as a whole. What cannot be is a fault and the row is rejected; what contradicts itself but can
//! be is a warning, because the register, not the number, says who a person is.

use crate::{
    claims::Claims,
    facts::{Card, FactValue, Family, Identity, Life},
    reject::{RowError, RowFault},
};
use jiff::civil::Date;

/// A contradiction in a row that was taken all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Warning {
    /// The number was issued for the other sex.
    SexDiffersFromNumber,
    /// The number was issued for another birth year.
    BirthYearDiffersFromNumber,
    /// The card is stated for a day after the death.
    CardIssuedAfterDeath,
}

/// Checks the order of the days and the relatives; returns what is odd.
///
/// `effective` is the day for which the file speaks.
pub fn check(claims: &Claims, effective: Date) -> Result<Vec<Warning>, RowFault> {
    if claims.born > effective {
        return Err(fault("birth_date", RowError::InTheFuture));
    }
    let mut warnings = Vec::new();
    let mut death = None;
    for claim in &claims.claims {
        match &claim.value {
            FactValue::Identity(identity) => warnings.extend(number_agrees(claims, identity)),
            FactValue::Family(family) => check_family(claims, family)?,
            FactValue::Residence(residence) => {
                let column = if claim.until.is_some() { "previous_since" } else { "permanent_since" };
                within_life(claims, column, claim.since, effective)?;
                // The former residence ends on the day from which the present one holds, which is checked with that.
                let temporary = residence.temporary.as_ref().and_then(|temporary| temporary.since);
                within_life(claims, "temporary_since", temporary, effective)?;
                if let (Some(since), Some(until)) = (claim.since, claim.until)
                    && until < since
                {
                    return Err(fault("permanent_since", RowError::Before { other: "previous_since" }));
                }
            }
            FactValue::Card(card) => check_card(claims, card, effective)?,
            FactValue::Life(Life::Dead { date: day } | Life::Missing { since: day }) => {
                within_life(claims, "life_date", *day, effective)?;
                if let FactValue::Life(Life::Dead { date }) = &claim.value {
                    death = *date;
                }
            }
            _ => {}
        }
    }
    let issued = claims.claims.iter().find_map(|claim| match &claim.value {
        FactValue::Card(card) => card.issued,
        _ => None,
    });
    if death.is_some_and(|death| issued.is_some_and(|issued| issued > death)) {
        warnings.push(Warning::CardIssuedAfterDeath);
    }
    Ok(warnings)
}

fn fault(field: &'static str, error: RowError) -> RowFault {
    RowFault { field, error }
}

/// A day lies neither before the birth nor after the day for which the file speaks: what is to come is no fact yet.
fn within_life(
    claims: &Claims,
    field: &'static str,
    day: Option<Date>,
    effective: Date,
) -> Result<(), RowFault> {
    match day {
        Some(day) if day < claims.born => Err(fault(field, RowError::Before { other: "birth_date" })),
        Some(day) if day > effective => Err(fault(field, RowError::InTheFuture)),
        _ => Ok(()),
    }
}

fn check_card(claims: &Claims, card: &Card, effective: Date) -> Result<(), RowFault> {
    within_life(claims, "card_issued", card.issued, effective)?;
    match (card.issued, card.expires) {
        (Some(issued), Some(expires)) if expires < issued => {
            Err(fault("card_expires", RowError::Before { other: "card_issued" }))
        }
        _ => Ok(()),
    }
}

fn check_family(claims: &Claims, family: &Family) -> Result<(), RowFault> {
    let named = [("father", family.father), ("mother", family.mother), ("spouse", family.spouse)];
    for (place, (field, relative)) in named.into_iter().enumerate() {
        if relative == Some(claims.number) {
            return Err(fault(field, RowError::OwnNumber));
        }
        let same = named[..place].iter().find(|(_, earlier)| earlier.is_some() && *earlier == relative);
        if let Some((other, _)) = same {
            return Err(fault(field, RowError::SameRelative { other }));
        }
    }
    Ok(())
}

fn number_agrees(claims: &Claims, identity: &Identity) -> impl Iterator<Item = Warning> {
    let sex = claims.number.issued_sex() != identity.sex;
    let year = claims.number.issued_birth_year() != identity.birth_date.year();
    [sex.then_some(Warning::SexDiffersFromNumber), year.then_some(Warning::BirthYearDiffersFromNumber)]
        .into_iter()
        .flatten()
}
