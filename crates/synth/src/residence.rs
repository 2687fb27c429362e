//! Permanent and temporary residence, and moves.

use crate::{
    calendar::{add_days, add_years},
    draw::Draw,
    error::SynthError,
    geography::{Geography, Home},
    household::{self, Households},
    numbers::Numbers,
    person::Person,
    rates,
};
use dancu_core::CommuneCode;
use dancu_register::Relation;
use jiff::civil::{Date, date};

/// Moves before this day are not in the file.
const MOVES_SINCE: Date = date(1990, 1, 1);

/// Where a household lives.
pub struct Site {
    number: u64,
    home: Home,
    address: String,
    since: Date,
    /// Where it lived before.
    before: Option<(Home, String)>,
}

impl Site {
    /// The commune in which a child of the household was born: this one from the move on, else the family's.
    pub fn home_on(&self, day: Date, family: Home) -> Home {
        if self.before.is_some() && self.since <= day { self.home } else { family }
    }
}

/// A place with the first day there.
pub struct Stay {
    /// Commune.
    pub commune: CommuneCode,
    /// Address below the commune.
    pub address: String,
    /// First day.
    pub since: Date,
}

/// What a row says of residence.
pub struct Residence {
    /// Permanent residence; of the dead, the last.
    pub permanent: Stay,
    /// Number of the household and relation to its head; none for the dead and the missing.
    pub household: Option<(u64, Relation)>,
    /// Permanent residence before the last move, with the code that its commune had on that day.
    pub previous: Option<Stay>,
    /// Temporary residence.
    pub temporary: Option<Stay>,
}

/// Settles every household: at the home of its head's family, or where it moved to.
pub fn sites(
    draw: &mut Draw,
    geography: &Geography,
    numbers: &mut Numbers,
    people: &[Person],
    (households, homes): (&Households, &[Home]),
    today: Date,
) -> Result<Vec<Site>, SynthError> {
    let mut sites = Vec::with_capacity(households.list.len());
    for household in &households.list {
        let head = &people[household.head];
        let family_home = homes[household.head];
        let grown = add_years(head.born, 18);
        let (young, old) = rates::MOVED_FAR;
        let far = if head.age(today) < 60 { young } else { old };
        let destination = match draw.below(10_000) {
            drawn if drawn < far => Some(geography.destination(draw)),
            drawn if drawn < far + rates::MOVED_NEAR => Some(geography.home_in(draw, family_home.province)),
            _ => None,
        };
        let address = geography.address(draw, &family_home);
        let number = numbers.household()?;
        sites.push(match destination {
            Some(home) => Site {
                number,
                home,
                address: geography.address(draw, &home),
                since: draw.day(grown.max(MOVES_SINCE), today),
                before: Some((family_home, address)),
            },
            None => Site {
                number,
                home: family_home,
                address,
                since: head.married_on.unwrap_or(grown),
                before: None,
            },
        });
    }
    Ok(sites)
}

/// One person's residence.
pub fn of(
    draw: &mut Draw,
    geography: &Geography,
    index: usize,
    people: &[Person],
    (households, sites, homes): (&Households, &[Site], &[Home]),
    today: Date,
) -> Residence {
    let person = &people[index];
    if let Some(own) = households.of[index] {
        let site = &sites[own];
        let relation = household::relation(people, households.list[own].head, index);
        let (permanent, previous) = stay(site, person, today);
        let may_be_away = (18..45).contains(&person.age(today));
        let temporary = if may_be_away && draw.chance(rates::TEMPORARY) {
            let home = geography.destination(draw);
            let first = add_days(today, -rates::TEMPORARY_DAYS_MAX);
            let address = geography.address(draw, &home);
            Some(Stay { commune: home.present, address, since: draw.day(first, today) })
        } else {
            None
        };
        return Residence { permanent, household: Some((site.number, relation)), previous, temporary };
    }
    // The dead and the missing lived with their next of kin.
    let children = (index + 1..people.len())
        .filter(|child| people[*child].mother == Some(index) || people[*child].father == Some(index));
    let mut kin = [person.spouse(), person.mother, person.father].into_iter().flatten().chain(children);
    let (permanent, previous) = if let Some(site) = kin.find_map(|one| households.of[one]) {
        stay(&sites[site], person, today)
    } else {
        let address = geography.address(draw, &homes[index]);
        (Stay { commune: homes[index].present, address, since: person.born }, None)
    };
    Residence { permanent, household: None, previous, temporary: None }
}

/// The stay at a site and the one before the household's move, as far as the person lived to see it.
fn stay(site: &Site, person: &Person, today: Date) -> (Stay, Option<Stay>) {
    let here = |since| Stay { commune: site.home.present, address: site.address.clone(), since };
    let moved_within_life = person.born < site.since && site.since <= person.last_day(today);
    match &site.before {
        Some((home, address)) if moved_within_life => {
            let commune = home.code_on(site.since);
            (here(site.since), Some(Stay { commune, address: address.clone(), since: person.born }))
        }
        Some((home, address)) if site.since > person.last_day(today) => {
            (Stay { commune: home.present, address: address.clone(), since: person.born }, None)
        }
        None if moved_within_life => (here(site.since), None),
        _ => (here(person.born), None),
    }
}
