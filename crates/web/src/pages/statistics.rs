//! `/statistics`: how many persons live in each province, for everybody.

use super::reader::Reader;
use crate::{AppState, Problem, api::statistics_problem, views::Page};
use askama::Template;
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::Response,
};
use dancu_core::{ProvinceCode, Sex};
use dancu_places::Places;
use dancu_statistics::{StatisticsError, Table};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

#[derive(Template, Serialize)]
#[template(path = "statistics.html")]
struct StatisticsView {
    #[serde(skip)]
    page: Page,
    /// The days that can be asked for, the newest first.
    days: Vec<Date>,
    /// None while nothing was counted yet.
    table: Option<Arc<Table>>,
    #[serde(skip)]
    provinces: Vec<ProvinceLine>,
}

/// A province, with each sex rounded by itself.
struct ProvinceLine {
    /// None: the province is not known.
    name: Option<String>,
    men: u64,
    women: u64,
}

/// Which day. The language may stand beside it, as on every page.
#[derive(Deserialize)]
pub(super) struct Asked {
    day: Option<Date>,
}

/// For anyone.
pub(super) async fn show(
    State(state): State<Arc<AppState>>,
    reader: Reader,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = asked.map_err(|_| Problem::not_found())?;
    let days = state.statistics.days().await?;
    let table = match state.statistics.public_table(asked.day).await {
        Ok(table) => Some(table),
        // Before the first count there is a page all the same.
        Err(StatisticsError::NoSuchDay) if asked.day.is_none() => None,
        Err(error) => return Err(statistics_problem(error)),
    };
    let provinces = table.as_deref().map(lines).unwrap_or_default();
    let view = StatisticsView { page: reader.page_at("/statistics"), days, table, provinces };
    Ok(reader.show(StatusCode::OK, &view))
}

fn lines(table: &Table) -> Vec<ProvinceLine> {
    let mut counts: BTreeMap<Option<ProvinceCode>, (u64, u64)> = BTreeMap::new();
    for row in &table.rows {
        let count = counts.entry(row.province).or_default();
        match row.sex {
            Some(Sex::Male) => count.0 += row.persons,
            Some(Sex::Female) => count.1 += row.persons,
            None => {}
        }
    }
    let name = |code| Places::national().province(code).map(|province| province.full_name.clone());
    let mut lines: Vec<ProvinceLine> = counts
        .into_iter()
        .map(|(code, (men, women))| ProvinceLine { name: code.and_then(name), men, women })
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.men + line.women));
    lines
}
