//! The X-Road door, as a consumer's information system knocks at it.

use crate::{
    house::{CARD, FORM, HOA, JSON, Who, form},
    tls::Guarded,
};
use serde_json::{Value, json};

const CLIENT: &str = "x-road-client: VN/COM/ngan-hang/core";
const US: &str = "/r1/VN/GOV/c06/dan-cu";

struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// Knocks with the bank's certificate.
async fn knock(guarded: &Guarded, request: &str, headers: &[&str], body: &str) -> Answer {
    let mut text = format!("{request} HTTP/1.1");
    for header in headers {
        text = format!("{text}\r\n{header}");
    }
    let (status, head, body) = guarded.ask_whole(Some(&guarded.bank), &text, body).await;
    Answer { status, head, body }
}

#[tokio::test]
async fn a_verification_comes_through_the_door_with_the_protocols_headers() {
    let guarded = Guarded::open().await;
    let body = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" }).to_string();
    let headers = [CLIENT, "x-road-id: hồ sơ-1", "x-road-issue: MT-324/2026"];
    let wrong = knock(&guarded, &format!("POST {US}/verify"), &headers, &body).await;
    assert_eq!((wrong.status, &wrong.body["type"]), (400, &json!("Client.BadRequest")), "not plain text");
    let headers = [CLIENT, "x-road-id: ho-so-1", "x-road-issue: MT-324/2026"];
    let answer = knock(&guarded, &format!("POST {US}/verify"), &headers, &body).await;
    assert_eq!((answer.status, &answer.body["answers"]["name"]), (200, &json!("match")), "{}", answer.body);
    assert_eq!(answer.header("x-road-id"), Some("ho-so-1"));
    assert_eq!(answer.header("x-road-client"), Some("VN/COM/ngan-hang/core"));
    assert_eq!(answer.header("x-road-service"), Some("VN/GOV/c06/dan-cu/verify"));
    assert_eq!(answer.header("x-road-request-hash").map(str::len), Some(88));
    assert!(answer.header("x-road-request-id").is_some() && answer.header("x-road-error").is_none());
    // The matter stands in the record that the person reads.
    assert!(answer.body["receipt"]["record"].to_string().contains("MT-324/2026"));
    let body =
        json!({ "person": { "number": HOA, "name": "Nguyễn Văn Hòa" }, "fields": ["name"] }).to_string();
    let fetched = knock(&guarded, &format!("POST {US}/fetch"), &headers, &body).await;
    assert_eq!(fetched.status, 200, "{}", fetched.body);
    assert!(fetched.body["receipt"]["record"].to_string().contains("MT-324/2026"));
    // An error of the provider passes as it is.
    let error = knock(&guarded, &format!("POST {US}/verify"), &[CLIENT], "{}").await;
    assert_eq!((error.status, error.header("x-road-error")), (400, None));
    assert_eq!(error.body["code"], "DANCU-WEB-005");
}

#[tokio::test]
async fn faults_of_the_door_are_told_in_the_protocols_words() {
    let guarded = Guarded::open().await;
    let unknown = "x-road-client: VN/COM/nobody/x";
    for (request, headers, status, kind) in [
        (format!("GET {US}/limits"), vec![], 400, "Client.BadRequest"),
        (format!("GET {US}/limits"), vec![CLIENT, CLIENT], 400, "Client.BadRequest"),
        (format!("GET {US}/limits"), vec!["x-road-client: VN"], 400, "Client.BadRequest"),
        ("GET /r1/VN/limits".to_owned(), vec![CLIENT], 400, "Client.BadRequest"),
        ("GET /r1/VN%2FGOV%2Fc06%2Fdan-cu/limits".to_owned(), vec![CLIENT], 400, "Client.BadRequest"),
        (format!("GET {US}/limits"), vec![unknown], 500, "Server.ClientProxy.UnknownMember"),
        ("GET /r1/VN/GOV/c06/other/limits".to_owned(), vec![CLIENT], 500, "Server.ClientProxy.UnknownMember"),
        (format!("GET {US}/nothing"), vec![CLIENT], 500, "Server.ServerProxy.UnknownService"),
        (format!("GET {US}/limits/more"), vec![CLIENT], 500, "Server.ServerProxy.UnknownService"),
        (format!("GET {US}/changes"), vec![CLIENT], 500, "Server.ServerProxy.AccessDenied"),
        (format!("GET {US}/getOpenAPI"), vec![CLIENT], 400, "Client.BadRequest"),
        (
            format!("GET {US}/getOpenAPI?serviceCode=x"),
            vec![CLIENT],
            500,
            "Server.ServerProxy.UnknownService",
        ),
    ] {
        let answer = knock(&guarded, &request, &headers, "").await;
        assert_eq!((answer.status, &answer.body["type"]), (status, &json!(kind)), "{request} {headers:?}");
        assert_eq!(answer.header("x-road-error"), Some(kind));
        assert_eq!(answer.body["detail"].as_str(), answer.header("x-road-request-id"));
    }
    for shows in [None, Some(&guarded.stranger)] {
        let request = format!("GET {US}/limits HTTP/1.1\r\n{CLIENT}");
        let (status, body) = guarded.ask(shows, &request, "").await;
        assert_eq!((status, &body["type"]), (500, &json!("Server.ClientProxy.SslAuthenticationFailed")));
    }
    assert_eq!(guarded.house.state.ledger.size(), 0);
}

#[tokio::test]
async fn the_metadata_name_services_members_and_the_description() {
    let guarded = Guarded::open().await;
    let codes = |answer: &Answer| {
        let services = answer.body["service"].as_array().unwrap().iter();
        services.map(|service| service["service_code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = knock(&guarded, &format!("GET {US}/listMethods"), &[CLIENT], "").await;
    assert_eq!(codes(&all), ["verify", "fetch", "attest", "household", "changes", "limits", "findUsage"]);
    assert_eq!(
        all.body["service"][0],
        json!({
            "object_type": "SERVICE", "xroad_instance": "VN", "member_class": "GOV", "member_code": "c06",
            "subsystem_code": "dan-cu", "service_code": "verify", "service_type": "OPENAPI",
            "endpoint_list": [{ "method": "POST", "path": "/" }],
        })
    );
    let allowed = knock(&guarded, &format!("GET {US}/allowedMethods"), &[CLIENT], "").await;
    assert_eq!(codes(&allowed), ["verify", "fetch", "limits"], "its contract has no feed");
    let clients = knock(&guarded, "GET /r1/listClients", &[CLIENT], "").await;
    assert_eq!(clients.body["member"][0]["id"]["member_code"], "ngan-hang");
    assert_eq!(clients.body["member"][0]["name"], "Ngân hàng Thử");
    let description =
        knock(&guarded, &format!("GET {US}/getOpenAPI?serviceCode=verify"), &[CLIENT], "").await;
    assert_eq!(description.body["openapi"], "3.0.3");
}

/// A portal that shows persons who looked at them, after the reception looked twice at one.
async fn portal() -> Guarded {
    let guarded = Guarded::open_with(&[("fields", json!([])), ("access_history", json!(true))]).await;
    let desk = guarded.house.cookie(Who::Receptionist).await;
    for _ in 0..2 {
        let knock = guarded.house.knock("POST", "/reception").header("cookie", &desk);
        assert_eq!(knock.header("content-type", FORM).send(form("scan", CARD)).await.status, 200);
    }
    guarded
}

#[tokio::test]
async fn a_portal_shows_persons_who_used_their_data_as_the_data_tracker_asks() {
    let guarded = portal().await;
    let user = format!("x-road-userid: VN{HOA}");
    let find = async |more: &str| {
        let request = format!("GET {US}/findUsage/v2/findUsage?userCode=VN{HOA}{more}");
        knock(&guarded, &request, &[CLIENT, &user, "x-road-issue: phien-1"], "").await
    };
    for _ in 0..2 {
        let found = find("").await;
        assert_eq!(found.status, 200, "{}", found.body);
        assert_eq!(found.header("x-road-service"), Some("VN/GOV/c06/dan-cu/findUsage"));
        assert!(found.header("dancu-entry").is_some_and(|entry| entry.parse::<u64>().is_ok()));
        assert_eq!(found.body["totalUsages"], 2, "the portal's own questions are left out");
        let usage = &found.body["usages"][0];
        assert_eq!(usage["receiverCode"], "benh-vien", "{usage}");
        for field in ["logtime", "action", "receiverName", "receiverSystem"] {
            assert!(usage[field].as_str().is_some_and(|text| !text.is_empty()), "{field}");
        }
    }
    let page = find("&offset=1&limit=1").await;
    assert_eq!((&page.body["totalUsages"], page.body["usages"].as_array().unwrap().len()), (&json!(2), 1));
    let later = find("&periodStart=2027-01-01T00:00:00Z").await;
    assert_eq!((later.status, &later.body["totalUsages"]), (200, &json!(0)));
    let period = knock(&guarded, &format!("GET {US}/findUsage/v2/usagePeriod"), &[CLIENT], "").await;
    assert!(period.body["periodStart"].as_str().unwrap().starts_with("2026-11-"), "{}", period.body);
    let heart = knock(&guarded, &format!("GET {US}/findUsage/v2/heartbeat"), &[CLIENT], "").await;
    assert_eq!(heart.body["status"], "OK");
    // The person sees the portal's questions beside the others.
    let hoa = guarded.house.cookie(Who::Citizen).await;
    let mine =
        guarded.house.knock("GET", "/citizen").header("cookie", &hoa).header("accept", JSON).send("").await;
    let looks = mine.json()["looks"].as_array().unwrap().clone();
    assert_eq!(looks.len(), 6);
    assert_eq!(
        (&looks[0]["reference"], &looks[0]["fields"][0]["label"]["en"]),
        (&json!("phien-1"), &json!("Who looked"))
    );
}

#[tokio::test]
async fn find_usage_refuses_what_it_cannot_answer_for() {
    let guarded = portal().await;
    let entries = guarded.house.state.ledger.size();
    let own = format!("x-road-userid: {HOA}");
    let other = "x-road-userid: VN001192000022".to_owned();
    let code = format!("userCode={HOA}");
    for (path, headers, status, kind) in [
        (format!("v2/findUsage?{code}"), vec![CLIENT], 400, "DANCU-WEB-097"),
        (format!("v2/findUsage?{code}"), vec![CLIENT, &other], 400, "DANCU-WEB-097"),
        ("v2/findUsage".to_owned(), vec![CLIENT, &own], 400, "DANCU-WEB-096"),
        (format!("v2/findUsage?{code}&{code}"), vec![CLIENT, &own], 400, "DANCU-WEB-096"),
        (format!("v2/findUsage?{code}&periodStart=1"), vec![CLIENT, &own], 400, "DANCU-WEB-096"),
        (format!("v2/findUsage?{code}&limit=-1"), vec![CLIENT, &own], 400, "DANCU-WEB-096"),
        ("v2/findUsage?userCode=VN12".to_owned(), vec![CLIENT, "x-road-userid: VN12"], 400, "DANCU-WEB-096"),
        (format!("v2/findUsage?{code}&page=1"), vec![CLIENT, &own], 400, "DANCU-WEB-096"),
        ("v1/findUsage".to_owned(), vec![CLIENT, &own], 404, "DANCU-WEB-001"),
    ] {
        let answer = knock(&guarded, &format!("GET {US}/findUsage/{path}"), &headers, "").await;
        assert_eq!((answer.status, &answer.body["code"]), (status, &json!(kind)), "{path}");
    }
    assert_eq!(guarded.house.state.ledger.size(), entries, "nothing was told, nothing is recorded");
    let bank = Guarded::open().await;
    let request = format!("GET {US}/findUsage/v2/findUsage?{code}");
    let denied = knock(&bank, &request, &[CLIENT, &own], "").await;
    assert_eq!(denied.body["type"], "Server.ServerProxy.AccessDenied");
    let description =
        knock(&bank, &format!("GET {US}/getOpenAPI?serviceCode=findUsage"), &[CLIENT], "").await;
    assert!(description.body["paths"]["/v2/heartbeat"].is_object());
}

#[tokio::test]
async fn attestations_and_households_come_through_the_door_with_the_matter_in_their_records() {
    let terms = [("attest", json!({ "ages": [18] })), ("household", json!({ "persons_max": 2 }))];
    let guarded = Guarded::open_with(&terms).await;
    let hoa = json!({ "number": HOA, "name": "Nguyễn Văn Hòa" });
    for (service, body) in [
        ("attest", json!({ "person": hoa, "claim": { "age_at_least": 18 } })),
        ("household", json!({ "persons": [hoa] })),
    ] {
        let request = format!("POST {US}/{service}");
        let answer = knock(&guarded, &request, &[CLIENT, "x-road-issue: MT-7"], &body.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.to_string().contains("MT-7"), "{}", answer.body);
        let bank = Guarded::open().await;
        let denied = knock(&bank, &request, &[CLIENT], &body.to_string()).await;
        assert_eq!(denied.body["type"], "Server.ServerProxy.AccessDenied");
    }
}
