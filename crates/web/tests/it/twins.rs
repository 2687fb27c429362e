//! The pages' JSON twins, and one page as it is written.

use crate::house::{CARD, FORM, HOA, HTML, House, JSON, Who, form};
use serde_json::Value;

/// The house after one scan, one admission and one letter.
async fn lived_in() -> House {
    let house = House::open().await;
    let desk = house.cookie(Who::Receptionist).await;
    let knock = house.knock("POST", "/reception").header("cookie", &desk).header("accept", JSON);
    let found = knock.header("content-type", FORM).send(form("scan", CARD)).await.json();
    let slip = found["check"]["id"].as_str().unwrap().to_owned();
    let knock = house.knock("POST", "/reception/admit").header("cookie", &desk);
    assert_eq!(knock.header("content-type", FORM).send(form("check", &slip)).await.status, 200);
    let officer = house.cookie(Who::Officer).await;
    let knock = house.knock("POST", "/officer/codes").header("cookie", &officer);
    assert_eq!(knock.header("content-type", FORM).send(form("number", HOA)).await.status, 200);
    house
}

async fn twin(house: &House, who: Who, path: &str) -> Value {
    let cookie = house.cookie(who).await;
    let answer = house.knock("GET", path).header("cookie", &cookie).header("accept", JSON).send("").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.json()
}

/// Compares with the kept twin. Keys are sorted: whether JSON keeps their order depends on which other crates are
/// built beside this one.
macro_rules! assert_twin {
    ($twin:expr) => {{
        let twin = $twin;
        insta::with_settings!({ sort_maps => true }, { insta::assert_json_snapshot!(twin) });
    }};
}

#[tokio::test]
async fn the_desk() {
    assert_twin!(twin(&lived_in().await, Who::Receptionist, "/reception").await);
}

#[tokio::test]
async fn a_scan() {
    let house = House::open().await;
    let desk = house.cookie(Who::Receptionist).await;
    let moved = CARD.replace("Số 1 Hoàng Hoa Thám", "Số 7 Phan Đình Phùng");
    let knock = house.knock("POST", "/reception").header("cookie", &desk).header("accept", JSON);
    assert_twin!(knock.header("content-type", FORM).send(form("scan", &moved)).await.json());
}

#[tokio::test]
async fn a_citizen() {
    assert_twin!(twin(&lived_in().await, Who::Citizen, "/citizen").await);
}

#[tokio::test]
async fn the_operator() {
    let mut twin = twin(&lived_in().await, Who::Operator, "/operator").await;
    // How long things took is not the same in two runs.
    for key in ["last_commit_ms", "p50_ms", "p99_ms"] {
        assert!(twin["live"][key].take().is_number(), "{key}");
    }
    assert_twin!(twin);
}

#[tokio::test]
async fn home_in_both_languages() {
    let house = House::open().await;
    assert_twin!(twin(&house, Who::Nobody, "/").await);
    let vietnamese = house.knock("GET", "/").send("").await;
    let english = house.knock("GET", "/?lang=en").header("accept", HTML).send("").await;
    assert_eq!(english.headers["set-cookie"], "lang=en; Path=/; Max-Age=31536000; SameSite=Lax");
    assert!(
        vietnamese.body.contains(r#"lang="vi""#)
            && english.body.contains(r#"<html class="govuk-template" lang="en">"#)
    );
    assert!(vietnamese.headers.get("content-security-policy").is_some());
}

#[tokio::test]
async fn the_page_of_a_wrong_code() {
    let house = House::open().await;
    let knock = house.knock("POST", "/sign-in/code").header("accept", HTML).header("content-type", FORM);
    let answer = knock.send("code=0000-0000-0000").await;
    assert_eq!(answer.status, 422);
    let body = answer.body.split("/assets/").map(|part| part.split_once('/').map_or(part, |(_, rest)| rest));
    let body: Vec<&str> = body.collect();
    insta::assert_snapshot!(body.join("/assets/"));
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_their_version_only() {
    let house = House::open().await;
    let page = house.knock("GET", "/").send("").await.body;
    let address = page.split('"').find(|part| part.ends_with("/app.css")).unwrap();
    let style = house.knock("GET", address).send("").await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert_eq!(style.headers["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(style.headers["x-content-type-options"], "nosniff");
    let reader = house.knock("GET", &address.replace("app.css", "zxing_reader.wasm")).send("").await;
    assert_eq!(reader.headers["content-type"], "application/wasm");
    for path in ["/assets/0000000000000000/app.css".to_owned(), address.replace("app.css", "version")] {
        assert_eq!(house.knock("GET", &path).send("").await.status, 404);
    }
}
