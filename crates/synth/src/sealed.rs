//! People and blood group of everyone in a block, for those who ask for the sealed columns. Drawn from a stream of their
//! own, so that everything else stays as it is without them; both are inherited, so that relatives fit each other here too.

use crate::{draw::Draw, person::Person, rates};
use dancu_register::ethnicities;
use jiff::civil::Date;

/// What the sealed columns say of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// A name of the official list.
    pub ethnicity: &'static str,
    /// E.g. `O+`.
    pub blood_group: &'static str,
}

/// What a person hands on.
#[derive(Clone, Copy)]
struct Inherited {
    ethnicity: &'static str,
    /// Of the system AB0, one from each parent.
    letters: [Letter; 2],
    /// Of the system Rhesus: whether the factor is there.
    factors: [bool; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Letter {
    A,
    B,
    Zero,
}

/// The sealed values of a block's persons, in their order.
pub fn of_block(people: &[Person], (seed, block): (u64, u64), today: Date) -> Vec<Sealed> {
    // Another key than that of everything else.
    let mut draw = Draw::for_block(seed ^ 0x7365_616c_6564, block);
    let listed: Vec<&'static str> = ethnicities(today).collect();
    let mut made = vec![None; people.len()];
    (0..people.len()).map(|index| inherit(index, people, &listed, &mut draw, &mut made).sealed()).collect()
}

/// Parents first: nobody is their own ancestor, and a block has few generations.
fn inherit(
    index: usize,
    people: &[Person],
    listed: &[&'static str],
    draw: &mut Draw,
    made: &mut [Option<Inherited>],
) -> Inherited {
    if let Some(known) = made[index] {
        return known;
    }
    let mut of = |parent: Option<usize>, draw: &mut Draw| {
        parent.map(|parent| inherit(parent, people, listed, draw, made))
    };
    let father = of(people[index].father, draw);
    let mother = of(people[index].mother, draw);
    let stranger = stranger(listed, draw);
    let mut from = |parent: Option<Inherited>, place: usize| {
        let side = draw.index(2);
        parent.map_or((stranger.letters[place], stranger.factors[place]), |parent| {
            (parent.letters[side], parent.factors[side])
        })
    };
    let ((first, first_factor), (second, second_factor)) = (from(father, 0), from(mother, 1));
    let inherited = Inherited {
        ethnicity: father.or(mother).map_or(stranger.ethnicity, |parent| parent.ethnicity),
        letters: [first, second],
        factors: [first_factor, second_factor],
    };
    made[index] = Some(inherited);
    inherited
}

/// Somebody whose parents have no row.
fn stranger(listed: &[&'static str], draw: &mut Draw) -> Inherited {
    // The first of the list is the majority's, the last stands for foreigners, of whom the country has none.
    let minorities = &listed[1..listed.len() - 1];
    let ethnicity = if draw.chance(rates::MAJORITY) { listed[0] } else { *draw.pick(minorities) };
    let mut letter = || match draw.below(10_000) {
        drawn if drawn < rates::LETTER_A => Letter::A,
        drawn if drawn < rates::LETTER_A + rates::LETTER_B => Letter::B,
        _ => Letter::Zero,
    };
    let letters = [letter(), letter()];
    let factors = [(); 2].map(|()| !draw.chance(rates::WITHOUT_FACTOR));
    Inherited { ethnicity, letters, factors }
}

impl Inherited {
    fn sealed(self) -> Sealed {
        let has = |letter| self.letters.contains(&letter);
        let blood_group = match (has(Letter::A), has(Letter::B), self.factors.contains(&true)) {
            (true, true, true) => "AB+",
            (true, true, false) => "AB-",
            (true, false, true) => "A+",
            (true, false, false) => "A-",
            (false, true, true) => "B+",
            (false, true, false) => "B-",
            (false, false, true) => "O+",
            (false, false, false) => "O-",
        };
        Sealed { ethnicity: self.ethnicity, blood_group }
    }
}
