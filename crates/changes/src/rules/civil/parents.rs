//! What must be so for a person to be the father or mother of another one.

use super::{
    super::{Ruled, checks::held_on},
    age_on, days_between, death_day, family_of, identity_of,
    limits::{Limit, limit},
    refusal::CivilRefusal,
    refuse_if,
    timeline::believed,
};
use crate::{Parent, World, refusal::Common};
use dancu_core::{NameComparison, PartialDate, PersonName, PersonalNumber, Sex};
use dancu_register::{FactKind, Identity, Person};

impl Parent {
    /// The field of a command and of the family.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Father => "father",
            Self::Mother => "mother",
        }
    }

    const fn sex(self) -> Sex {
        match self {
            Self::Father => Sex::Male,
            Self::Mother => Sex::Female,
        }
    }
}

/// The parent's sex fits.
pub(super) fn sex_fits(identity: &Identity, parent: Parent, field: &'static str) -> Ruled<()> {
    refuse_if(identity.sex != parent.sex(), CivilRefusal::ParentSex { field })
}

/// The parent's age at the birth is one at which there are parents. `true` when it is rare for a mother.
pub(super) fn age_fits(
    parent_born: PartialDate,
    child_born: PartialDate,
    parent: Parent,
    field: &'static str,
) -> Ruled<bool> {
    let day = child_born.first_day();
    let age = age_on(parent_born, day);
    // Where a day is not known, a year more or less is possible.
    let slack = i32::from(parent_born.whole().is_none() || child_born.whole().is_none());
    let below = |rule, slack| limit(rule, day).is_some_and(|years| age + slack < years);
    let above = |rule| limit(rule, day).is_some_and(|years| age - slack > years);
    match parent {
        Parent::Father if below(Limit::FatherAgeMin, slack) => {
            Err(CivilRefusal::ParentTooYoung { field }.into())
        }
        Parent::Father => Ok(false),
        Parent::Mother if below(Limit::MotherAgeMin, slack) => {
            Err(CivilRefusal::ParentTooYoung { field }.into())
        }
        Parent::Mother if above(Limit::MotherAgeMax) => Err(CivilRefusal::MotherTooOld.into()),
        Parent::Mother => Ok(below(Limit::MotherAgeUsualMin, 0) || above(Limit::MotherAgeUsualMax)),
    }
}

/// The mother lived at the birth, the father within the time before it in which the child can be his (Law on Marriage
/// and Family 2014, art. 88).
fn lived(person: &Person, child_born: PartialDate, parent: Parent, field: &'static str) -> Ruled<()> {
    let (Some(died), Some(born)) = (death_day(person), child_born.whole()) else { return Ok(()) };
    let days_after = days_between(died, born);
    let days_max = match parent {
        Parent::Mother => Some(0),
        Parent::Father => limit(Limit::FatherDeadDays, born),
    };
    refuse_if(days_max.is_some_and(|days_max| days_after > days_max), CivilRefusal::ParentDead { field })
}

/// Someone can be the father or mother of a child born on a day. `true` when the age is rare.
pub(super) async fn can_be(
    world: &mut World<'_>,
    number: PersonalNumber,
    parent: Parent,
    child_born: PartialDate,
    field: &'static str,
) -> Ruled<bool> {
    // A father may have died before the birth, so only being held is asked for here.
    let today = world.today;
    let person = held_on(world, number, today, field).await?;
    let identity = identity_of(&person, field)?;
    sex_fits(&identity, parent, field)?;
    if identity.birth_date.first_day() > child_born.first_day() {
        return Err(Common::BeforeBirth { field }.into());
    }
    lived(&person, child_born, parent, field)?;
    age_fits(identity.birth_date, child_born, parent, field)
}

/// Children of the same parents who could be the one who is to be registered.
#[derive(Debug, Default)]
pub(super) struct LookAlikes {
    /// Who look like the same child.
    pub(super) numbers: Vec<PersonalNumber>,
    /// Whether another child of the mother was born too shortly before or after.
    pub(super) is_too_close: bool,
}

/// Looks at the children of the parents.
pub(super) async fn look_alikes(
    world: &mut World<'_>,
    mother: Option<PersonalNumber>,
    father: Option<PersonalNumber>,
    name: &PersonName,
    born: PartialDate,
) -> Ruled<LookAlikes> {
    let today = world.today;
    let mut found = LookAlikes::default();
    for (parent, is_mother) in [(mother, true), (father, false)] {
        let Some(parent) = parent else { continue };
        for child in world.children_on(parent, today).await? {
            let Some(identity) = child.identity() else { continue };
            // An adopted child is no sibling by birth: its first family was another one.
            let facts = &world.record(child.number).await?.facts;
            let first = believed(facts, FactKind::Family).first().and_then(|row| family_of(&row.value));
            let is_by_birth = first.is_some_and(|family| family.mother == Some(parent));
            let is_same_name = identity.name.compare(name) != NameComparison::Differs;
            let days = match (identity.birth_date.whole(), born.whole()) {
                (Some(sibling), Some(born)) => days_between(sibling, born).abs(),
                _ if identity.birth_date.agrees_with(born) => 0,
                _ => continue,
            };
            let within = |rule| limit(rule, today).is_some_and(|days_max| days <= days_max);
            // Twins are born on one day, or on two when midnight lies between.
            let is_alike = match days {
                0 => is_same_name,
                1 => is_mother && is_by_birth,
                _ => is_same_name && within(Limit::SiblingsLookAlikeDays),
            };
            let is_apart = limit(Limit::SiblingsApartDays, today).is_none_or(|days_min| days >= days_min);
            found.is_too_close |= days > 1 && !is_apart && is_mother && is_by_birth;
            if is_alike && !found.numbers.contains(&child.number) {
                found.numbers.push(child.number);
            }
        }
    }
    Ok(found)
}
