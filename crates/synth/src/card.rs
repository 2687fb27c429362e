//! Citizen cards: when issued, until when, in which state.

use crate::{
    calendar::{add_days, add_years},
    draw::Draw,
    error::SynthError,
    person::Person,
    rates, tables,
};
use dancu_register::CardState;
use jiff::civil::Date;

/// One person's card.
#[derive(Clone, Copy)]
pub struct Card {
    /// Day of issue; none while it is being made.
    pub issued: Option<Date>,
    /// Last day; none for a card without expiry.
    pub expires: Option<Date>,
    /// State.
    pub state: CardState,
}

struct Threshold {
    age: i16,
    /// Cards issued within so many years before this age run to the next one.
    skipped_within_years: i16,
    valid_from: Date,
    valid_to: Option<Date>,
}

/// Ages at which a card is renewed, as the law had them on each day.
pub struct RenewalAges(Vec<Threshold>);

impl RenewalAges {
    /// Reads `age,skipped_within_years,valid_from,valid_to,legal_reference`; ages ascend within one law.
    pub fn new() -> Result<Self, SynthError> {
        let rows =
            tables::rows("card_renewal_ages.csv", include_str!("../../../data/card_renewal_ages.csv"))?;
        let thresholds = rows.iter().map(|row| {
            let valid_to = if row.text(3).is_empty() { None } else { Some(row.value(3)?) };
            let (age, skipped_within_years) = (row.value(0)?, row.value(1)?);
            Ok(Threshold { age, skipped_within_years, valid_from: row.value(2)?, valid_to })
        });
        Ok(Self(thresholds.collect::<Result<_, SynthError>>()?))
    }

    /// The last day of a card, by the law of the day of issue; none when it runs without end.
    pub fn expiry(&self, born: Date, issued: Date) -> Option<Date> {
        let mut in_law = self.0.iter().filter(|threshold| {
            threshold.valid_from <= issued && threshold.valid_to.is_none_or(|end| issued < end)
        });
        in_law
            .find(|threshold| issued < add_years(born, threshold.age - threshold.skipped_within_years))
            .map(|threshold| add_years(born, threshold.age))
    }

    /// The person's card, if any.
    pub fn draw(&self, draw: &mut Draw, person: &Person, today: Date) -> Option<Card> {
        let last_day = person.last_day(today);
        let card = if person.age(today) < 14 {
            self.draw_for_child(draw, person, last_day)?
        } else {
            self.draw_for_adult(draw, person, last_day)?
        };
        // The card of a dead person is withdrawn, whatever it was before.
        let state = if person.is_dead() { CardState::Revoked } else { card.state };
        let being_made = card.issued.is_none() && person.is_dead();
        (!being_made).then_some(Card { state, ..card })
    }

    fn draw_for_child(&self, draw: &mut Draw, person: &Person, last_day: Date) -> Option<Card> {
        let (small, big) = rates::CARD_CHILDREN;
        let age = crate::calendar::age_on(person.born, last_day);
        let first = rates::CHILDREN_CARDS_SINCE.max(add_days(person.born, 60));
        if first > last_day || !draw.chance(if age < 6 { small } else { big }) {
            return None;
        }
        let issued = draw.day(first, last_day);
        Some(self.finished(draw, person.born, issued, last_day))
    }

    fn draw_for_adult(&self, draw: &mut Draw, person: &Person, last_day: Date) -> Option<Card> {
        let at_14 = add_years(person.born, 14);
        let is_new = add_days(at_14, 365) > last_day;
        if !draw.chance(if is_new { rates::CARD_AT_14 } else { rates::CARD }) {
            let state = if draw.chance(5_000) { CardState::InProduction } else { CardState::Requested };
            return draw.chance(1_500).then_some(Card { issued: None, expires: None, state });
        }
        let first = at_14.max(rates::CARDS_SINCE);
        let (campaign, before) = rates::CARD_ERAS;
        let drawn = match draw.below(10_000) {
            drawn if drawn < campaign => draw.day(rates::CARD_CAMPAIGN.0, rates::CARD_CAMPAIGN.1),
            drawn if drawn < campaign + before => draw.day(rates::CARDS_SINCE, rates::CARD_CAMPAIGN.0),
            _ => draw.day(rates::CARD_CAMPAIGN.1, last_day),
        };
        let drawn = if drawn < first { add_days(first, draw.between(0, 200)) } else { drawn };
        let mut issued = drawn.min(last_day);
        // Renewed about the day it ends, again and again, until one reaches the last day or is let lapse.
        while let Some(end) = self.expiry(person.born, issued).filter(|end| *end < last_day) {
            if !draw.chance(rates::CARD_RENEWED) {
                break;
            }
            issued = add_days(end, draw.between(-60, 120)).min(last_day);
        }
        Some(self.finished(draw, person.born, issued, last_day))
    }

    fn finished(&self, draw: &mut Draw, born: Date, issued: Date, last_day: Date) -> Card {
        let expires = self.expiry(born, issued);
        let (lost, damaged, held, cancelled) = rates::CARD_STATES;
        let (new, old) = rates::CARD_NOT_HANDED_OVER;
        let waiting = if add_days(issued, 90) > last_day { new } else { old };
        let drawn = draw.below(10_000);
        let state = if expires.is_some_and(|end| end < last_day) {
            CardState::Expired
        } else if drawn < lost {
            CardState::Lost
        } else if drawn < lost + damaged {
            CardState::Damaged
        } else if drawn < lost + damaged + held {
            CardState::Held
        } else if drawn < lost + damaged + held + cancelled {
            CardState::Cancelled
        } else if draw.chance(waiting) {
            CardState::Issued
        } else {
            CardState::HandedOver
        };
        Card { issued: Some(issued), expires, state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_card_runs_to_the_next_threshold_but_one_if_that_is_within_two_years() {
        let ages = RenewalAges::new().unwrap();
        let born = date(1990, 5, 20);
        assert_eq!(ages.expiry(born, date(2021, 3, 1)), Some(date(2030, 5, 20)));
        assert_eq!(ages.expiry(born, date(2028, 5, 19)), Some(date(2030, 5, 20)));
        assert_eq!(ages.expiry(born, date(2028, 5, 20)), Some(date(2050, 5, 20)));
        assert_eq!(ages.expiry(born, date(2048, 5, 20)), None, "from 58 on without expiry");
        let child = date(2015, 1, 1);
        assert_eq!(ages.expiry(child, date(2025, 1, 1)), Some(date(2029, 1, 1)));
        assert_eq!(ages.expiry(child, date(2027, 1, 1)), Some(date(2040, 1, 1)));
        // By the law of 2014 fourteen was no threshold: cards began there.
        assert_eq!(ages.expiry(date(2009, 1, 1), date(2023, 6, 1)), Some(date(2034, 1, 1)));
    }
}
