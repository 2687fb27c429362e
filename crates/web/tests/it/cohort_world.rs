//! A house with a contract of lists, men for them, and the steps of their road.

use crate::house::{Answer, FORM, House, JSON, public_key};
use async_trait::async_trait;
use dancu_core::{Clock, StoreError};
use dancu_exchange::{CohortExtract, CohortRow, CohortStore, ContractId, ExtractId, OpenBounds};
use dancu_places::Places;
use dancu_register::load::{LoadRequest, load};
use dancu_store_sqlite::SqliteStore;
use dancu_testkit::make_official;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Men of the file, beside HOA: of a length of several pages.
pub const MEN: u64 = 1_200;

pub fn terms() -> Value {
    json!({
        "fields": ["name", "birth_date", "residence"], "born": { "ages": { "from": 17, "to": 40 } }, "sex": "M",
        "places": ["01"], "rows_max": 5_000,
    })
}

/// The house with a contract of lists, with other terms in it.
pub async fn open(changes: &[(&str, Value)]) -> House {
    let mut contract = json!({
        "id": "hd-40", "client": "army-core", "legal_basis": "Luật Nghĩa vụ quân sự 2015, điều 12",
        "purpose_vi": "Gọi công dân nhập ngũ", "purpose_en": "Call citizens up", "fields": [], "cohort": terms(),
        "daily_limit": 9_000, "per_second_max": 500, "limit_reason": "Thử", "valid_from": "2026-01-01",
    });
    for (key, value) in changes {
        contract[*key] = value.clone();
    }
    let mut whole: Value = serde_json::from_str(include_str!("connections.json")).unwrap();
    let add = |list: &mut Value, row: Value| list.as_array_mut().unwrap().push(row);
    let organisation = json!({ "id": "quan-su", "name_vi": "Bộ chỉ huy Thử", "name_en": "Test Command" });
    add(&mut whole["organisations"], organisation);
    add(&mut whole["clients"], client(None));
    add(&mut whole["contracts"], contract);
    House::open_with(whole).await
}

fn client(suspended: Option<&str>) -> Value {
    let mut client = json!({ "id": "army-core", "organisation": "quan-su", "keys": [public_key()] });
    if let Some(ground) = suspended {
        client["suspended"] = ground.into();
    }
    client
}

/// Suspends the client of the lists, or lets it work again.
pub async fn suspend_client(house: &House, ground: Option<&str>) {
    house.connect(json!({ "clients": [client(ground)] })).await;
    let state = &house.state;
    make_official(state.life.store(), &state.directory, house.clock.now()).await;
}

/// Puts so many men of age into the register, and some who are in no list: a woman, one who is too young, one who died,
/// one who lives here for a time only, and one of whom the register cannot say.
pub async fn load_men(house: &House, count: u64) {
    // The columns of sealed values would need the key.
    let all = include_str!("people.csv").lines().next().unwrap();
    let mut text = all.split(",ethnicity").next().unwrap().to_owned();
    let row = |fields: &[(&str, &str)], header: &str| {
        let value =
            |name: &str| fields.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value);
        header.split(',').map(value).collect::<Vec<_>>().join(",")
    };
    let header = text.clone();
    let common = [("full_name", "Trần Văn Thử"), ("nationality", "VNM"), ("permanent_address", "Số 1")];
    for serial in 0..count {
        let number = format!("001209{serial:06}");
        let own = [
            ("number", number.as_str()),
            ("sex", "M"),
            ("birth_date", "2009-03-04"),
            ("permanent_commune", "00004"),
        ];
        write!(text, "\n{}", row(&[&common[..], &own].concat(), &header)).unwrap();
    }
    let here = ("permanent_commune", "00004");
    for own in [
        &[("number", "001309000001"), ("sex", "F"), ("birth_date", "2009-03-04"), here][..],
        &[("number", "001210000001"), ("sex", "M"), ("birth_date", "2010-03-04"), here],
        &[
            ("number", "001209900001"),
            ("sex", "M"),
            ("birth_date", "2009-03-04"),
            here,
            ("life_status", "dead"),
            ("life_date", "2024-02-03"),
        ],
        &[
            ("number", "001209900002"),
            ("sex", "M"),
            ("birth_date", "2009-03-04"),
            ("permanent_commune", "26734"),
            ("temporary_commune", "00004"),
            ("temporary_address", "Số 2"),
            ("temporary_since", "2026-01-01"),
        ],
        &[("number", "001209900003"), ("sex", "M"), ("birth_date", "2009"), here],
    ] {
        write!(text, "\n{}", row(&[&common[..], own].concat(), &header)).unwrap();
    }
    let path = house.path().join(format!("men-{count}.csv"));
    std::fs::write(&path, text).unwrap();
    let request = LoadRequest::new(&path, house.clock.today());
    let report = load(house.store(), &*house.clock, Places::national(), &request, &mut |_| {}).await.unwrap();
    assert_eq!((report.added, report.progress.rejected), (count + 5, 0));
}

/// Asks for the men of age, or something else.
pub async fn ask(house: &House, changes: &Value) -> Answer {
    let born = json!({ "ages": { "from": 17, "to": 40, "on": "2026-11-21" } });
    let mut body =
        json!({ "reference": "QĐ 12/2026", "criteria": { "born": born, "sex": "M", "places": ["01"] } });
    for (key, value) in changes.as_object().unwrap() {
        body[key] = value.clone();
    }
    let bearer = house.bearer_of("army-core").await;
    house.knock("POST", "/v1/extracts").header("authorization", &bearer).send(body.to_string()).await
}

pub async fn get(house: &House, path: &str) -> Answer {
    let bearer = house.bearer_of("army-core").await;
    house.knock("GET", path).header("authorization", &bearer).send("").await
}

pub async fn extract(house: &House, id: &str) -> Value {
    get(house, &format!("/v1/extracts/{id}")).await.json()
}

pub async fn rows(house: &House, id: &str, after: u64, accept: &str) -> Answer {
    let bearer = house.bearer_of("army-core").await;
    let path = format!("/v1/extracts/{id}/rows?after={after}");
    house.knock("GET", &path).header("authorization", &bearer).header("accept", accept).send("").await
}

pub async fn operator(house: &House, by: &str, path: &str, accept: &str) -> Answer {
    let cookie = house.operator(by).await;
    house.knock("GET", path).header("cookie", &cookie).header("accept", accept).send("").await
}

pub async fn approve(house: &House, by: &str, id: &str) -> Answer {
    let cookie = house.operator(by).await;
    let knock = house.knock("POST", &format!("/operator/extracts/{id}")).header("cookie", &cookie);
    knock.header("accept", JSON).header("content-type", FORM).send("step=approve").await
}

/// Rounds until nothing goes on.
pub async fn make(house: &House) {
    let maker = house.cohort_maker(Arc::new(house.store().clone()));
    while maker.round().await.unwrap() > 0 {}
}

/// Rounds until nothing goes on; then it is in a state.
pub async fn finish(house: &House, id: &str, state: &str) {
    make(house).await;
    assert_eq!(extract(house, id).await["state"], state);
}

/// A list that is ready; its identifier.
pub async fn ready(house: &House) -> String {
    let asked = ask(house, &json!({})).await.json();
    let id = asked["id"].as_str().unwrap().to_owned();
    make(house).await;
    for by in ["an.nguyen", "binh.tran"] {
        assert_eq!(approve(house, by, &id).await.status, 200);
    }
    finish(house, &id, "ready").await;
    id
}

/// Where a life ends: with a write that is not there, or with one that is and was not heard of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    BeforeCommit,
    AfterCommit,
}

/// A store that ends a maker's life at one of its writes.
pub struct BreakingStore {
    inner: SqliteStore,
    writes_left: AtomicU64,
    at: Step,
}

/// A store that breaks at the write behind so many.
pub fn breaking(store: &SqliteStore, writes: u64, at: Step) -> BreakingStore {
    BreakingStore { inner: store.clone(), writes_left: AtomicU64::new(writes), at }
}

#[async_trait]
impl CohortStore for BreakingStore {
    async fn add_extract(&self, extract: CohortExtract, bounds: OpenBounds) -> Result<bool, StoreError> {
        self.inner.add_extract(extract, bounds).await
    }

    async fn save_extract(&self, extract: CohortExtract, rows: Vec<CohortRow>) -> Result<bool, StoreError> {
        let killed =
            || Err(StoreError::Failed { file: "cohort_extract".into(), detail: "killed".to_owned() });
        let left =
            self.writes_left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(1));
        if left.is_ok() {
            return self.inner.save_extract(extract, rows).await;
        }
        if self.at == Step::AfterCommit {
            self.inner.save_extract(extract, rows).await?;
        }
        killed()
    }

    async fn extract(&self, id: ExtractId) -> Result<Option<CohortExtract>, StoreError> {
        self.inner.extract(id).await
    }

    async fn open_extract(
        &self,
        contract: &ContractId,
        reference: &str,
    ) -> Result<Option<CohortExtract>, StoreError> {
        self.inner.open_extract(contract, reference).await
    }

    async fn extracts(
        &self,
        waits: bool,
        after: Option<ExtractId>,
        length_max: usize,
    ) -> Result<Vec<CohortExtract>, StoreError> {
        self.inner.extracts(waits, after, length_max).await
    }

    async fn extracts_to_work_on(
        &self,
        now: Timestamp,
        length_max: usize,
    ) -> Result<Vec<CohortExtract>, StoreError> {
        self.inner.extracts_to_work_on(now, length_max).await
    }

    async fn extract_rows(
        &self,
        id: ExtractId,
        after: u64,
        length_max: usize,
    ) -> Result<Vec<CohortRow>, StoreError> {
        self.inner.extract_rows(id, after, length_max).await
    }

    async fn remove_extract_rows(&self, id: ExtractId, rows_max: u32) -> Result<u64, StoreError> {
        self.inner.remove_extract_rows(id, rows_max).await
    }
}
