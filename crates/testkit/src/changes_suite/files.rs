//! Files that say something else than events established.

use super::desk::{Desk, TODAY, at, family, identity, number, since};
use crate::{FakeClock, register_suite::load_with};
use dancu_changes::{Finding, FindingFilter, FindingKind, FindingMove, FindingState};
use dancu_core::Clock;
use dancu_register::{At, FactValue, Life, csv::Column};
use jiff::civil::date;

async fn findings(desk: &Desk) -> Vec<Finding> {
    desk.store.findings(FindingFilter::default(), None, 10).await.expect("reads")
}

/// The case: a file of a later day that says "alive" would undo a registered death, and nobody would know.
pub(super) async fn a_file_that_contradicts_an_event_is_a_finding_and_the_event_stands(desk: &Desk) {
    let clock = FakeClock::at("2026-11-21T02:00:00Z");
    let dead = FactValue::Life(Life::Dead { date: Some(date(2026, 11, 2)) });
    let beliefs = [
        since(identity("Trần Thị Lan"), date(1985, 3, 2)),
        since(family(Some(2), None, Some(3)), date(2010, 1, 1)),
        since(dead.clone(), date(2026, 11, 2)),
    ];
    desk.state(1, 1, &beliefs).await;
    let person = async || {
        let at = At { as_of: TODAY, known_at: at(1_000_000) };
        desk.person(1, at).await.expect("is known")
    };
    let load = async |spouse: &str, life: &str, phone: &str| {
        let columns = [
            (Column::Sex, "F"),
            (Column::Father, "001085000002"),
            (Column::Spouse, spouse),
            (Column::LifeStatus, life),
            (Column::Phone, phone),
        ];
        load_with(&*desk.store, &clock, number(1), &columns).await
    };
    let report = load("001085000003", "alive", "0912345671").await;
    assert_eq!((report.changed, report.contradicted), (1, 1));
    let seen = person().await;
    assert_eq!(seen.life(), Life::Dead { date: Some(date(2026, 11, 2)) });
    assert_eq!(
        seen.contact().and_then(|contact| contact.phone.as_deref()),
        Some("0912345671"),
        "the rest is taken"
    );
    let found = findings(desk).await;
    assert_eq!((found.len(), found[0].kind), (1, FindingKind::FileContradictsEvent));
    assert_eq!((found[0].persons.as_slice(), found[0].state), ([number(1)].as_slice(), FindingState::Open));
    let statement = found[0].statement.clone().expect("says where");
    assert_eq!((statement.line, statement.fact.as_str()), (2, "life"));
    assert!(statement.source.starts_with("load:"), "{}", statement.source);
    // Another file that says the same opens nothing new while somebody is at it, and opens again what was resolved.
    assert_eq!(load("001085000003", "alive", "0912345672").await.contradicted, 1);
    assert_eq!(findings(desk).await, found);
    let step = |to| FindingMove { to, at: clock.now(), by: "lan".to_owned(), note: "Đã xem".to_owned() };
    let mut resolved = found[0].clone();
    (resolved.state, resolved.moves) = (FindingState::Resolved, vec![step(FindingState::Resolved)]);
    assert!(desk.store.save_finding(resolved, 0).await.expect("writes"));
    load("001085000003", "alive", "0912345673").await;
    let again = findings(desk).await;
    assert_eq!((again.len(), again[0].state, again[0].moves.len()), (1, FindingState::Open, 2));
    let mut dismissed = again[0].clone();
    dismissed.state = FindingState::Dismissed;
    dismissed.moves.push(step(FindingState::Dismissed));
    assert!(desk.store.save_finding(dismissed.clone(), 2).await.expect("writes"));
    load("001085000003", "alive", "0912345674").await;
    assert_eq!(findings(desk).await, [dismissed], "somebody looked at it");
    // Another statement is another finding.
    assert_eq!(load("001085000004", "", "0912345674").await.contradicted, 1);
    assert_eq!(findings(desk).await.len(), 2);
    let spouse = person().await.family().and_then(|family| family.spouse);
    assert_eq!(spouse, Some(number(3)));
}
