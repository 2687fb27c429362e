//! Who belongs to a member of staff: the person themself, relatives, and the own household.

use dancu_core::{PersonalNumber, StoreError};
use dancu_register::{At, Link, Page, RegisterStore};
use std::collections::HashSet;

/// Persons of one household or one circle that are read.
const CIRCLE_MAX: usize = 200;

/// Everyone who belongs to a person, the person among them: parents, spouse, children, brothers and sisters, wards and
/// representatives, and whoever lives in the household.
pub(crate) async fn kin(
    register: &dyn RegisterStore,
    number: PersonalNumber,
    at: At,
) -> Result<HashSet<PersonalNumber>, StoreError> {
    let mut found = HashSet::from([number]);
    let Some(person) = register.person(number, at).await? else { return Ok(found) };
    let parents: Vec<PersonalNumber> = person
        .family()
        .map(|family| family.father.into_iter().chain(family.mother).collect())
        .unwrap_or_default();
    found.extend(&parents);
    found.extend(person.family().and_then(|family| family.spouse));
    found.extend(related(register, number, at).await?.into_iter().map(|(other, _)| other));
    for parent in parents {
        let children = related(register, parent, at).await?.into_iter();
        found.extend(children.filter(|(_, link)| is_parent(*link)).map(|(child, _)| child));
    }
    if let Some(household) = person.residence().and_then(|home| home.household.as_ref()) {
        let members = register.household(household, at, Page::first(CIRCLE_MAX)).await?;
        found.extend(members.into_iter().map(|member| member.number));
    }
    Ok(found)
}

const fn is_parent(link: Link) -> bool {
    matches!(link, Link::Father | Link::Mother)
}

async fn related(
    register: &dyn RegisterStore,
    number: PersonalNumber,
    at: At,
) -> Result<Vec<(PersonalNumber, Link)>, StoreError> {
    let found = register.related(number, at, Page::first(CIRCLE_MAX)).await?;
    Ok(found.into_iter().map(|other| (other.number, other.link)).collect())
}
