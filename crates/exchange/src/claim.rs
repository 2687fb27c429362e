//! What an attestation says of a person: that they are so old at least, or that they live in a place. Its answer is yes, no,
//! not held, and never the birth date or the address behind it.

use crate::{Field, Product};
use dancu_core::{CommuneCode, DatedRules, PartialDate, ProvinceCode};
use dancu_places::{Commune, Places};
use dancu_register::{FactKind, Person};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeSet, fmt, str::FromStr, sync::LazyLock};

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../data/attestation_rules.csv")));

/// A rule of `data/attestation_rules.csv` on a day; zero before there was any, so that nothing is attested.
pub(crate) fn attestation_rule(rule: &str, day: Date) -> u32 {
    RULES.on(rule, day).unwrap_or_default()
}

/// A commune or a province of today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AttestedPlace {
    /// Two digits.
    Province(ProvinceCode),
    /// Five digits.
    Commune(CommuneCode),
}

impl AttestedPlace {
    /// Whether there is such a unit today.
    pub fn is_known(self) -> bool {
        let places = Places::national();
        match self {
            Self::Province(code) => places.province(code).is_some(),
            Self::Commune(code) => places.commune(code).is_some(),
        }
    }

    /// The name of the unit.
    pub fn name(self) -> String {
        let places = Places::national();
        let name = match self {
            Self::Province(code) => places.province(code).map(|province| province.full_name.clone()),
            Self::Commune(code) => places.describe(code),
        };
        name.unwrap_or_else(|| self.to_string())
    }

    pub(crate) fn holds(self, commune: &Commune) -> bool {
        match self {
            Self::Province(code) => commune.province == code,
            Self::Commune(code) => commune.code == code,
        }
    }
}

impl FromStr for AttestedPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let province = text.parse().map(Self::Province);
        province
            .or_else(|_| text.parse().map(Self::Commune))
            .map_err(|_| "a place has 2 or 5 digits".to_owned())
    }
}

impl TryFrom<String> for AttestedPlace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<AttestedPlace> for String {
    fn from(place: AttestedPlace) -> Self {
        place.to_string()
    }
}

impl fmt::Display for AttestedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Province(code) => code.fmt(f),
            Self::Commune(code) => code.fmt(f),
        }
    }
}

/// What a contract may have attested.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestTerms {
    /// Ages in years.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ages: BTreeSet<u8>,
    /// Communes and provinces.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub places: BTreeSet<AttestedPlace>,
}

impl AttestTerms {
    /// Whether nothing is attested.
    pub fn is_empty(&self) -> bool {
        self.ages.is_empty() && self.places.is_empty()
    }

    /// Whether a claim is among them.
    pub fn has(&self, claim: Claim) -> bool {
        match claim {
            Claim::AgeAtLeast(years) => self.ages.contains(&years),
            Claim::LivesIn(place) => self.places.contains(&place),
        }
    }

    /// Whether they are few enough, and each can be.
    pub fn are_sound(&self, on: Date) -> bool {
        let few = |count: usize, rule| count as u64 <= u64::from(attestation_rule(rule, on));
        few(self.ages.len(), "ages_max")
            && few(self.places.len(), "places_max")
            && self.ages.iter().all(|years| (1..=120).contains(years))
            && self.places.iter().all(|place| place.is_known())
    }

    /// Whether they hold nothing that others do not hold.
    pub fn is_within(&self, other: &Self) -> bool {
        self.ages.is_subset(&other.ages) && self.places.is_subset(&other.places)
    }
}

/// What is claimed of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// At least so many years old today.
    AgeAtLeast(u8),
    /// Lives there today: by permanent residence, or by temporary residence while it lasts.
    LivesIn(AttestedPlace),
}

/// What is attested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attested {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// The register cannot say: no date, no home, or one that was split.
    NotHeld,
    /// Nothing that was given shows that this person is meant, so nothing is told.
    NotConfirmed,
}

impl Attested {
    /// The word in the API and in the disclosure's record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotHeld => "not_held",
            Self::NotConfirmed => "not_confirmed",
        }
    }

    pub(crate) const fn of(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

impl Claim {
    /// The product that attests it.
    pub const fn product(self) -> Product {
        match self {
            Self::AgeAtLeast(_) => Product::AgeAttestation,
            Self::LivesIn(_) => Product::ResidenceAttestation,
        }
    }

    /// The field behind it: what a person who consents consents to.
    pub const fn field(self) -> Field {
        match self {
            Self::AgeAtLeast(_) => Field::BirthDate,
            Self::LivesIn(_) => Field::Residence,
        }
    }

    /// What the register says of it. Nothing is attested of the dead, the missing and of numbers out of use.
    pub(crate) fn of(self, person: &Person, today: Date) -> Attested {
        if !person.is_alive() {
            return Attested::NotHeld;
        }
        match self {
            Self::AgeAtLeast(years) => person
                .identity()
                .map_or(Attested::NotHeld, |identity| age_at_least(identity.birth_date, years, today)),
            Self::LivesIn(place) => lives_in(person, place, today),
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AgeAtLeast(years) => write!(f, "age_at_least:{years}"),
            Self::LivesIn(place) => write!(f, "lives_in:{place}"),
        }
    }
}

impl FromStr for Claim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let claim = match text.split_once(':') {
            Some(("age_at_least", years)) => years.parse().ok().map(Self::AgeAtLeast),
            Some(("lives_in", place)) => place.parse().ok().map(Self::LivesIn),
            _ => None,
        };
        claim.ok_or_else(|| text.to_owned())
    }
}

impl Claim {
    /// The words on a page, Vietnamese and English.
    pub fn words(self) -> (Cow<'static, str>, Cow<'static, str>) {
        match self {
            Self::AgeAtLeast(years) => {
                (format!("Từ đủ {years} tuổi trở lên").into(), format!("At least {years} years old").into())
            }
            Self::LivesIn(place) => {
                let name = place.name();
                (format!("Cư trú tại {name}").into(), format!("Lives in {name}").into())
            }
        }
    }
}

/// Yes and no are said where all days that a birth date can be agree.
fn age_at_least(birth: PartialDate, years: u8, today: Date) -> Attested {
    let (first, last) = birth.days();
    let is_reached = |day: Date| day.saturating_add(i64::from(years).years()) <= today;
    match (is_reached(first), is_reached(last)) {
        (true, true) => Attested::Yes,
        (false, false) => Attested::No,
        _ => Attested::NotHeld,
    }
}

/// A commune of before July 2025 stands for its successors: where only some of them lie in the place, nothing can be said.
fn lives_in(person: &Person, place: AttestedPlace, today: Date) -> Attested {
    let Some(held) = person.held(FactKind::Residence) else { return Attested::NotHeld };
    let written = held.valid_from;
    let home = person.residence();
    let permanent = home.and_then(|home| home.permanent_commune);
    let temporary = home.and_then(|home| home.temporary_on(today)).map(|temporary| temporary.commune);
    let mut is_open = permanent.is_none() && temporary.is_none();
    for commune in [permanent, temporary].into_iter().flatten() {
        match within(commune, written, place) {
            Some(true) => return Attested::Yes,
            Some(false) => {}
            None => is_open = true,
        }
    }
    if is_open { Attested::NotHeld } else { Attested::of(false) }
}

/// Whether a commune's code, written on a day, lies in a place of today; `None` when it lies in it only in part.
fn within(commune: CommuneCode, written: Date, place: AttestedPlace) -> Option<bool> {
    within_any(commune, written, &BTreeSet::from([place]))
}

/// Whether a commune's code, written on a day, lies in places of today; `None` when it lies in them only in part.
pub(crate) fn within_any(
    commune: CommuneCode,
    written: Date,
    places_of_today: &BTreeSet<AttestedPlace>,
) -> Option<bool> {
    let present = Places::national().present_of_either_time(commune, written);
    let is_inside = |commune: &Commune| places_of_today.iter().any(|place| place.holds(commune));
    let inside = present.iter().filter(|commune| is_inside(commune)).count();
    match (inside, present.len()) {
        (_, 0) => None,
        (0, _) => Some(false),
        (inside, all) if inside == all => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    const TODAY: Date = date(2026, 11, 22);

    fn age(birth: &str, years: u8) -> Attested {
        age_at_least(birth.parse().unwrap(), years, TODAY)
    }

    #[test]
    fn an_age_is_reached_on_the_birthday_and_said_only_where_the_date_is_known_well_enough() {
        for (birth, years, expected) in [
            ("2008-11-22", 18, Attested::Yes),
            ("2008-11-23", 18, Attested::No),
            ("2008", 18, Attested::NotHeld),
            ("2007", 18, Attested::Yes),
            ("2009", 18, Attested::No),
            ("2008-10", 18, Attested::Yes),
            ("2008-11", 18, Attested::NotHeld),
            ("2008-12", 18, Attested::No),
        ] {
            assert_eq!(age(birth, years), expected, "{birth}");
        }
        let leap = |today| age_at_least("2008-02-29".parse().unwrap(), 18, today);
        assert_eq!((leap(date(2026, 2, 27)), leap(date(2026, 2, 28))), (Attested::No, Attested::Yes));
    }

    #[test]
    fn a_claim_is_read_back_from_its_text() {
        for claim in [
            Claim::AgeAtLeast(18),
            Claim::LivesIn("01".parse().unwrap()),
            Claim::LivesIn("00004".parse().unwrap()),
        ] {
            assert_eq!(claim.to_string().parse(), Ok(claim));
            let json = serde_json::to_value(claim).unwrap();
            assert_eq!(serde_json::from_value::<Claim>(json).unwrap(), claim);
        }
        for bad in ["age_at_least:", "age_at_least:256", "lives_in:1", "religion:1", "lives_in"] {
            assert!(bad.parse::<Claim>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_commune_that_was_split_or_merged_is_attested_as_far_as_it_lies_in_the_place() {
        let before = date(2020, 1, 1);
        let places = Places::national();
        let old = places.old_communes().iter().filter(|old| old.code.is_some());
        for former in old.take(2_000) {
            let code = former.code.unwrap();
            let successors = places.present(code, before);
            for commune in &successors {
                let said = within(code, before, AttestedPlace::Commune(commune.code));
                assert_eq!(said, (successors.len() == 1).then_some(true), "{code}");
            }
            if let [first, ..] = successors[..] {
                let province = within(code, before, AttestedPlace::Province(first.province));
                let is_whole = successors.iter().all(|one| one.province == first.province);
                assert_eq!(province, is_whole.then_some(true), "{code}");
            }
        }
        let (ba_dinh, other) = ("00004".parse().unwrap(), AttestedPlace::Commune("00008".parse().unwrap()));
        assert_eq!(within(ba_dinh, TODAY, AttestedPlace::Commune(ba_dinh)), Some(true));
        assert_eq!(within(ba_dinh, TODAY, other), Some(false));
    }

    #[test]
    fn terms_are_few_and_name_what_there_is() {
        let terms = |ages: &[u8], places: &[&str]| AttestTerms {
            ages: ages.iter().copied().collect(),
            places: places.iter().map(|text| text.parse().unwrap()).collect(),
        };
        assert!(terms(&[18, 60], &["01", "00004"]).are_sound(TODAY));
        for bad in [
            terms(&[0], &[]),
            terms(&[121], &[]),
            terms(&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[]),
            terms(&[], &["99999"]),
        ] {
            assert!(!bad.are_sound(TODAY), "{bad:?}");
        }
        assert!(terms(&[18], &[]).is_within(&terms(&[18, 60], &["01"])));
        assert!(!terms(&[18], &["79"]).is_within(&terms(&[18, 60], &["01"])));
    }

    proptest! {
        #[test]
        fn what_is_said_of_a_part_of_a_date_holds_for_every_day_of_it(
            year in 1930_i16..2026, month in 1_i8..=12, day in 1_i8..=28, years in 1_u8..100
        ) {
            let whole = age(&format!("{year:04}-{month:02}-{day:02}"), years);
            prop_assert!(matches!(whole, Attested::Yes | Attested::No));
            for part in [format!("{year:04}-{month:02}"), format!("{year:04}")] {
                let said = age(&part, years);
                prop_assert!(said == Attested::NotHeld || said == whole, "{part}");
            }
        }

        #[test]
        fn whoever_is_so_old_is_every_lesser_age_too(year in 1930_i16..2026, month in 1_i8..=12, years in 2_u8..100) {
            let birth = format!("{year:04}-{month:02}-15");
            if age(&birth, years) == Attested::Yes {
                prop_assert_eq!(age(&birth, years - 1), Attested::Yes);
            }
        }
    }
}
