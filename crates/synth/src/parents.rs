//! Whose children the persons of a block are.

use crate::{
    calendar::{add_days, add_years, day_number},
    draw::{Draw, Weights},
    person::{Life, Person},
    rates,
};
use dancu_core::Sex;
use dancu_register::MaritalStatus;
use jiff::civil::Date;

/// Neighbours by age that are looked at for a mother.
const CANDIDATES: usize = 80;

/// A woman with room for children.
struct Mother {
    person: usize,
    children_left: usize,
    last_birth: Option<Date>,
}

/// Draws how many children and at what age.
#[derive(Debug)]
pub struct Fertility {
    mother_ages: Weights,
    children: [Weights; 4],
}

impl Fertility {
    /// From the rates.
    pub fn new() -> Self {
        Self {
            mother_ages: Weights::new(rates::MOTHER_AGES.map(|row| row.2)),
            children: rates::CHILDREN.map(|row| Weights::new(row.1)),
        }
    }

    /// Gives everyone, oldest first, the mother whose age fits best, and her husband as father. Those for whom
    /// none is left have parents who died before the register began.
    pub fn give_parents(&self, draw: &mut Draw, people: &mut [Person], today: Date) {
        let mut mothers = self.mothers(draw, people);
        for child in 0..people.len() {
            let (first, last, _) = rates::MOTHER_AGES[draw.weighted(&self.mother_ages)];
            let gap = draw.between(first * 365 + first / 4 + 1, last * 365 + last / 4);
            let wanted = add_days(people[child].born, -gap);
            let place = mothers.partition_point(|mother| people[mother.person].born < wanted);
            let is_minor = people[child].age(today) < 18;
            let found = search(people, &mothers, child, place, Room::Wanted(wanted))
                .or_else(|| search(people, &mothers, child, place, Room::Any).filter(|_| is_minor))
                .or_else(|| search(people, &mothers, child, place, Room::Crowded).filter(|_| is_minor));
            if let Some(index) = found {
                let mother = &mut mothers[index];
                mother.children_left = mother.children_left.saturating_sub(1);
                mother.last_birth = Some(people[child].born);
                people[child].mother = Some(mother.person);
                people[child].father = people[mother.person].partner;
            }
        }
    }

    fn mothers(&self, draw: &mut Draw, people: &[Person]) -> Vec<Mother> {
        let mut mothers = Vec::new();
        for (person, woman) in people.iter().enumerate().filter(|(_, person)| person.sex == Sex::Female) {
            let cohort = rates::CHILDREN.iter().position(|row| woman.born.year() < row.0).unwrap_or(3);
            let children_left = draw.weighted(&self.children[cohort]);
            let is_mother = woman.status != MaritalStatus::Single || draw.chance(rates::SINGLE_MOTHERS);
            if is_mother && children_left > 0 {
                mothers.push(Mother { person, children_left, last_birth: None });
            }
        }
        mothers
    }
}

/// Which mothers come into question.
#[derive(Clone, Copy)]
enum Room {
    /// Those with room for a child, born within [`rates::MOTHER_BIRTH_DAYS`] of a day. Without that bound, the
    /// eldest of a block, whose mothers are long dead, would take the mothers of the next, and so on down.
    Wanted(Date),
    /// Those with room for a child.
    Any,
    /// All.
    Crowded,
}

impl Room {
    fn admits(self, people: &[Person], mother: &Mother) -> bool {
        match self {
            Self::Crowded => true,
            Self::Any => mother.children_left > 0,
            Self::Wanted(day) => {
                let distance = day_number(people[mother.person].born).abs_diff(day_number(day));
                mother.children_left > 0 && distance <= rates::MOTHER_BIRTH_DAYS
            }
        }
    }
}

/// The fitting mother nearest to a place in the list.
fn search(people: &[Person], mothers: &[Mother], child: usize, place: usize, room: Room) -> Option<usize> {
    for step in 0..CANDIDATES {
        let half = step / 2;
        let index = if step % 2 == 0 { Some(place + half) } else { place.checked_sub(half + 1) };
        let Some((index, mother)) = index.and_then(|at| mothers.get(at).map(|mother| (at, mother))) else {
            continue;
        };
        if room.admits(people, mother) && fits(people, mother, child) {
            return Some(index);
        }
    }
    None
}

fn fits(people: &[Person], mother: &Mother, child: usize) -> bool {
    let born = people[child].born;
    let spaced = mother.last_birth.is_none_or(|last| add_days(last, rates::BIRTH_SPACING_DAYS) <= born);
    let father = people[mother.person].partner;
    spaced
        && could_be_parent(&people[mother.person], born)
        && father.is_none_or(|father| could_be_parent(&people[father], born))
        && !too_near(people, child, mother.person, father)
}

fn could_be_parent(parent: &Person, born: Date) -> bool {
    let alive = match parent.life {
        Life::Dead(day) => born <= day,
        Life::Missing(day) => born < day,
        Life::Alive => true,
    };
    alive
        && add_years(parent.born, rates::PARENT_YEARS_MIN) <= born
        && born <= add_years(parent.born, rates::PARENT_YEARS_MAX)
}

/// Whether these parents would make the child's husband or wife a relative within three generations, whom the law
/// forbids to marry (Law on Marriage and Family 2014, art. 5).
fn too_near(people: &[Person], child: usize, mother: usize, father: Option<usize>) -> bool {
    let Some(partner) = people[child].partner else { return false };
    let mut ours = [Some(mother), father, None, None, None, None];
    add_parents(people, &mut ours);
    let mut theirs = [people[partner].mother, people[partner].father, None, None, None, None];
    add_parents(people, &mut theirs);
    ours.iter().flatten().any(|one| *one == partner || theirs.contains(&Some(*one)))
}

/// Fills the last four places with the parents of the first two.
fn add_parents(people: &[Person], kin: &mut [Option<usize>; 6]) {
    for place in 0..2 {
        if let Some(parent) = kin[place] {
            kin[2 + 2 * place] = people[parent].mother;
            kin[3 + 2 * place] = people[parent].father;
        }
    }
}
