//! Who may see what: every page and form for everyone who can stand at the door.

use crate::house::{CARD, FORM, HOA, House, JSON, Who, form};
use Who::{Citizen, Enrolling, Nobody, Officer, Operator, Receptionist};

const EVERYONE: [Who; 6] = [Nobody, Enrolling, Citizen, Receptionist, Officer, Operator];

/// Method, path, body (with a place for what is scanned, typed or searched), and the status for each of `EVERYONE`.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str, [u16; 6])] = &[
    //                                              nobody enrol. citizen recep. officer operator
    ("GET",  "/",                     "",           [200, 200, 200, 200, 200, 200]),
    ("GET",  "/sign-in",              "",           [200, 200, 200, 200, 200, 200]),
    ("GET",  "/sign-in/code",         "",           [200, 200, 200, 200, 200, 200]),
    ("GET",  "/sign-in/passkey",      "",           [401, 200, 200, 200, 200, 200]),
    ("GET",  "/sessions",             "",           [401, 200, 200, 200, 200, 200]),
    ("GET",  "/log/checkpoint",       "",           [200, 200, 200, 200, 200, 200]),
    ("GET",  "/health",               "",           [200, 200, 200, 200, 200, 200]),
    ("GET",  "/reception",            "",           [401, 403, 403, 200, 403, 403]),
    ("POST", "/reception",            "{scan}",      [401, 403, 403, 200, 403, 403]),
    ("POST", "/reception/admit",      "check=no",   [401, 403, 403, 409, 403, 403]),
    ("GET",  "/citizen",              "",           [401, 403, 200, 403, 403, 403]),
    ("GET",  "/citizen/receipts/0",   "",           [401, 403, 200, 403, 403, 403]),
    ("GET",  "/citizen/evidence/0",   "",           [401, 403, 200, 403, 403, 403]),
    ("GET",  "/officer",              "",           [401, 403, 403, 403, 200, 403]),
    ("POST", "/officer/codes",        "{number}",    [401, 403, 403, 403, 200, 403]),
    ("GET",  "/citizen/history",      "",           [401, 403, 200, 403, 403, 403]),
    ("GET",  "/desk",                 "",           [401, 403, 403, 403, 200, 403]),
    ("GET",  "/desk/birth",           "",           [401, 403, 403, 403, 200, 403]),
    ("POST", "/desk/death",           "{number}",    [401, 403, 403, 403, 200, 403]),
    ("GET",  "/desk/nothing",         "",           [401, 403, 403, 403, 404, 403]),
    ("GET",  "/desk/persons",         "",           [401, 403, 403, 403, 200, 403]),
    ("POST", "/desk/persons",         "{number}",    [401, 403, 403, 403, 200, 403]),
    ("GET",  "/desk/handover",        "",           [401, 403, 403, 403, 404, 403]),
    ("GET",  "/desk/events/x",        "",           [401, 403, 403, 403, 404, 403]),
    ("POST", "/v1/commands",          "",           [401, 401, 401, 401, 401, 401]),
    ("GET",  "/v1/events/x",          "",           [401, 401, 401, 401, 401, 401]),
    ("GET",  "/officer/search",       "",           [401, 403, 403, 403, 200, 403]),
    ("POST", "/officer/search",       "{search}",    [401, 403, 403, 403, 200, 403]),
    ("POST", "/officer/search/page",  "list=0&page=1",  [401, 403, 403, 403, 409, 403]),
    ("POST", "/officer/search/open",  "reference=0-1",  [401, 403, 403, 403, 409, 403]),
    ("GET",  "/citizen/corrections",  "",           [401, 403, 200, 403, 403, 403]),
    ("POST", "/citizen/corrections",  "id=x&what=contact", [401, 403, 400, 403, 403, 403]),
    ("POST", "/citizen/corrections/x/withdraw", "", [401, 403, 404, 403, 403, 403]),
    ("GET",  "/citizen/consents",     "",           [401, 403, 200, 403, 403, 403]),
    ("POST", "/citizen/consents/x",   "decision=grant", [401, 403, 404, 403, 403, 403]),
    ("GET",  "/citizen/portals",      "",           [401, 403, 200, 403, 403, 403]),
    ("POST", "/citizen/portals/x1/disconnect", "",  [401, 403, 404, 403, 403, 403]),
    ("GET",  "/sign-on?request=x",    "",           [410, 410, 410, 410, 410, 410]),
    ("GET",  "/oauth/authorize",      "",           [400, 400, 400, 400, 400, 400]),
    ("GET",  "/oauth/userinfo",       "",           [401, 401, 401, 401, 401, 401]),
    ("POST", "/oauth/par",            "",           [401, 401, 401, 401, 401, 401]),
    ("GET",  "/citizen/requests",     "",           [401, 403, 200, 403, 403, 403]),
    ("POST", "/citizen/requests",     "kind=complaint&leaf=99", [401, 403, 404, 403, 403, 403]),
    ("POST", "/citizen/requests/x/words", "words=a", [401, 403, 404, 403, 403, 403]),
    ("POST", "/citizen/requests/x/end", "",         [401, 403, 404, 403, 403, 403]),
    ("GET",  "/operator/privacy",     "",           [401, 403, 403, 403, 403, 200]),
    ("POST", "/operator/privacy/x",   "step=answer&note=a", [401, 403, 403, 403, 403, 404]),
    ("GET",  "/operator/alarms",      "",           [401, 403, 403, 403, 403, 200]),
    ("POST", "/v1/consent-requests",  "",           [401, 401, 401, 401, 401, 401]),
    ("GET",  "/citizen/sealed",       "",           [401, 403, 200, 403, 403, 403]),
    ("GET",  "/citizen/sealed/portrait", "",        [401, 403, 404, 403, 403, 403]),
    // An officer without the right to sealed values is like anybody else.
    ("GET",  "/officer/sealed",       "",           [401, 403, 403, 403, 403, 403]),
    ("POST", "/officer/sealed",       "{number}",    [401, 403, 403, 403, 403, 403]),
    ("GET",  "/officer/sealed/portraits/0", "",     [401, 403, 403, 403, 403, 403]),
    ("GET",  "/officer/corrections",  "",           [401, 403, 403, 403, 200, 200]),
    ("POST", "/officer/corrections/x", "step=decide&verdict=accept",  [401, 403, 403, 403, 404, 403]),
    ("POST", "/officer/corrections/x", "step=approve&verdict=accept", [401, 403, 403, 403, 404, 404]),
    ("GET",  "/officer/findings",     "",           [401, 403, 403, 403, 200, 200]),
    ("POST", "/officer/findings/x",   "to=in_hand", [401, 403, 403, 403, 404, 404]),
    ("POST", "/officer/findings/x/open", "place=0", [401, 403, 403, 403, 404, 403]),
    ("POST", "/officer/corrections/x/open", "",      [401, 403, 403, 403, 404, 403]),
    ("GET",  "/officer/findings?state=x", "",       [401, 403, 403, 403, 404, 404]),
    ("GET",  "/operator",             "",           [401, 403, 403, 403, 403, 200]),
    ("GET",  "/operator/live",        "",           [401, 403, 403, 403, 403, 200]),
    ("GET",  "/operator/contracts/hd-2/limit", "", [401, 403, 403, 403, 403, 200]),
    ("GET",  "/operator/contracts/hd-2/why", "",   [401, 403, 403, 403, 403, 200]),
    ("GET",  "/operator/extracts",    "",           [401, 403, 403, 403, 403, 200]),
    ("GET",  "/operator/extracts/x",  "",           [401, 403, 403, 403, 403, 404]),
    ("GET",  "/operator/file-pairs",  "",           [401, 403, 403, 403, 403, 200]),
    ("GET",  "/operator/file-pairs/x", "",          [401, 403, 403, 403, 403, 404]),
    ("POST", "/operator/file-pairs/x", "verdict=same&reason=paper_seen", [401, 403, 403, 403, 403, 404]),
    ("GET",  "/sandbox",              "",           [401, 403, 403, 403, 403, 200]),
    ("POST", "/sandbox",              "contract=x&number=1", [401, 403, 403, 403, 403, 422]),
    ("GET",  "/operator/contracts/x/limit",    "", [401, 403, 403, 403, 403, 404]),
    ("POST", "/operator/contracts/hd-2/limit", "daily_limit=7", [401, 403, 403, 403, 403, 409]),
    ("GET",  "/v1/limits",            "",           [401, 401, 401, 401, 401, 401]),
    ("GET",  "/operator/feed",        "",           [401, 403, 403, 403, 403, 200]),
    ("POST", "/operator/feed",        "resume=bank", [401, 403, 403, 403, 403, 404]),
    ("POST", "/operator/connections", "document={}",[401, 403, 403, 403, 403, 200]),
    ("GET",  "/operator/connections/hd-2", "",      [401, 403, 403, 403, 403, 200]),
    ("GET",  "/operator/connections/x1", "",        [401, 403, 403, 403, 403, 404]),
    ("POST", "/operator/connections/hd-2", "step=review", [401, 403, 403, 403, 403, 409]),
    ("GET",  "/operator/connections/hd-2/files/1", "", [401, 403, 403, 403, 403, 404]),
    ("GET",  "/v1/connection",        "",           [401, 401, 401, 401, 401, 401]),
    ("GET",  "/nowhere",              "",           [404, 404, 404, 404, 404, 404]),
    ("GET",  "/reception?before=x",   "",           [404, 404, 404, 404, 404, 404]),
    ("GET",  "/citizen/receipts/x",   "",           [401, 403, 404, 403, 403, 403]),
    ("GET",  "/citizen/evidence/x",   "",           [401, 403, 404, 403, 403, 403]),
    ("DELETE", "/citizen",            "",           [405, 405, 405, 405, 405, 405]),
];

#[tokio::test]
async fn every_page_for_everyone() {
    let house = House::open().await;
    let scan = form("scan", CARD);
    let number = form("number", HOA);
    let search = format!("{}&{number}", form("purpose", "Hồ sơ số 12/2026"));
    let mut cookies = Vec::new();
    for who in EVERYONE {
        // One account a person; the last session of a member of staff decides the role, so each signs in anew.
        cookies.push((who, house.cookie(who).await));
        let (_, cookie) = cookies.last().unwrap();
        for (method, path, body, expected) in TABLE {
            let body =
                body.replace("{scan}", &scan).replace("{number}", &number).replace("{search}", &search);
            let knock = house.knock(method, path).header("cookie", cookie).header("accept", JSON);
            let answer = knock.header("content-type", FORM).send(body).await;
            let place = EVERYONE.iter().position(|one| *one == who).unwrap();
            // Receipt 0 is there once the receptionist has scanned; before that nobody has one.
            let is_of_entry_0 = matches!(*path, "/citizen/receipts/0" | "/citizen/evidence/0");
            let expected = if is_of_entry_0 && who == Citizen { 404 } else { expected[place] };
            assert_eq!(answer.status.as_u16(), expected, "{who:?} {method} {path}: {}", answer.body);
        }
    }
    assert_eq!(
        house.state.ledger.size(),
        4,
        "the receptionist's scan, the officer's two looks and the search, nothing else"
    );
}

#[tokio::test]
async fn a_receipt_is_for_the_one_it_is_about() {
    let house = House::open().await;
    let desk = house.cookie(Receptionist).await;
    let lan = "001192000022||Trần Thị Lan|01071992|Nữ|x|10012022";
    for card in [CARD, lan] {
        let knock = house.knock("POST", "/reception").header("cookie", &desk).header("content-type", FORM);
        assert_eq!(knock.send(form("scan", card)).await.status, 200);
    }
    let hoa = house.cookie(Citizen).await;
    for (index, expected) in [(0, 200), (1, 404), (2, 404), (u64::MAX, 404)] {
        let path = format!("/citizen/receipts/{index}");
        let answer = house.knock("GET", &path).header("cookie", &hoa).header("accept", JSON).send("").await;
        assert_eq!(answer.status, expected, "{index}");
        if expected == 200 {
            let receipt: dancu_ledger::Receipt = serde_json::from_str(&answer.body).unwrap();
            receipt.verify(house.state.ledger.verifier()).unwrap();
        }
        let path = format!("/citizen/evidence/{index}");
        let answer = house.knock("GET", &path).header("cookie", &hoa).send("").await;
        assert_eq!(answer.status, expected, "{index}");
        assert_eq!(answer.body.contains("verify.sh"), expected == 200);
    }
}

#[tokio::test]
async fn people_are_led_to_where_they_can_help_themselves() {
    let house = House::open().await;
    for (who, location) in [(Nobody, "/sign-in"), (Enrolling, "/sign-in/passkey")] {
        let cookie = house.cookie(who).await;
        let answer = house
            .knock("GET", "/citizen")
            .header("cookie", &cookie)
            .header("accept", "text/html")
            .send("")
            .await;
        assert_eq!((answer.status.as_u16(), answer.headers["location"].to_str().unwrap()), (303, location));
    }
}
