//! The page on which somebody sees what a client will be answered.

use crate::{
    house::{HOA, JSON},
    life::{connection, house_at},
};
use dancu_exchange::Stage;
use serde_json::json;

#[tokio::test]
async fn a_question_is_tried_on_the_page_as_the_software_will_ask_it() {
    let house = house_at(Stage::Sandbox).await;
    let ask = async |organisation: &str, contract: &str, name: &str| {
        let cookie = house.agency(organisation).await;
        let knock = house.knock("POST", "/sandbox").header("cookie", &cookie).header("accept", JSON);
        let body = json!({ "contract": contract, "number": HOA, "name": name, "birth_date": " " });
        knock.header("content-type", JSON).send(body.to_string()).await
    };
    let before = connection(&house, "hd-2").await.acts.len();
    let answered = ask("ngan-hang", "hd-2", "Nguyễn Văn Hòa").await.json();
    assert_eq!(answered["answer"]["answers"]["name"], "differs", "the synthetic country has another name");
    let curl = answered["curl"].as_str().unwrap();
    assert!(curl.contains("/v1/verify") && !curl.contains("birth_date"), "{curl}");
    assert!(ask("ngan-hang", "hd-2", "a'b").await.json()["curl"].as_str().unwrap().contains(r"a'\''b"));
    assert_eq!(connection(&house, "hd-2").await.acts.len(), before, "a page is no proof for the review");
    for (organisation, contract) in [("ngan-hang", "hd-1"), ("benh-vien", "hd-2"), ("ngan-hang", "none")] {
        assert_eq!(ask(organisation, contract, "A").await.problem(), (422, "DANCU-WEB-095".to_owned()));
    }
    assert_eq!(house.state.ledger.size(), 0, "the real log knows nothing of it");
}
