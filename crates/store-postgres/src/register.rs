//! The port of the register.

use crate::{
    PostgresStore, circles,
    errors::Result,
    facts::{self, cell, limit, signed, unsigned},
    load,
    person_reads::{Asked, together},
};
use async_trait::async_trait;
use dancu_core::{CommuneCode, PersonalNumber, StoreError};
use dancu_register::{
    At, Fact, FileDigest, HouseholdMember, HouseholdNumber, KindSet, LoadBatch, LoadOutcome, LoadProgress,
    Page, Person, RegisterStore, Reject, Related, Resident,
};
use deadpool_postgres::GenericClient;

#[async_trait]
impl RegisterStore for PostgresStore {
    async fn person_now(
        &self,
        number: PersonalNumber,
        at: At,
        kinds: KindSet,
    ) -> std::result::Result<Option<Person>, StoreError> {
        self.person_reads.person(Asked { number, at, kinds }).await
    }

    async fn persons_now(
        &self,
        numbers: &[PersonalNumber],
        at: At,
        kinds: KindSet,
    ) -> std::result::Result<Vec<Option<Person>>, StoreError> {
        let asked: Vec<Asked> = numbers.iter().map(|number| Asked { number: *number, at, kinds }).collect();
        self.database.read(&asked, |client, asked| Box::pin(together(client, asked))).await
    }

    async fn history(&self, number: PersonalNumber) -> std::result::Result<Vec<Fact>, StoreError> {
        self.database.read(&number, |client, number| Box::pin(facts::history(client, *number))).await
    }

    async fn household(
        &self,
        household: &HouseholdNumber,
        at: At,
        page: Page,
    ) -> std::result::Result<Vec<HouseholdMember>, StoreError> {
        self.database
            .read_snapshot(&(household, at, page), |transaction, (household, at, page)| {
                Box::pin(circles::members(transaction, household, *at, *page))
            })
            .await
    }

    async fn related(
        &self,
        number: PersonalNumber,
        at: At,
        page: Page,
    ) -> std::result::Result<Vec<Related>, StoreError> {
        self.database
            .read_snapshot(&(number, at, page), |transaction, (number, at, page)| {
                Box::pin(circles::related(transaction, *number, *at, *page))
            })
            .await
    }

    async fn residents(
        &self,
        communes: &[CommuneCode],
        at: At,
        page: Page,
    ) -> std::result::Result<Vec<Resident>, StoreError> {
        self.database
            .read_snapshot(&(communes, at, page), |transaction, (communes, at, page)| {
                Box::pin(circles::residents(transaction, communes, *at, *page))
            })
            .await
    }

    async fn sealed_history(&self, number: PersonalNumber) -> std::result::Result<Vec<Fact>, StoreError> {
        self.database.read(&number, |client, number| Box::pin(facts::sealed_history(client, *number))).await
    }

    async fn apply(&self, batch: LoadBatch) -> std::result::Result<LoadOutcome, StoreError> {
        load::apply(&self.database, &batch).await
    }

    async fn load_progress(&self, file: FileDigest) -> std::result::Result<Option<LoadProgress>, StoreError> {
        self.database
            .read(&file, |client, file| {
                Box::pin(async { Ok(load::load_file(client, *file).await?.map(|(_, progress)| progress)) })
            })
            .await
    }

    async fn rejects(
        &self,
        file: FileDigest,
        after: u64,
        length_max: usize,
    ) -> std::result::Result<Vec<Reject>, StoreError> {
        self.database
            .read(&(file, after, length_max), |client, (file, after, length_max)| {
                Box::pin(rejects(client, *file, *after, *length_max))
            })
            .await
    }

    async fn numbers(
        &self,
        after: Option<PersonalNumber>,
        length_max: usize,
    ) -> std::result::Result<Vec<PersonalNumber>, StoreError> {
        let after = after.map_or(-1, facts::number_to_sql);
        self.database
            .read(&(after, limit(length_max)), |client, (after, length_max)| {
                Box::pin(async move {
                    let sql =
                        "SELECT number FROM person WHERE number > $1 AND is_held ORDER BY number LIMIT $2";
                    let statement = client.prepare_cached(sql).await?;
                    let rows = client.query(&statement, &[after, length_max]).await?;
                    rows.iter().map(|row| facts::number_from_sql(cell(row, 0)?)).collect()
                })
            })
            .await
    }

    async fn count_persons(&self) -> std::result::Result<u64, StoreError> {
        self.database
            .read(&(), |client, ()| {
                Box::pin(async {
                    let sql = "SELECT coalesce(sum(persons), 0)::bigint FROM person_count";
                    let statement = client.prepare_cached(sql).await?;
                    unsigned(cell(&client.query_one(&statement, &[]).await?, 0)?)
                })
            })
            .await
    }
}

async fn rejects(
    client: &impl GenericClient,
    file: FileDigest,
    after: u64,
    length_max: usize,
) -> Result<Vec<Reject>> {
    let statement = client
        .prepare_cached(
            "SELECT line, field, code, message_vi, message_en, row
             FROM load_reject JOIN load_file USING (source)
             WHERE digest = $1 AND line > $2 ORDER BY line LIMIT $3",
        )
        .await?;
    let rows = client.query(&statement, &[&file.0.as_slice(), &signed(after), &limit(length_max)]).await?;
    rows.iter()
        .map(|row| {
            Ok(Reject {
                line: unsigned(cell(row, 0)?)?,
                field: cell(row, 1)?,
                code: cell(row, 2)?,
                message_vi: cell(row, 3)?,
                message_en: cell(row, 4)?,
                row: cell(row, 5)?,
            })
        })
        .collect()
}
