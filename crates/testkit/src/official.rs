//! Connections that went their whole way, for tests that need clients in use.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

use dancu_core::today_in_viet_nam;
use dancu_exchange::{
    Author, Connection, ConnectionAct, Directory, LifeError, LifeStore, Part, Side, Stage, Verdict,
};
use jiff::Timestamp;

fn operator(id: &str) -> Author {
    Author { id: id.to_owned(), name: "Nguyễn Thị Thẩm Định".to_owned(), side: Side::Operator }
}

/// Takes every connection that is not reviewed yet through sandbox, review and pilot, as two operators do who wrote none of it.
pub async fn make_official(store: &dyn LifeStore, directory: &Directory, now: Timestamp) {
    let (organisations, clients, contracts) = store.connections().await.unwrap();
    let mut acts = Vec::new();
    for contract in contracts {
        let client = clients.iter().find(|row| row.id == contract.client).unwrap().clone();
        let organisation = organisations.iter().find(|row| row.id == client.organisation).unwrap().clone();
        let history = store.acts(&contract.id, 0, Connection::ACTS_MAX).await.unwrap();
        let mut connection = Connection { organisation, client, contract, acts: history };
        if connection.stage().is_open() {
            acts.extend(walk(&mut connection, Stage::Official, now));
        }
    }
    assert!(store.add_acts(acts).await.unwrap());
    directory.reload(store).await.unwrap();
}

/// Takes one connection as far as a stage; for a suspension and an end it was official before.
pub async fn bring_to(
    store: &dyn LifeStore,
    directory: &Directory,
    connection: &mut Connection,
    to: Stage,
    now: Timestamp,
) {
    let acts = walk(connection, to, now);
    assert!(store.add_acts(acts).await.unwrap());
    directory.reload(store).await.unwrap();
}

fn walk(connection: &mut Connection, end: Stage, now: Timestamp) -> Vec<(ConnectionAct, Option<Vec<u8>>)> {
    let (security, legal) = (operator("tham-dinh-an-toan"), operator("tham-dinh-phap-ly"));
    let mut added = Vec::new();
    let mut add =
        |connection: &mut Connection, act: Result<ConnectionAct, LifeError>, content: Option<Vec<u8>>| {
            let act = act.unwrap();
            connection.acts.push(act.clone());
            added.push((act, content));
        };
    let way: &[Stage] = match end {
        Stage::Draft => &[],
        Stage::Sandbox => &[Stage::Sandbox],
        Stage::Review => &[Stage::Sandbox, Stage::Review],
        Stage::Pilot => &[Stage::Sandbox, Stage::Review, Stage::Pilot],
        Stage::Official => &[Stage::Sandbox, Stage::Review, Stage::Pilot, Stage::Official],
        Stage::Suspended => &[Stage::Sandbox, Stage::Review, Stage::Pilot, Stage::Official, Stage::Suspended],
        Stage::Ended => &[Stage::Sandbox, Stage::Review, Stage::Pilot, Stage::Official, Stage::Ended],
    };
    let begun = way.iter().position(|stage| *stage == connection.stage()).map_or(0, |place| place + 1);
    for stage in &way[begun..] {
        if *stage == Stage::Review {
            // As often as the review wants to see it, and once more, which is not told.
            for is_answered in [true, true, true, true, false, false] {
                if let Some(act) =
                    connection.tried(is_answered, now).filter(|_| connection.is_tried_by_software())
                {
                    add(connection, Ok(act), None);
                }
            }
        }
        if *stage == Stage::Pilot {
            for checked in connection.checklist(today_in_viet_nam(now)) {
                let item = checked.item;
                if item.computed.is_none() {
                    let act = connection.answer(&security, &item.code, Verdict::Yes, "Thử", now);
                    add(connection, act, None);
                }
                if item.is_evidence_required {
                    let content = b"%PDF-1.7 synthetic".to_vec();
                    let act = connection.attach(&legal, &item.code, "thu.pdf", &content, now);
                    add(connection, act, Some(content));
                }
            }
            for (by, part) in [(&security, Part::Security), (&legal, Part::Legal)] {
                let act = connection.sign(by, part, now);
                add(connection, act, None);
            }
        }
        let act = connection.step(&security, *stage, "Thử nghiệm tự động", now);
        add(connection, act, None);
    }
    added
}
