//! Who is married to whom within a block.

use crate::{
    calendar::{add_days, add_years},
    draw::Draw,
    person::{Life, Person},
    rates,
};
use dancu_core::Sex;
use dancu_register::MaritalStatus;
use jiff::civil::Date;

/// Neighbours by age that are looked at for a husband.
const CANDIDATES: usize = 24;

/// Pairs men and women of about matching age, and settles everyone's marital status. Women choose in any order:
/// oldest first, each would take the man that the next one needs.
pub fn marry(draw: &mut Draw, people: &mut [Person], today: Date) {
    let ever_married = |draw: &mut Draw, people: &[Person], sex: Sex, table: &[(i32, u32)]| -> Vec<usize> {
        let of_sex = (0..people.len()).filter(|index| people[*index].sex == sex);
        of_sex.filter(|index| draw.chance(rates::from_age(table, people[*index].age(today)))).collect()
    };
    let mut women = ever_married(draw, people, Sex::Female, &rates::EVER_MARRIED_WOMEN);
    let mut men = ever_married(draw, people, Sex::Male, &rates::EVER_MARRIED_MEN);
    draw.shuffle(&mut women);
    for wife in women {
        match take_husband(draw, people, &mut men, wife, today) {
            Some((husband, on)) => join(draw, people, husband, wife, on),
            None => people[wife].status = status_of_unpaired(draw, &people[wife], today),
        }
    }
    for man in men {
        people[man].status = status_of_unpaired(draw, &people[man], today);
    }
}

/// Takes the man out of `men` whose age fits best, and says on which day they married.
fn take_husband(
    draw: &mut Draw,
    people: &[Person],
    men: &mut Vec<usize>,
    wife: usize,
    today: Date,
) -> Option<(usize, Date)> {
    let (middle, reach) = rates::HUSBAND_OLDER_DAYS;
    let wanted = add_days(people[wife].born, -draw.around(middle, reach));
    let place = men.partition_point(|man| people[*man].born < wanted);
    for step in 0..CANDIDATES {
        // Right and left of the wanted birth date in turn.
        let half = step / 2;
        let position = if step % 2 == 0 { Some(place + half) } else { place.checked_sub(half + 1) };
        let Some((position, man)) = position.and_then(|at| men.get(at).map(|man| (at, *man))) else {
            continue;
        };
        if let Some((first, last)) = marriage_window(&people[man], &people[wife], today) {
            men.remove(position);
            let latest = add_days(first, draw.between(0, 3_000)).min(last);
            return Some((man, latest));
        }
    }
    None
}

/// The days on which the two could have married: both of age and alive. `None` when their ages do not match.
fn marriage_window(man: &Person, woman: &Person, today: Date) -> Option<(Date, Date)> {
    let (youngest, oldest) = rates::HUSBAND_YEARS;
    let fits = man.born <= add_years(woman.born, -youngest) && man.born >= add_years(woman.born, -oldest);
    let first =
        add_years(man.born, rates::MARRIAGE_AGE_MEN).max(add_years(woman.born, rates::MARRIAGE_AGE_WOMEN));
    let last = man.last_day(today).min(woman.last_day(today));
    (fits && first <= last).then_some((first, last))
}

fn join(draw: &mut Draw, people: &mut [Person], husband: usize, wife: usize, on: Date) {
    for (one, other) in [(husband, wife), (wife, husband)] {
        people[one].partner = Some(other);
        people[one].married_on = Some(on);
        people[one].status = MaritalStatus::Married;
    }
    match (people[husband].life, people[wife].life) {
        (Life::Dead(his), Life::Dead(hers)) => {
            let survivor = if his < hers { wife } else { husband };
            people[survivor].status = MaritalStatus::Widowed;
        }
        (Life::Dead(_), _) => people[wife].status = MaritalStatus::Widowed,
        (_, Life::Dead(_)) => people[husband].status = MaritalStatus::Widowed,
        _ => {
            if draw.chance(rates::DIVORCED) {
                people[husband].status = MaritalStatus::Divorced;
                people[wife].status = MaritalStatus::Divorced;
            }
        }
    }
}

/// Those without a partner in the file: the old are mostly widowed, the young mostly single.
fn status_of_unpaired(draw: &mut Draw, person: &Person, today: Date) -> MaritalStatus {
    let (widowed, divorced) = match (person.sex, person.age(today)) {
        (Sex::Female, 60..) => (8_800, 500),
        (Sex::Male, 60..) => (6_000, 1_500),
        (Sex::Female, 40..60) => (3_800, 3_200),
        (Sex::Male, 40..60) => (1_200, 3_800),
        (_, 25..40) => (100, 700),
        _ => (0, 0),
    };
    match draw.below(10_000) {
        drawn if drawn < widowed => MaritalStatus::Widowed,
        drawn if drawn < widowed + divorced => MaritalStatus::Divorced,
        _ => MaritalStatus::Single,
    }
}
