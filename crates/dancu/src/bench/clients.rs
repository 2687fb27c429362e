//! The clients of a load: connected as any would be, each with a contract and a token.

use crate::{
    bench::{exchange::Door, wire::Wire},
    cli::BenchArgs,
    client::ClientSecret,
    failure::Failure,
    platform::Platform,
    rehearsal,
    system::{SystemClock, SystemEntropy},
};
use dancu_core::Clock;
use dancu_exchange::{Author, ClientProof, ConnectionsDocument, Presented};
use serde_json::{Value, json};
use std::path::Path;

/// Clients that share the load.
const CLIENTS: usize = 8;

/// How one client proves itself at its door: a header line.
pub struct Proof(pub String);

/// Connects the clients of the load; what each sends with every question.
pub async fn connect(
    platform: &Platform,
    folder: &Path,
    args: &BenchArgs,
    (door, wire): (Door, &Wire),
) -> Result<Vec<Proof>, Failure> {
    let state = &platform.state;
    let mut secrets = Vec::new();
    let mut document = json!({
        "organisations": [{"id": "bench", "name_vi": "Đo lường", "name_en": "Measurement"}],
        "clients": [], "contracts": [],
    });
    // Reviewed terms never widen: each kind of measurement in one folder has clients and contracts of its own.
    let kind = format!("{}{}", door.word(), if args.signed { "-signed" } else { "" });
    for index in 0..CLIENTS {
        let (id, path) = (format!("{kind}-{index}"), folder.join(format!("{kind}-{index}.pem")));
        let secret = if path.exists() { ClientSecret::read(&path)? } else { ClientSecret::create(&path)? };
        let mut key = json!(secret.public);
        if let Some(thumbprint) = wire.client_thumbprint() {
            key["x5t#S256"] = json!(thumbprint);
        }
        push(&mut document["clients"], json!({"id": id, "organisation": "bench", "keys": [key]}));
        push(&mut document["contracts"], contract(&id, args, door));
        secrets.push((id, secret));
    }
    let document: ConnectionsDocument = serde_json::from_value(document)
        .map_err(|error| Failure::new("DANCU-CLI-071", error.to_string(), error.to_string()))?;
    document.apply(state.life.store(), &state.directory, &Author::console(), state.clock.now()).await?;
    rehearsal::make_official(platform).await?;
    let mut proofs = Vec::new();
    for (id, secret) in secrets {
        proofs.push(Proof(match door {
            Door::XRoad => format!("x-road-client: {}", subsystem(&id)),
            Door::Verify | Door::Fetch => {
                format!("authorization: Bearer {}", token(platform, wire, &id, &secret).await?)
            }
        }));
    }
    Ok(proofs)
}

fn contract(client: &str, args: &BenchArgs, door: Door) -> Value {
    let mut contract = json!({
        "id": format!("contract-{client}"), "client": client, "legal_basis": "Luật Căn cước 2023, Điều 10",
        "purpose_vi": "Đo lường", "purpose_en": "Measurement",
        "fields": ["name", "birth_date", "sex", "card_status", "life_status"],
        "daily_limit": u32::MAX, "per_second_max": 1_000_000, "limit_reason": "Đo lường", "valid_from": "2026-01-01",
        "signed_answers": args.signed,
    });
    match door {
        Door::Verify => {}
        Door::Fetch => contract["fetch"] = json!(["name", "birth_date", "sex"]),
        Door::XRoad => contract["xroad_client"] = json!(subsystem(client)),
    }
    contract
}

fn subsystem(client: &str) -> String {
    format!("VN/COM/bench/{client}")
}

async fn token(platform: &Platform, wire: &Wire, id: &str, secret: &ClientSecret) -> Result<String, Failure> {
    let state = &platform.state;
    let audience = state.public_origin.as_str().trim_end_matches('/').to_owned();
    let assertion = secret.assertion(id, &audience, SystemClock.now(), &SystemEntropy)?;
    let shown = Presented { certificate: wire.client_certificate(), proof: None };
    let issued = state.tokens.grant(ClientProof::Assertion(&assertion, None), shown).await.map_err(
        |error| match error {
            dancu_exchange::TokenError::Refused(refusal) => Failure::from(refusal),
            dancu_exchange::TokenError::Store(error) => Failure::from(error),
        },
    )?;
    Ok(issued.secret)
}

fn push(list: &mut Value, value: Value) {
    if let Some(list) = list.as_array_mut() {
        list.push(value);
    }
}
