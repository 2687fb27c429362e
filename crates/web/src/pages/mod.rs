//! The pages, one a file. Each shows the same view as HTML and as JSON.

mod agency;
mod alarm_view;
mod alarms;
mod citizen;
mod connections;
mod correction_form;
mod corrections;
mod desk;
mod extracts;
mod feed;
mod fields;
mod file_pair_words;
mod file_pairs;
mod findings;
mod frame;
mod history;
mod home;
mod life;
mod life_view;
mod limits;
mod live;
mod my_consents;
mod my_corrections;
mod my_portals;
mod my_requests;
mod my_sealed;
mod officer;
mod operator;
mod orders;
mod paging;
mod privacy;
mod reader;
mod reception;
mod record;
mod sandbox;
mod sealed;
mod search;
mod sign_in;
mod sign_on;
mod statistics;
mod timeline;
mod verdicts;
mod why;

use crate::AppState;
use axum::{
    Router,
    response::Redirect,
    routing::{get, post},
};
use dancu_core::PersonalNumber;
use std::sync::Arc;

pub(crate) use frame::framed;
pub(crate) use reader::Reader;
pub(crate) use sign_on::{confirm_sign_out, lead_on};

/// Twelve digits in groups of three, as cards print them.
fn grouped(number: PersonalNumber) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().chunks(3).filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

/// Every page. They belong inside [`framed`], which makes problems readable.
pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/", get(home::show))
        .merge(sign_in::routes())
        .route("/reception", get(reception::show).post(reception::scan))
        .route("/reception/admit", post(reception::admit).get(|| async { Redirect::to("/reception") }))
        .route("/citizen", get(citizen::show))
        .route("/citizen/receipts/{index}", get(citizen::receipt))
        .route("/citizen/evidence/{index}", get(citizen::evidence))
        .route("/citizen/history", get(history::show))
        .merge(desk::routes())
        .route("/citizen/corrections", get(my_corrections::show).post(my_corrections::propose))
        .route(
            "/citizen/corrections/{id}/withdraw",
            post(my_corrections::withdraw).get(|| async { Redirect::to("/citizen/corrections") }),
        )
        .route("/citizen/consents", get(my_consents::show))
        .route(
            "/citizen/consents/{id}",
            post(my_consents::decide).get(|| async { Redirect::to("/citizen/consents") }),
        )
        .merge(my_portals::routes())
        .merge(sign_on::routes())
        .merge(my_requests::routes())
        .merge(orders::routes())
        .merge(extracts::routes().merge(file_pairs::routes()))
        .route("/operator/privacy", get(privacy::show))
        .route(
            "/operator/privacy/{id}",
            post(privacy::step).get(|| async { Redirect::to("/operator/privacy") }),
        )
        .route("/officer/findings", get(findings::show))
        .route(
            "/officer/findings/{id}",
            post(findings::step).get(|| async { Redirect::to("/officer/findings") }),
        )
        .route(
            "/officer/findings/{id}/open",
            post(findings::open).get(|| async { Redirect::to("/officer/findings") }),
        )
        .route(
            "/officer/corrections/{id}/open",
            post(corrections::open).get(|| async { Redirect::to("/officer/corrections") }),
        )
        .route("/officer/corrections", get(corrections::show))
        .route(
            "/officer/corrections/{id}",
            post(corrections::decide).get(|| async { Redirect::to("/officer/corrections") }),
        )
        .route("/officer", get(officer::show))
        .route("/officer/codes", post(officer::issue).get(|| async { Redirect::to("/officer") }))
        .merge(agency::routes())
        .merge(alarms::routes())
        .merge(life::routes())
        .merge(search::routes())
        .route("/sandbox", get(sandbox::show).post(sandbox::ask))
        .route("/statistics", get(statistics::show))
        .merge(sealed::routes())
        .merge(my_sealed::routes())
        .route("/operator", get(operator::show))
        .route("/operator/live", get(live::show))
        .route("/operator/contracts/{id}/why", get(why::show))
        .route("/operator/contracts/{id}/limit", get(limits::show).post(limits::follow))
        .route(feed::PATH, get(feed::show).post(feed::act))
        .route(
            "/operator/connections",
            post(connections::apply).put(connections::apply).get(|| async { Redirect::to("/operator") }),
        )
}
