//! The port of what changes the register.

use crate::{
    PostgresStore, commit,
    database::Outcome,
    errors::{Fault, Result},
    facts::{self, cell, instant_from_sql, limit, number_from_sql, number_to_sql},
    lists, outbox,
    source_names::SourceNames,
};
use async_trait::async_trait;
use dancu_changes::{
    ChangeStore, CommandId, Commit, Committed, Cursor, Event, Finding, FindingFilter, FindingId, OutboxEntry,
    Proposal, ProposalFilter, ProposalId, Record, Stay, UnitChange,
};
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::HouseholdNumber;
use deadpool_postgres::GenericClient;
use jiff::{Timestamp, civil::Date};
use std::{collections::HashMap, sync::Arc};
use tokio_postgres::{Row, types::ToSql};
use uuid::Uuid;

type Answer<T> = std::result::Result<T, StoreError>;

#[async_trait]
impl ChangeStore for PostgresStore {
    async fn record(&self, number: PersonalNumber) -> Answer<Record> {
        Ok(self.records(&[number]).await?.pop().unwrap_or_default())
    }

    async fn records(&self, numbers: &[PersonalNumber]) -> Answer<Vec<Record>> {
        let asked = (numbers, &*self.sources);
        self.database
            .read(&asked, |client, (numbers, sources)| Box::pin(records(client, sources, numbers)))
            .await
    }

    async fn household_records(
        &self,
        household: &HouseholdNumber,
        length_max: usize,
    ) -> Answer<Vec<(PersonalNumber, Record)>> {
        let asked = (household, limit(length_max), &*self.sources);
        self.database
            .read(&asked, |client, (number, length_max, sources)| {
                Box::pin(household_records(client, sources, number, *length_max))
            })
            .await
    }

    async fn ever_in_household(
        &self,
        household: &HouseholdNumber,
        length_max: usize,
    ) -> Answer<Vec<PersonalNumber>> {
        self.database
            .read(&(household, limit(length_max)), |client, (household, length_max)| {
                let sql = "SELECT number FROM household_person WHERE household = $1 ORDER BY number LIMIT $2";
                Box::pin(async move { numbers(client, sql, &[&household.as_str(), length_max]).await })
            })
            .await
    }

    async fn ever_related(&self, number: PersonalNumber, length_max: usize) -> Answer<Vec<PersonalNumber>> {
        self.database
            .read(&(number_to_sql(number), limit(length_max)), |client, (number, length_max)| {
                let sql = "SELECT number FROM relative WHERE relative = $1 ORDER BY number LIMIT $2";
                Box::pin(async move { numbers(client, sql, &[number, length_max]).await })
            })
            .await
    }

    async fn commit(&self, commit: Commit) -> Answer<Committed> {
        self.committer.commit(commit).await
    }

    async fn event(&self, id: CommandId) -> Answer<Option<(Event, [u8; 32])>> {
        self.database.read(&id, |client, id| Box::pin(commit::event(client, *id))).await
    }

    async fn taken_back_by(&self, id: CommandId) -> Answer<Option<CommandId>> {
        self.database.read(&id, |client, id| Box::pin(taken_back_by(client, *id))).await
    }

    async fn events_of(
        &self,
        number: PersonalNumber,
        before: Option<Timestamp>,
        length_max: usize,
    ) -> Answer<Vec<Event>> {
        self.database
            .read(&(number, before, length_max), |client, (number, before, length_max)| {
                Box::pin(events_of(client, *number, *before, *length_max))
            })
            .await
    }

    async fn events_of_commune(
        &self,
        commune: CommuneCode,
        since: Timestamp,
        after: Option<CommandId>,
        length_max: usize,
    ) -> Answer<Vec<Event>> {
        self.database
            .read(&(commune, since, after, length_max), |client, (commune, since, after, length_max)| {
                Box::pin(events_of_commune(client, *commune, *since, *after, *length_max))
            })
            .await
    }

    async fn outbox(&self, after: Cursor, length_max: usize) -> Answer<Vec<OutboxEntry>> {
        self.database
            .read(&(after, length_max), |client, (after, length_max)| {
                Box::pin(outbox::entries(client, *after, *length_max))
            })
            .await
    }

    async fn outbox_end(&self) -> Answer<Cursor> {
        self.database.read(&(), |client, ()| Box::pin(outbox::end(client))).await
    }

    async fn outbox_start(&self) -> Answer<Cursor> {
        self.database.read(&(), |client, ()| Box::pin(outbox::start(client))).await
    }

    async fn remove_outbox(&self, before: Timestamp, length_max: usize) -> Answer<usize> {
        self.database
            .write(&(before, length_max), |transaction, (before, length_max)| {
                Box::pin(async move {
                    Ok(Outcome::Keep(outbox::remove(transaction, *before, *length_max).await?))
                })
            })
            .await
    }

    async fn add_findings(&self, findings: Vec<Finding>) -> Answer<u64> {
        self.database
            .write(&findings, |transaction, findings| {
                Box::pin(async move { Ok(Outcome::Keep(lists::add_findings(transaction, findings).await?)) })
            })
            .await
    }

    async fn finding(&self, id: FindingId) -> Answer<Option<Finding>> {
        self.database
            .read(&id, |client, id| {
                Box::pin(lists::one(client, "SELECT body FROM finding WHERE id = $1", id.0))
            })
            .await
    }

    async fn findings(
        &self,
        filter: FindingFilter,
        after: Option<FindingId>,
        length_max: usize,
    ) -> Answer<Vec<Finding>> {
        self.database
            .read_snapshot(&(filter, after, length_max), |transaction, (filter, after, length_max)| {
                Box::pin(lists::findings(transaction, filter, *after, *length_max))
            })
            .await
    }

    async fn save_finding(&self, finding: Finding, moves_before: usize) -> Answer<bool> {
        self.database
            .write(&(finding, moves_before), |transaction, (finding, moves_before)| {
                Box::pin(lists::save_finding(transaction, finding, *moves_before))
            })
            .await
    }

    async fn save_proposal(&self, proposal: Proposal, moves_before: Option<usize>) -> Answer<bool> {
        self.database
            .write(&(proposal, moves_before), |transaction, (proposal, moves_before)| {
                Box::pin(lists::save_proposal(transaction, proposal, *moves_before))
            })
            .await
    }

    async fn proposal(&self, id: ProposalId) -> Answer<Option<Proposal>> {
        self.database
            .read(&id, |client, id| {
                Box::pin(lists::one(client, "SELECT body FROM proposal WHERE id = $1", id.0))
            })
            .await
    }

    async fn proposals(
        &self,
        filter: ProposalFilter,
        after: Option<ProposalId>,
        length_max: usize,
    ) -> Answer<Vec<Proposal>> {
        self.database
            .read_snapshot(&(filter, after, length_max), |transaction, (filter, after, length_max)| {
                Box::pin(lists::proposals(transaction, filter, *after, *length_max))
            })
            .await
    }

    async fn stays(
        &self,
        commune: CommuneCode,
        day: Date,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> Answer<Vec<Stay>> {
        self.database
            .read(&(commune, day, after, length_max), |client, (commune, day, after, length_max)| {
                Box::pin(lists::stays(client, *commune, *day, *after, *length_max))
            })
            .await
    }

    async fn remove_stays(&self, ended_before: Date, rows_max: u32) -> Answer<u64> {
        self.database
            .write(&(ended_before, rows_max), |transaction, (ended_before, rows_max)| {
                Box::pin(lists::remove_stays(transaction, *ended_before, *rows_max))
            })
            .await
    }

    async fn unit_changes(&self) -> Answer<Vec<UnitChange>> {
        self.database.read(&(), |client, ()| Box::pin(lists::unit_changes(client))).await
    }
}

/// The records of persons from one statement, so that facts and version are of the same commits.
async fn records(
    client: &impl GenericClient,
    sources: &SourceNames,
    numbers: &[PersonalNumber],
) -> Result<Vec<Record>> {
    let sql = "SELECT number, kind, value, valid_from, valid_to, recorded_from, recorded_to, source
               FROM fact WHERE number = ANY ($1)
               UNION ALL
               SELECT number, NULL, NULL, NULL, NULL, version, NULL, NULL FROM person WHERE number = ANY ($1)";
    let statement = client.prepare_cached(sql).await?;
    let asked: Vec<i64> = numbers.iter().map(|number| number_to_sql(*number)).collect();
    let rows = client.query(&statement, &[&asked]).await?;
    let records = records_of(client, sources, &rows).await?;
    Ok(asked.iter().map(|number| records.get(number).cloned().unwrap_or_default()).collect())
}

/// Everyone who ever was in a household, with their records.
async fn household_records(
    client: &impl GenericClient,
    sources: &SourceNames,
    household: &HouseholdNumber,
    length_max: i64,
) -> Result<Vec<(PersonalNumber, Record)>> {
    let sql = "WITH member AS MATERIALIZED (
                   SELECT number FROM household_person WHERE household = $1 ORDER BY number LIMIT $2)
               SELECT number, kind, value, valid_from, valid_to, recorded_from, recorded_to, source
               FROM member JOIN fact USING (number)
               UNION ALL
               SELECT number, NULL, NULL, NULL, NULL, version, NULL, NULL
               FROM member LEFT JOIN person USING (number)";
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, &[&household.as_str(), &length_max]).await?;
    let mut members: Vec<_> = records_of(client, sources, &rows).await?.into_iter().collect();
    members.sort_unstable_by_key(|(number, _)| *number);
    members.into_iter().map(|(number, record)| Ok((number_from_sql(number)?, record))).collect()
}

/// Records by number, from rows of facts and rows of versions.
async fn records_of(
    client: &impl GenericClient,
    sources: &SourceNames,
    rows: &[Row],
) -> Result<HashMap<i64, Record>> {
    let names = sources.of(client, rows, 7).await?;
    let mut records: HashMap<i64, Record> = HashMap::new();
    for row in rows {
        let record = records.entry(cell(row, 0)?).or_default();
        match cell::<Option<i64>>(row, 7)? {
            Some(source) => {
                let source = names.get(&source).ok_or(Fault::Damaged("the source of a fact"))?;
                record.facts.push(facts::fact_from(row, Arc::clone(source))?);
            }
            // Of whom only a note was made has a version and no fact.
            None => record.version = cell::<Option<i64>>(row, 5)?.map(instant_from_sql).transpose()?,
        }
    }
    for record in records.values_mut() {
        record.facts.sort_by_key(|fact| (fact.value.kind().code(), fact.recorded_from, fact.valid_from));
    }
    Ok(records)
}

async fn numbers(
    client: &impl GenericClient,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<PersonalNumber>> {
    let statement = client.prepare_cached(sql).await?;
    let rows = client.query(&statement, parameters).await?;
    rows.iter().map(|row| number_from_sql(cell(row, 0)?)).collect()
}

pub(crate) fn command_id(bytes: &[u8]) -> Result<CommandId> {
    Uuid::from_slice(bytes).map(CommandId).map_err(|_| Fault::Damaged("a column of events"))
}

async fn taken_back_by(client: &impl GenericClient, id: CommandId) -> Result<Option<CommandId>> {
    let statement = client.prepare_cached("SELECT by_event FROM taken_back WHERE event = $1").await?;
    let row = client.query_opt(&statement, &[&id.0.as_bytes().as_slice()]).await?;
    row.map(|row| command_id(cell(&row, 0)?)).transpose()
}

async fn events_of_commune(
    client: &impl GenericClient,
    commune: CommuneCode,
    since: Timestamp,
    after: Option<CommandId>,
    length_max: usize,
) -> Result<Vec<Event>> {
    let (before, last) = match after {
        None => (i64::MAX, [u8::MAX; 16]),
        Some(id) => {
            let statement = client.prepare_cached("SELECT recorded_at FROM event WHERE id = $1").await?;
            let Some(row) = client.query_opt(&statement, &[&id.0.as_bytes().as_slice()]).await? else {
                return Ok(Vec::new());
            };
            (cell(&row, 0)?, *id.0.as_bytes())
        }
    };
    let sql = "SELECT body FROM commune_event AS listed JOIN event ON event.id = listed.event
               WHERE commune = $1 AND listed.recorded_at >= $2 AND (listed.recorded_at, listed.event) < ($3, $4)
               ORDER BY listed.recorded_at DESC, listed.event DESC LIMIT $5";
    let statement = client.prepare_cached(sql).await?;
    let since = since.as_microsecond();
    let rows = client
        .query(
            &statement,
            &[&commune.value().cast_signed(), &since, &before, &last.as_slice(), &limit(length_max)],
        )
        .await?;
    rows.iter().map(|row| commit::event_from_json(cell(row, 0)?)).collect()
}

async fn events_of(
    client: &impl GenericClient,
    number: PersonalNumber,
    before: Option<Timestamp>,
    length_max: usize,
) -> Result<Vec<Event>> {
    let sql = "SELECT body FROM event_person JOIN event ON event.id = event_person.event
               WHERE number = $1 AND event_person.recorded_at < $2
               ORDER BY event_person.recorded_at DESC LIMIT $3";
    let statement = client.prepare_cached(sql).await?;
    let before = before.map_or(i64::MAX, Timestamp::as_microsecond);
    let rows = client.query(&statement, &[&number_to_sql(number), &before, &limit(length_max)]).await?;
    rows.iter().map(|row| commit::event_from_json(cell(row, 0)?)).collect()
}
