//! Lists of persons who belong together: a household, those who name a person, the residents of communes.
//!
//! Each goes through an index of everyone who *ever* belonged there, and takes those who do at that point of time.

use crate::{
    changes::limit,
    facts::{self, number_from_sql, number_to_sql},
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{
    At, COMMUNES_MAX, FactKind, HouseholdMember, HouseholdNumber, KindSet, Page, Person, Related, Resident,
    links,
};
use rusqlite::{Connection, Result, params_from_iter};

/// Everyone who ever was in a household.
pub(crate) fn ever_in_household(
    connection: &Connection,
    household: &HouseholdNumber,
    length_max: usize,
) -> Result<Vec<PersonalNumber>> {
    connection
        .prepare_cached("SELECT number FROM household_person WHERE household = ?1 ORDER BY number LIMIT ?2")?
        .query_map((household.as_str(), limit(length_max)), |row| number_from_sql(row, 0))?
        .collect()
}

/// Everyone who ever named a person.
pub(crate) fn ever_related(
    connection: &Connection,
    named: PersonalNumber,
    length_max: usize,
) -> Result<Vec<PersonalNumber>> {
    connection
        .prepare_cached("SELECT number FROM relative WHERE relative = ?1 ORDER BY number LIMIT ?2")?
        .query_map((number_to_sql(named), limit(length_max)), |row| number_from_sql(row, 0))?
        .collect()
}

/// Who belongs to a household.
pub(crate) fn members(
    connection: &Connection,
    household: &HouseholdNumber,
    at: At,
    page: Page,
) -> Result<Vec<HouseholdMember>> {
    let kinds = KindSet::EMPTY.with(FactKind::Identity).with(FactKind::Residence);
    let mut statement = connection.prepare_cached(
        "SELECT number FROM household_person WHERE household = ?1 AND number > ?2 ORDER BY number",
    )?;
    let mut rows = statement.query((household.as_str(), after(page)))?;
    let mut members = Vec::new();
    while members.len() < page.length_max
        && let Some(row) = rows.next()?
    {
        let number = number_from_sql(row, 0)?;
        let Some(person) = facts::person(connection, number, at, kinds)? else { continue };
        let Some(residence) = person.residence() else { continue };
        if residence.household.as_ref() == Some(household) {
            let identity = person.identity();
            members.push(HouseholdMember {
                number,
                name: identity.map(|identity| identity.name.clone()),
                birth_date: identity.map(|identity| identity.birth_date),
                relation_to_head: residence.relation_to_head,
            });
        }
    }
    Ok(members)
}

/// Who names a person.
pub(crate) fn related(
    connection: &Connection,
    named: PersonalNumber,
    at: At,
    page: Page,
) -> Result<Vec<Related>> {
    let telling = [FactKind::Family, FactKind::Representation];
    let kinds = KindSet::EMPTY.with(FactKind::Identity).with(telling[0]).with(telling[1]);
    let mut statement = connection
        .prepare_cached("SELECT number FROM relative WHERE relative = ?1 AND number > ?2 ORDER BY number")?;
    let mut rows = statement.query((number_to_sql(named), after(page)))?;
    let mut related = Vec::new();
    while related.len() < page.length_max
        && let Some(row) = rows.next()?
    {
        let number = number_from_sql(row, 0)?;
        let Some(person) = facts::person(connection, number, at, kinds)? else { continue };
        let identity = person.identity();
        let held = telling.into_iter().filter_map(|kind| person.held(kind));
        let found = held.flat_map(|held| links(&held.value)).filter(|(other, _)| *other == named);
        let entries: Vec<_> = found
            .map(|(_, link)| Related {
                number,
                name: identity.map(|identity| identity.name.clone()),
                birth_date: identity.map(|identity| identity.birth_date),
                link,
            })
            .collect();
        // The page ends between two persons, never between two links of one.
        if !related.is_empty() && related.len() + entries.len() > page.length_max {
            break;
        }
        related.extend(entries);
    }
    Ok(related)
}

/// Who resides in any of some communes.
pub(crate) fn residents(
    connection: &Connection,
    communes: &[CommuneCode],
    at: At,
    page: Page,
) -> Result<Vec<Resident>> {
    let communes = &communes[..communes.len().min(COMMUNES_MAX)];
    if communes.is_empty() {
        return Ok(Vec::new());
    }
    let kinds = KindSet::EMPTY.with(FactKind::Identity).with(FactKind::Residence);
    let mut statement = connection.prepare_cached(&ever_resident(communes.len()))?;
    let after = after(page);
    let codes = communes.iter().map(|commune| i64::from(commune.value()));
    let mut rows = statement.query(params_from_iter([after].into_iter().chain(codes)))?;
    let mut residents = Vec::new();
    while residents.len() < page.length_max
        && let Some(row) = rows.next()?
    {
        let number = number_from_sql(row, 0)?;
        let Some(person) = facts::person(connection, number, at, kinds)? else { continue };
        residents.extend(resident(&person, communes, at));
    }
    Ok(residents)
}

/// The numbers of each commune come in order from the index; SQLite merges them without sorting and without
/// reading ahead, so that a page costs a page.
fn ever_resident(communes: usize) -> String {
    let one = |index: usize| {
        format!("SELECT number FROM commune_person WHERE commune = ?{} AND number > ?1", index + 2)
    };
    format!("{} ORDER BY number", (0..communes).map(one).collect::<Vec<_>>().join(" UNION "))
}

/// The person as a resident of one of the communes; the permanent residence comes before a temporary one.
fn resident(person: &Person, communes: &[CommuneCode], at: At) -> Option<Resident> {
    let home = person.residence()?;
    let identity = person.identity();
    let here = |address: &Option<String>, is_temporary: bool| Resident {
        number: person.number,
        name: identity.map(|identity| identity.name.clone()),
        birth_date: identity.map(|identity| identity.birth_date),
        address: address.clone(),
        is_temporary,
    };
    if home.permanent_commune.is_some_and(|commune| communes.contains(&commune)) {
        return Some(here(&home.permanent_address, false));
    }
    let temporary = home.temporary_on(at.as_of).filter(|temporary| communes.contains(&temporary.commune))?;
    Some(here(&temporary.address, true))
}

fn after(page: Page) -> i64 {
    page.after.map_or(0, number_to_sql)
}
