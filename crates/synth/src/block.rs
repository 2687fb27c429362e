//! One block: related persons with everything a row says of them.

use crate::{
    calendar::{add_days, add_years},
    card::{Card, RenewalAges},
    draw::Draw,
    error::SynthError,
    geography::{Geography, Home},
    household::{self, Households},
    marriage,
    names::{Names, Surname},
    numbers::Numbers,
    parents::Fertility,
    person::{Person, Population},
    rates,
    residence::{self, Residence},
    tables,
};
use dancu_core::{CommuneCode, OldNumber, PersonalNumber, fold};
use dancu_places::Places;
use jiff::civil::Date;

/// All tables that a country is drawn from.
pub struct Tables {
    population: Population,
    fertility: Fertility,
    geography: Geography,
    names: Names,
    renewal_ages: RenewalAges,
}

impl Tables {
    /// Reads them.
    pub fn new() -> Result<Self, SynthError> {
        Ok(Self {
            population: Population::new(tables::pyramid()?),
            fertility: Fertility::new(),
            geography: Geography::new(Places::national())?,
            names: Names::new()?,
            renewal_ages: RenewalAges::new()?,
        })
    }
}

/// Where and under which number a birth was registered.
pub struct Birth {
    /// The number issued.
    pub number: PersonalNumber,
    /// Commune of birth; none abroad.
    pub place: Option<CommuneCode>,
    /// Commune of registration; none abroad.
    pub registration: Option<CommuneCode>,
}

/// What a row says of a person beyond [`Person`].
pub struct Details {
    /// Number and places of birth.
    pub birth: Birth,
    /// Commune of origin of the family.
    pub origin: CommuneCode,
    /// Old number.
    pub old_number: Option<OldNumber>,
    /// Full name.
    pub name: String,
    /// Where the person lives.
    pub residence: Residence,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// Card.
    pub card: Option<Card>,
}

/// A finished block.
pub struct Block {
    /// Persons, older before younger.
    pub people: Vec<Person>,
    /// The same persons' details.
    pub details: Vec<Details>,
    /// Who lives with whom.
    pub households: Households,
}

/// Makes one block. Nothing but the counts in `numbers` passes from one block to the next.
pub fn make(
    tables: &Tables,
    numbers: &mut Numbers,
    (seed, block, count): (u64, u64, usize),
    today: Date,
) -> Result<Block, SynthError> {
    let mut draw = Draw::for_block(seed, block);
    let draw = &mut draw;
    let geography = &tables.geography;
    let mut people = tables.population.draw(draw, count, today);
    marriage::marry(draw, &mut people, today);
    tables.fertility.give_parents(draw, &mut people, today);
    let households = household::house(draw, &people, today);
    let homes = family_homes(draw, geography, &people, geography.province_of_block(seed, block));
    let sites = residence::sites(draw, geography, numbers, &people, (&households, &homes), today)?;
    let surnames = surnames(draw, tables, &people, &homes);
    let mut details = Vec::with_capacity(people.len());
    for (index, person) in people.iter().enumerate() {
        let mother_lives_in = person.mother.and_then(|mother| households.of[mother]);
        let born_in =
            mother_lives_in.map_or(homes[index], |site| sites[site].home_on(person.born, homes[index]));
        let name = tables.names.full_name(draw, surnames[index], person.sex, person.born.year());
        let age = person.age(today);
        let has_phone = person.is_present() && age >= 14 && draw.chance(rates::PHONE);
        let has_email = person.is_present() && (18..=60).contains(&age) && draw.chance(rates::EMAIL);
        details.push(Details {
            birth: birth(draw, geography, numbers, person, &born_in)?,
            origin: homes[index].old,
            old_number: old_number(draw, geography, numbers, person, &homes[index], today)?,
            residence: residence::of(draw, geography, index, &people, (&households, &sites, &homes), today),
            phone: if has_phone { Some(numbers.phone()?) } else { None },
            email: has_email.then(|| email(&name, numbers.email())),
            card: tables.renewal_ages.draw(draw, person, today),
            name,
        });
    }
    Ok(Block { people, details, households })
}

/// The commune each person's family comes from: the father's, else the mother's, else one of the block's.
fn family_homes(draw: &mut Draw, geography: &Geography, people: &[Person], province: usize) -> Vec<Home> {
    let of_block: Vec<Home> = (0..rates::BLOCK_HOMES).map(|_| geography.home_in(draw, province)).collect();
    let mut homes: Vec<Home> = Vec::with_capacity(people.len());
    for person in people {
        let home = match person.father.or(person.mother) {
            Some(parent) => homes[parent],
            None if draw.chance(rates::FROM_ELSEWHERE) => geography.home_anywhere(draw),
            None => *draw.pick(&of_block),
        };
        homes.push(home);
    }
    homes
}

/// Children mostly bear the father's surname; those of a widow or divorced mother share that of a father who is
/// not in the file, those of a single mother bear hers.
fn surnames(draw: &mut Draw, tables: &Tables, people: &[Person], homes: &[Home]) -> Vec<Surname> {
    let mut surnames: Vec<Surname> = Vec::with_capacity(people.len());
    let mut of_absent_father: Vec<Option<Surname>> = vec![None; people.len()];
    for (index, person) in people.iter().enumerate() {
        let new = |draw: &mut Draw| tables.names.surname(draw, tables.geography.region(&homes[index]));
        let surname = match (person.father, person.mother) {
            (Some(_), Some(mother)) if draw.chance(rates::MOTHERS_SURNAME) => surnames[mother],
            (Some(father), _) => surnames[father],
            (None, Some(mother)) if people[mother].status == dancu_register::MaritalStatus::Single => {
                surnames[mother]
            }
            (None, Some(mother)) => *of_absent_father[mother].get_or_insert_with(|| new(draw)),
            (None, None) => new(draw),
        };
        surnames.push(surname);
    }
    surnames
}

fn birth(
    draw: &mut Draw,
    geography: &Geography,
    numbers: &mut Numbers,
    person: &Person,
    home: &Home,
) -> Result<Birth, SynthError> {
    let year = person.born.year();
    if draw.chance(rates::BORN_ABROAD) {
        let number = numbers.personal(geography.country(draw), person.sex, year)?;
        return Ok(Birth { number, place: None, registration: None });
    }
    let number = numbers.personal(geography.number_place(home, person.born), person.sex, year)?;
    let place = if draw.chance(rates::BORN_NEARBY) { geography.home_in(draw, home.province) } else { *home };
    Ok(Birth {
        number,
        place: Some(place.code_on(person.born)),
        registration: Some(home.code_on(person.born)),
    })
}

fn old_number(
    draw: &mut Draw,
    geography: &Geography,
    numbers: &mut Numbers,
    person: &Person,
    home: &Home,
    today: Date,
) -> Result<Option<OldNumber>, SynthError> {
    let at_14 = add_years(person.born, 14);
    let rate = match at_14 {
        day if day > person.last_day(today) => 0,
        day if day < rates::OLD_NUMBERS_UNTIL => rates::OLD_NUMBER,
        day if add_days(day, 60) < rates::OLD_NUMBERS_END => rates::OLD_NUMBER_LATE,
        _ => 0,
    };
    if draw.chance(rate) { numbers.old(geography.old_number_prefix(home)).map(Some) } else { Ok(None) }
}

/// `an.nguyen17@example.com`: a domain that reaches no one (RFC 2606).
fn email(name: &str, count: u64) -> String {
    let folded = fold(name);
    let mut words = folded.split(' ').map(|word| word.replace(|c: char| !c.is_ascii_lowercase(), ""));
    let first = words.next().unwrap_or_default();
    let last = words.next_back().unwrap_or_default();
    format!("{last}.{first}{count}@example.com")
}
