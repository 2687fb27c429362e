//! The whole life of connections at once, for the demonstration and for measurements: synthetic staff do what operators do,
//! by the same rules, one step after the other. It is offered for synthetic countries alone; no command reaches it.

use crate::{failure::Failure, platform::Platform};
use dancu_core::today_in_viet_nam;
use dancu_exchange::{
    Author, Connection, ConnectionAct, Field, LifeError, Part, Refusal, Side, Stage, Verdict, VerifyError,
    VerifyRequest,
};
use jiff::Timestamp;

/// Who signs the security part.
pub const SECURITY: (&str, &str) = ("van-hanh", "Phạm Thị Vận Hành");
/// Who signs the legal part.
pub const LEGAL: (&str, &str) = ("tham-dinh", "Đỗ Văn Thẩm Định");

/// What stands beside each step.
const GROUND: &str = "Trình diễn / demonstration";

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
            let security = operator(SECURITY);
            state.life.step(&connection, &security, Stage::Sandbox, GROUND).await?;
            let Some(stepped) = state.life.connection(&contract.id).await? else { continue };
            connection = stepped;
        }
        // Broken off in the middle, it goes on from here.
        if connection.stage() == Stage::Sandbox {
            try_out(platform, &connection).await?;
            let Some(tried) = state.life.connection(&contract.id).await? else { continue };
            connection = tried;
            let acts = walk(&mut connection, state.clock.now())?;
            if !store.add_acts(acts).await? {
                return Err(LifeError::Changed.into());
            }
        }
    }
    state.directory.reload(&*state.exchange_store).await?;
    Ok(())
}

/// Asks as the client's own software would: some questions that the contract allows, and one that it does not.
async fn try_out(platform: &Platform, connection: &Connection) -> Result<(), Failure> {
    let state = &platform.state;
    let contract = &connection.contract;
    if !connection.is_tried_by_software() {
        return Ok(());
    }
    let Some(caller) = state.directory.caller(&contract.client) else { return Ok(()) };
    let Some(inside) = caller.sandbox() else { return Ok(()) };
    let sandbox = state.sandbox.sandbox().await?;
    for person in sandbox.samples() {
        let holds = |field: Field, value: &str| contract.fields.contains(field).then(|| value.to_owned());
        let question = VerifyRequest {
            number: person.number.clone(),
            name: holds(Field::Name, &person.name),
            birth_date: holds(Field::BirthDate, &person.birth_date),
            ..VerifyRequest::default()
        };
        if sandbox.verify(inside, &question).await.is_ok() {
            state.life.tried(&contract.id, true).await?;
        }
        // Nothing but a number identifies nobody, and every contract refuses it that may not tell who is known.
        let over_reach = VerifyRequest {
            phone: (!contract.fields.contains(Field::Phone)).then(|| "0900000000".to_owned()),
            number: person.number.clone(),
            ..VerifyRequest::default()
        };
        if let Err(VerifyError::Refused(Refusal::NotInContract)) = sandbox.verify(inside, &over_reach).await {
            state.life.tried(&contract.id, false).await?;
        }
    }
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
    let act = connection.step(&security, Stage::Review, GROUND, now)?;
    add(connection, act, None);
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
        let act = connection.step(&security, stage, GROUND, now)?;
        add(connection, act, None);
    }
    Ok(acts)
}
