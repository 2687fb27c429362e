//! The whole life of connections at once, for the demonstration and for measurements: synthetic staff do what operators do,
//! by the same rules, one step after the other. It is offered for synthetic countries alone; no command reaches it.

use crate::{failure::Failure, platform::Platform};
use dancu_core::today_in_viet_nam;
use dancu_exchange::{Author, Connection, ConnectionAct, LifeError, Part, Side, Stage, Verdict};
use jiff::Timestamp;

/// Who signs the security part.
pub const SECURITY: (&str, &str) = ("van-hanh", "Phạm Thị Vận Hành");
/// Who signs the legal part.
pub const LEGAL: (&str, &str) = ("tham-dinh", "Đỗ Văn Thẩm Định");

fn operator((id, name): (&str, &str)) -> Author {
    Author { id: id.to_owned(), name: name.to_owned(), side: Side::Operator }
}

/// Takes every draft through sandbox, review and pilot.
pub async fn make_official(platform: &Platform) -> Result<(), Failure> {
    let state = &platform.state;
    let store = state.life.store();
    let (_, _, contracts) = store.connections().await?;
    for contract in contracts {
        let Some(mut connection) = state.life.connection(&contract.id).await? else { continue };
        if connection.stage() == Stage::Draft {
            let acts = walk(&mut connection, state.clock.now())?;
            if !store.add_acts(acts).await? {
                return Err(LifeError::Changed.into());
            }
        }
    }
    state.directory.reload(&*state.exchange_store).await?;
    Ok(())
}

type Act = (ConnectionAct, Option<Vec<u8>>);

fn walk(connection: &mut Connection, now: Timestamp) -> Result<Vec<Act>, LifeError> {
    let (security, legal) = (operator(SECURITY), operator(LEGAL));
    let mut acts: Vec<Act> = Vec::new();
    let mut add = |connection: &mut Connection, act: ConnectionAct, content| {
        connection.acts.push(act.clone());
        acts.push((act, content));
    };
    for stage in [Stage::Sandbox, Stage::Review] {
        let act = connection.step(&security, stage, "Trình diễn / demonstration", now)?;
        add(connection, act, None);
    }
    for checked in connection.checklist(today_in_viet_nam(now)) {
        let (code, by) =
            (&checked.item.code, if checked.item.part == Part::Legal { &legal } else { &security });
        if checked.item.is_evidence_required {
            let content =
                b"Minh chung tong hop cua ban trinh dien. / Synthetic evidence of the demonstration.\n";
            let act = connection.attach(by, code, "minh-chung.txt", content, now)?;
            add(connection, act, Some(content.to_vec()));
        }
        if checked.item.computed.is_none() {
            let act = connection.answer(by, code, Verdict::Yes, "Dữ liệu trình diễn / demonstration", now)?;
            add(connection, act, None);
        }
    }
    for (by, part) in [(&security, Part::Security), (&legal, Part::Legal)] {
        let act = connection.sign(by, part, now)?;
        add(connection, act, None);
    }
    for stage in [Stage::Pilot, Stage::Official] {
        let act = connection.step(&security, stage, "Trình diễn / demonstration", now)?;
        add(connection, act, None);
    }
    Ok(acts)
}
