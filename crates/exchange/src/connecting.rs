//! What a document may change of connections that are there already, and what their histories tell of it.

use crate::{
    Author, Client, Connection, ConnectionAct, ConnectionChange, ConnectionsDocument, Contract, Deed,
    DocumentError, Stage, StageRow, is_within,
};
use jiff::Timestamp;
use std::collections::HashMap;

/// The change that a checked document makes of `before`. Rows that are as they were are left out.
pub(crate) fn change(
    document: ConnectionsDocument,
    (clients, contracts): (&[Client], &[Contract]),
    stages: &[StageRow],
    (by, now): (&Author, Timestamp),
) -> Result<ConnectionChange, DocumentError> {
    let stages: HashMap<_, _> = stages.iter().map(|row| (&row.step.contract, row)).collect();
    let mut acts = Vec::new();
    for contract in &document.contracts {
        let old = contracts.iter().find(|row| row.id == contract.id);
        let (stage, sequence) =
            stages.get(&contract.id).map_or((Stage::Draft, 0), |row| (stage_of(row), row.last_sequence));
        match old {
            None => acts.push(Connection::first_act(contract, by, now)),
            Some(old) if old == contract => {}
            // Kept by no release of ours: it begins anew.
            Some(_) if sequence == 0 => acts.push(Connection::first_act(contract, by, now)),
            Some(old) => {
                check_terms(contract, old, stage)?;
                acts.push(act(contract, sequence + 1, Deed::Terms, (by, now)));
            }
        }
    }
    for client in &document.clients {
        let Some(old) = clients.iter().find(|row| row.id == client.id) else { continue };
        let Some(contract) = contracts.iter().find(|row| row.client == client.id) else { continue };
        let Some(row) = stages.get(&contract.id) else { continue };
        // Where browsers come back to is where codes go: what is added there was never reviewed.
        let leads_elsewhere =
            (client.redirect_uris.iter()).any(|address| !old.redirect_uris.contains(address));
        let is_other = old.organisation != client.organisation
            || old.keys.is_empty() != client.keys.is_empty()
            || leads_elsewhere;
        if is_other && !stage_of(row).is_open() {
            return Err(DocumentError::OtherClient { who: client.id.to_string() });
        }
        for deed in deeds(client, old) {
            let is_told = |told: &&ConnectionAct| told.contract == contract.id;
            let sequence = acts.iter().rfind(is_told).map_or(row.last_sequence, |told| told.sequence) + 1;
            acts.push(act(contract, sequence, deed, (by, now)));
        }
    }
    let is_new = |contract: &Contract| !contracts.contains(contract);
    Ok(ConnectionChange {
        organisations: document.organisations,
        clients: document.clients,
        contracts: document.contracts.into_iter().filter(is_new).collect(),
        acts,
    })
}

/// What the history tells of a client that was written anew.
fn deeds(client: &Client, old: &Client) -> impl Iterator<Item = Deed> {
    let keys = u32::try_from(client.keys.len()).unwrap_or(u32::MAX);
    let keys = (old.keys != client.keys).then_some(Deed::Keys { keys });
    let alone = client.dpop_bound_access_tokens;
    let bound = (old.dpop_bound_access_tokens != alone).then_some(Deed::BoundTokens { alone });
    keys.into_iter().chain(bound)
}

fn stage_of(row: &StageRow) -> Stage {
    row.step.step().map_or(Stage::Draft, |step| step.to)
}

fn act(contract: &Contract, sequence: u32, deed: Deed, (by, now): (&Author, Timestamp)) -> ConnectionAct {
    ConnectionAct { contract: contract.id.clone(), sequence, at: now, by: by.clone(), deed }
}

fn check_terms(new: &Contract, old: &Contract, stage: Stage) -> Result<(), DocumentError> {
    let who = new.id.to_string();
    match stage {
        Stage::Draft | Stage::Sandbox => Ok(()),
        Stage::Review | Stage::Ended => Err(DocumentError::StandsStill { who, stage }),
        Stage::Pilot | Stage::Official | Stage::Suspended if is_within(new, old) => Ok(()),
        Stage::Pilot | Stage::Official | Stage::Suspended => Err(DocumentError::Widened { who }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Side, Step};
    use serde_json::{Value, json};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn author() -> Author {
        Author { id: "an".to_owned(), name: "An".to_owned(), side: Side::Operator }
    }

    fn document(changes: &[(&str, &str, Value)]) -> ConnectionsDocument {
        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let mut whole = json!({
            "organisations": [],
            "clients": [{"id": "core", "organisation": "bank", "keys": [key]}],
            "contracts": [{
                "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
                "fields": ["name"], "daily_limit": 5, "per_second_max": 1, "valid_from": "2026-01-01"
            }]
        });
        for (list, name, value) in changes {
            whole[*list][0][*name] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    fn at(stage: Stage) -> StageRow {
        let document = document(&[]);
        let step = Step { from: None, to: stage, ground: String::new(), pilot: None, notify_by: None };
        StageRow {
            step: act(&document.contracts[0], 3, Deed::Step(step), (&author(), NOW)),
            last_sequence: 7,
            ceiling: None,
        }
    }

    fn changed(changes: &[(&str, &str, Value)], stage: Stage) -> Result<Vec<(u32, Deed)>, DocumentError> {
        let (old, new) = (document(&[]), document(changes));
        let change = change(new, (&old.clients, &old.contracts), &[at(stage)], (&author(), NOW))?;
        Ok(change.acts.into_iter().map(|act| (act.sequence, act.deed)).collect())
    }

    #[test]
    fn a_new_contract_begins_as_a_draft() {
        let change = change(document(&[]), (&[], &[]), &[], (&author(), NOW)).unwrap();
        let step = change.acts[0].step().unwrap();
        assert_eq!((change.acts[0].sequence, step.from, step.to), (1, None, Stage::Draft));
    }

    #[test]
    fn terms_are_rewritten_in_draft_and_sandbox_become_less_in_use_and_stand_still_otherwise() {
        let wider = [("contracts", "fields", json!(["name", "phone"]))];
        let less = [("contracts", "daily_limit", json!(4))];
        for stage in Stage::ALL {
            let told = Ok(vec![(8, Deed::Terms)]);
            let (on_wider, on_less) = match stage {
                Stage::Draft | Stage::Sandbox => (told.clone(), told),
                Stage::Pilot | Stage::Official | Stage::Suspended => {
                    (Err(DocumentError::Widened { who: "c-1".to_owned() }), told)
                }
                Stage::Review | Stage::Ended => {
                    let still = Err(DocumentError::StandsStill { who: "c-1".to_owned(), stage });
                    (still.clone(), still)
                }
            };
            assert_eq!(changed(&wider, stage), on_wider, "{stage:?}");
            assert_eq!(changed(&less, stage), on_less, "{stage:?}");
            assert_eq!(changed(&[], stage), Ok(vec![]), "the same again is told nowhere");
        }
    }

    #[test]
    fn keys_are_exchanged_for_keys_and_a_desk_never_becomes_software() {
        let other =
            json!([{"kty": "OKP", "crv": "Ed25519", "x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]);
        let rotated = changed(&[("clients", "keys", other)], Stage::Official);
        assert_eq!(rotated, Ok(vec![(8, Deed::Keys { keys: 1 })]));
        let elsewhere = json!(["https://other.example/callback"]);
        for (name, value) in
            [("keys", json!([])), ("organisation", json!("other")), ("redirect_uris", elsewhere)]
        {
            let refused = changed(&[("clients", name, value.clone())], Stage::Official);
            assert_eq!(refused, Err(DocumentError::OtherClient { who: "core".to_owned() }), "{name}");
            assert!(changed(&[("clients", name, value)], Stage::Sandbox).is_ok());
        }
        let bound = changed(&[("clients", "dpop_bound_access_tokens", json!(true))], Stage::Official);
        assert_eq!(bound, Ok(vec![(8, Deed::BoundTokens { alone: true })]));
        let both = [("clients", "keys", json!([])), ("contracts", "daily_limit", json!(9))];
        assert_eq!(changed(&both, Stage::Draft), Ok(vec![(8, Deed::Terms), (9, Deed::Keys { keys: 0 })]));
    }
}
