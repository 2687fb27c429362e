//! `/desk`: the commune officer's work, by keyboard alone and without scripts. Numbers first; the register then says who
//! they are; only what is new is asked; what will be recorded is shown before it is.

mod absence;
mod birth;
mod death;
mod event;
pub(super) mod form;
mod handover;
mod marriage;
mod movement;
mod office;
mod person;
mod shown;
mod start;
mod stay;
mod steps;
mod task;
mod temporary;

use crate::AppState;
use axum::{
    Router,
    response::Redirect,
    routing::{get, post},
};
pub(super) use person::{open_file, reading_commune};
use std::sync::Arc;
use task::Task;

/// Every task of the desk, in the order of its start page.
const TASKS: [&dyn Task; 9] = [
    &birth::BIRTH,
    &death::DEATH,
    &marriage::MARRIAGE,
    &movement::MOVEMENT,
    &temporary::TEMPORARY,
    &temporary::END_TEMPORARY,
    &absence::ABSENCE,
    &absence::RETURN,
    &stay::STAY,
];

fn task(word: &str) -> Option<&'static dyn Task> {
    TASKS.into_iter().find(|task| task.word() == word)
}

/// The desk's pages.
pub(super) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/desk", get(start::show))
        .route("/desk/persons", get(person::ask).post(person::show))
        .route("/desk/handover", get(handover::show))
        .route("/desk/handover/{id}", post(handover::act).get(|| async { Redirect::to("/desk/handover") }))
        .route("/desk/events/{id}", get(event::show).post(event::take_back))
        .route("/desk/{task}", get(steps::begin).post(steps::submit))
}
