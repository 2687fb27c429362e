//! Lists of persons who belong together: a household, those who name a person, the residents of communes.
//!
//! Each goes through an index of everyone who *ever* belonged there, a portion at a time, and takes those who do at
//! that point of time.

use crate::{
    errors::Result,
    facts::{bits, cell, held, limit, number_from_sql, number_to_sql},
};
use dancu_core::{CommuneCode, PersonalNumber};
use dancu_register::{
    At, COMMUNES_MAX, FactKind, HouseholdMember, HouseholdNumber, KindSet, Page, Person, Related, Resident,
    day_to_number, links,
};
use deadpool_postgres::{GenericClient, Transaction};
use tokio_postgres::types::ToSql;

/// Persons of a portion at most, however long the page is.
const PORTION_MAX: usize = 1_000;
/// What every portion selects of the facts of its candidates. A candidate without facts has one row of nulls.
const FACTS: &str = "SELECT c.number, f.kind, f.value, f.valid_from, f.recorded_from
     FROM candidate c LEFT JOIN fact f ON f.number = c.number AND (1 << f.kind) & $1 <> 0
       AND f.valid_from <= $2 AND (f.valid_to IS NULL OR $2 < f.valid_to)
       AND f.recorded_from <= $3 AND (f.recorded_to IS NULL OR $3 < f.recorded_to)
     ORDER BY c.number";

/// Goes through candidates: `sql` gives the numbers above $4, at most $5, of what $6 names.
struct Candidates<'a> {
    sql: &'static str,
    whose: &'a (dyn ToSql + Sync),
    kinds: KindSet,
    at: At,
    after: i64,
    portion: usize,
}

impl Candidates<'_> {
    /// The next persons with their facts, and whether there may be more.
    async fn next(&mut self, transaction: &Transaction<'_>) -> Result<(Vec<Person>, bool)> {
        let sql = format!("WITH candidate AS MATERIALIZED ({}) {FACTS}", self.sql);
        let statement = transaction.prepare_cached(&sql).await?;
        let as_of = day_to_number(self.at.as_of);
        let known_at = self.at.known_at.as_microsecond();
        let length = limit(self.portion);
        let columns: [&(dyn ToSql + Sync); 6] =
            [&bits(self.kinds), &as_of, &known_at, &self.after, &length, self.whose];
        let (mut persons, mut count): (Vec<Person>, usize) = (Vec::new(), 0);
        for row in &transaction.query(&statement, &columns).await? {
            let number: i64 = cell(row, 0)?;
            if number != self.after {
                self.after = number;
                count += 1;
            }
            if cell::<Option<i32>>(row, 1)?.is_none() {
                continue;
            }
            let number = number_from_sql(number)?;
            if persons.last().is_none_or(|person| person.number != number) {
                persons.push(Person::new(number));
            }
            if let Some(person) = persons.last_mut() {
                person.hold(held(row, 1)?);
            }
        }
        Ok((persons, count == self.portion))
    }
}

fn portion(page: Page) -> usize {
    page.length_max.saturating_add(8).min(PORTION_MAX)
}

fn after(page: Page) -> i64 {
    page.after.map_or(0, number_to_sql)
}

/// Who belongs to a household.
pub(crate) async fn members(
    transaction: &Transaction<'_>,
    household: &HouseholdNumber,
    at: At,
    page: Page,
) -> Result<Vec<HouseholdMember>> {
    let mut candidates = Candidates {
        sql: "SELECT number FROM household_person WHERE household = $6 AND number > $4 ORDER BY number LIMIT $5",
        whose: &household.as_str(),
        kinds: KindSet::EMPTY.with(FactKind::Identity).with(FactKind::Residence),
        at,
        after: after(page),
        portion: portion(page),
    };
    let mut members = Vec::new();
    loop {
        let (persons, has_more) = candidates.next(transaction).await?;
        for person in persons {
            if members.len() == page.length_max {
                return Ok(members);
            }
            members.extend(member(&person, household));
        }
        if !has_more || members.len() == page.length_max {
            return Ok(members);
        }
    }
}

fn member(person: &Person, household: &HouseholdNumber) -> Option<HouseholdMember> {
    let residence = person.residence().filter(|home| home.household.as_ref() == Some(household))?;
    let identity = person.identity();
    Some(HouseholdMember {
        number: person.number,
        name: identity.map(|identity| identity.name.clone()),
        birth_date: identity.map(|identity| identity.birth_date),
        relation_to_head: residence.relation_to_head,
    })
}

/// Who names a person. The page ends between two persons, never between two links of one.
pub(crate) async fn related(
    transaction: &Transaction<'_>,
    named: PersonalNumber,
    at: At,
    page: Page,
) -> Result<Vec<Related>> {
    let mut candidates = Candidates {
        sql: "SELECT number FROM relative WHERE relative = $6 AND number > $4 ORDER BY number LIMIT $5",
        whose: &number_to_sql(named),
        kinds: KindSet::EMPTY.with(FactKind::Identity).with(FactKind::Family).with(FactKind::Representation),
        at,
        after: after(page),
        portion: portion(page),
    };
    let mut related = Vec::new();
    loop {
        let (persons, has_more) = candidates.next(transaction).await?;
        for person in persons {
            let entries = entries(&person, named);
            if !related.is_empty() && related.len() + entries.len() > page.length_max {
                return Ok(related);
            }
            related.extend(entries);
        }
        if !has_more || related.len() >= page.length_max {
            return Ok(related);
        }
    }
}

fn entries(person: &Person, named: PersonalNumber) -> Vec<Related> {
    let identity = person.identity();
    let telling = [FactKind::Family, FactKind::Representation];
    let held = telling.into_iter().filter_map(|kind| person.held(kind));
    held.flat_map(|held| links(&held.value))
        .filter(|(other, _)| *other == named)
        .map(|(_, link)| Related {
            number: person.number,
            name: identity.map(|identity| identity.name.clone()),
            birth_date: identity.map(|identity| identity.birth_date),
            link,
        })
        .collect()
}

/// Who resides in any of some communes. Each commune's index gives its next numbers; together they are put in order.
pub(crate) async fn residents(
    transaction: &Transaction<'_>,
    communes: &[CommuneCode],
    at: At,
    page: Page,
) -> Result<Vec<Resident>> {
    let communes = &communes[..communes.len().min(COMMUNES_MAX)];
    let codes: Vec<i32> = communes.iter().map(|commune| commune.value().cast_signed()).collect();
    let mut candidates = Candidates {
        sql: "SELECT DISTINCT near.number FROM unnest($6::integer[]) AS one
              CROSS JOIN LATERAL (SELECT number FROM commune_person
                  WHERE commune = one AND number > $4 ORDER BY number LIMIT $5) AS near
              ORDER BY near.number LIMIT $5",
        whose: &codes,
        kinds: KindSet::EMPTY.with(FactKind::Identity).with(FactKind::Residence),
        at,
        after: after(page),
        portion: portion(page),
    };
    let mut residents = Vec::new();
    loop {
        let (persons, has_more) = candidates.next(transaction).await?;
        for person in persons {
            if residents.len() == page.length_max {
                return Ok(residents);
            }
            residents.extend(resident(&person, communes, at));
        }
        if !has_more || residents.len() == page.length_max {
            return Ok(residents);
        }
    }
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
