use super::*;
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::json;

fn now() -> Timestamp {
    "2026-11-22T02:00:00Z".parse().unwrap()
}

fn today() -> Date {
    date(2026, 11, 22)
}

fn operator(id: &str) -> Author {
    Author { id: id.to_owned(), name: id.to_owned(), side: Side::Operator }
}

fn agency(organisation: &str) -> Author {
    let side = Side::Agency { organisation: organisation.parse().unwrap() };
    Author { id: format!("staff-of-{organisation}"), name: "An".to_owned(), side }
}

/// A draft that `drafter` wrote, with a key and a reason for its limit.
fn draft(drafter: &Author) -> Connection {
    let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let contract: Contract = serde_json::from_value(json!({
        "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
        "fields": ["name"], "daily_limit": 5, "per_second_max": 1, "valid_from": "2026-01-01", "limit_reason": "a",
    }))
    .unwrap();
    let mut connection = Connection {
        organisation: Organisation {
            id: "bank".parse().unwrap(),
            parent: None,
            name_vi: "A".to_owned(),
            name_en: "A".to_owned(),
        },
        client: serde_json::from_value(json!({"id": "core", "organisation": "bank", "keys": [key]})).unwrap(),
        contract,
        acts: Vec::new(),
    };
    connection.acts.push(Connection::first_act(&connection.contract, drafter, now()));
    connection
}

impl Connection {
    fn go(&mut self, act: Result<ConnectionAct, LifeError>) {
        self.acts.push(act.unwrap());
    }

    fn to(&mut self, by: &Author, to: Stage) {
        self.go(self.step(by, to, "Lý do", now()));
    }

    /// What the sandbox sees of a client that works.
    fn try_out(&mut self) {
        for is_answered in [true, true, true, true, false, false] {
            let act = self.tried(is_answered, now());
            self.acts.extend(act);
        }
    }

    /// Answers everything that a reviewer answers, with a file where one is wanted.
    fn answer_all(&mut self, by: &Author) {
        for checked in self.checklist(today()) {
            let item = checked.item;
            if item.computed.is_none() {
                self.go(self.answer(by, &item.code, Verdict::Yes, "", now()));
            }
            if item.is_evidence_required {
                self.go(self.attach(by, &item.code, "a.pdf", b"%PDF", now()));
            }
        }
    }
}

/// Under review, everything answered.
fn answered() -> Connection {
    let mut connection = draft(&operator("drafter"));
    connection.to(&operator("drafter"), Stage::Sandbox);
    connection.try_out();
    connection.to(&operator("drafter"), Stage::Review);
    connection.answer_all(&operator("one"));
    connection
}

fn official() -> Connection {
    let mut connection = answered();
    connection.go(connection.sign(&operator("one"), Part::Security, now()));
    connection.go(connection.sign(&operator("two"), Part::Legal, now()));
    connection.to(&operator("one"), Stage::Pilot);
    connection.to(&operator("one"), Stage::Official);
    connection
}

#[test]
fn a_whole_life_is_told_step_by_step() {
    let mut connection = official();
    connection.to(&operator("one"), Stage::Suspended);
    connection.to(&operator("one"), Stage::Official);
    connection.to(&agency("bank"), Stage::Ended);
    let told: Vec<Stage> = connection.steps().map(|(_, step)| step.to).collect();
    let expected = [
        Stage::Draft,
        Stage::Sandbox,
        Stage::Review,
        Stage::Pilot,
        Stage::Official,
        Stage::Suspended,
        Stage::Official,
        Stage::Ended,
    ];
    assert_eq!(told, expected);
    assert!(connection.acts.iter().zip(1..).all(|(act, place)| act.sequence == place));
}

#[test]
fn a_pilot_has_an_end_and_a_suspension_a_notice_within_the_day() {
    let mut connection = official();
    let pilot = connection.steps().find_map(|(_, step)| step.pilot).unwrap();
    assert_eq!((pilot.until, pilot.limit_percent), (date(2026, 12, 22), 10));
    connection.to(&operator("one"), Stage::Suspended);
    let (_, step) = connection.steps().next_back().unwrap();
    assert_eq!(step.notify_by, Some("2026-11-23T02:00:00Z".parse().unwrap()));
    assert_eq!(step.ground, "Lý do");
}

#[test]
fn a_pilot_that_was_suspended_goes_on_with_the_same_end() {
    let mut connection = answered();
    connection.go(connection.sign(&operator("one"), Part::Security, now()));
    connection.go(connection.sign(&operator("two"), Part::Legal, now()));
    connection.to(&operator("one"), Stage::Pilot);
    connection.to(&operator("one"), Stage::Suspended);
    let week = now() + SignedDuration::from_hours(168);
    let to_official = connection.step(&operator("one"), Stage::Official, "a", week);
    assert_eq!(to_official, Err(LifeError::NoStep { from: Stage::Suspended, to: Stage::Official }));
    let back = connection.step(&operator("one"), Stage::Pilot, "a", week).unwrap();
    assert_eq!(back.step().unwrap().pilot.unwrap().until, date(2026, 12, 22));
}

#[test]
fn nothing_becomes_real_while_the_review_is_open() {
    let mut connection = draft(&operator("drafter"));
    for stage in [Stage::Review, Stage::Pilot, Stage::Official] {
        let refused = connection.step(&operator("one"), stage, "a", now()).unwrap_err();
        assert_eq!(refused, LifeError::NoStep { from: Stage::Draft, to: stage });
    }
    connection.to(&operator("one"), Stage::Sandbox);
    connection.to(&operator("one"), Stage::Review);
    let LifeError::ReviewOpen { open } =
        connection.step(&operator("one"), Stage::Pilot, "", now()).unwrap_err()
    else {
        panic!("it is open")
    };
    assert!(open.contains(&"key_custody".to_owned()) && open.contains(&"signature:legal".to_owned()));
    assert!(!open.contains(&"keys".to_owned()), "the program found the key itself");
    let signed = connection.sign(&operator("one"), Part::Security, now());
    assert!(matches!(signed, Err(LifeError::ReviewOpen { .. })));
}

#[test]
fn two_persons_sign_and_neither_wrote_the_terms() {
    let mut connection = answered();
    for part in Part::ALL {
        assert_eq!(connection.sign(&operator("drafter"), part, now()), Err(LifeError::Drafter));
        assert_eq!(connection.sign(&agency("bank"), part, now()), Err(LifeError::NotTheirs));
    }
    connection.go(connection.sign(&operator("one"), Part::Security, now()));
    assert_eq!(connection.sign(&operator("one"), Part::Legal, now()), Err(LifeError::SamePerson));
    connection.go(connection.sign(&operator("two"), Part::Legal, now()));
    assert_eq!(connection.open(today()), [""; 0]);
    // Whoever rewrote the terms later is an author, too.
    let mut rewritten = draft(&operator("drafter"));
    rewritten.go(rewritten.act(&operator("two"), Deed::Terms, now()));
    rewritten.to(&operator("one"), Stage::Sandbox);
    rewritten.try_out();
    rewritten.to(&operator("one"), Stage::Review);
    rewritten.answer_all(&operator("one"));
    assert_eq!(rewritten.sign(&operator("two"), Part::Legal, now()), Err(LifeError::Drafter));
}

#[test]
fn an_answer_behind_a_signature_takes_it_away_and_a_new_review_begins_empty() {
    let mut connection = answered();
    connection.go(connection.sign(&operator("one"), Part::Security, now()));
    connection.go(connection.sign(&operator("two"), Part::Legal, now()));
    connection.go(connection.answer(&operator("two"), "retention", Verdict::No, "Quá dài", now()));
    assert_eq!(connection.open(today()), ["retention", "signature:legal"]);
    connection.go(connection.answer(&operator("two"), "retention", Verdict::Yes, "", now()));
    assert_eq!(connection.open(today()), ["signature:legal"]);
    connection.to(&agency("bank"), Stage::Sandbox);
    connection.to(&agency("bank"), Stage::Review);
    let open = connection.open(today());
    assert!(open.contains(&"retention".to_owned()) && open.contains(&"signature:security".to_owned()));
    let files: usize = connection.checklist(today()).iter().map(|checked| checked.files.len()).sum();
    assert_eq!(files, 2, "files stay");
}

#[test]
fn an_item_needs_its_file_its_reason_and_a_reviewer() {
    let mut connection = draft(&operator("drafter"));
    assert_eq!(
        connection.answer(&operator("one"), "retention", Verdict::Yes, "", now()),
        Err(LifeError::NotUnderReview)
    );
    connection.to(&operator("one"), Stage::Sandbox);
    connection.to(&operator("one"), Stage::Review);
    let answer = |connection: &Connection, by: &Author, code: &str, verdict, note: &str| {
        connection.answer(by, code, verdict, note, now())
    };
    assert_eq!(
        answer(&connection, &agency("bank"), "retention", Verdict::Yes, ""),
        Err(LifeError::NotTheirs)
    );
    assert_eq!(answer(&connection, &operator("one"), "keys", Verdict::Yes, ""), Err(LifeError::FoundOut));
    assert_eq!(answer(&connection, &operator("one"), "x", Verdict::Yes, ""), Err(LifeError::NoSuchItem));
    let unsaid = answer(&connection, &operator("one"), "retention", Verdict::NotApplicable, " ");
    assert_eq!(unsaid, Err(LifeError::Note));
    connection.go(answer(&connection, &operator("one"), "security_level", Verdict::Yes, ""));
    assert!(connection.open(today()).contains(&"security_level".to_owned()), "no file yet");
    let attach = |connection: &Connection, by: &Author, name: &str, content: &[u8]| {
        connection.attach(by, "security_level", name, content, now())
    };
    assert_eq!(attach(&connection, &agency("other"), "a", b"x"), Err(LifeError::NotTheirs));
    for (name, content) in
        [("", &b"x"[..]), ("a/b", b"x"), ("a", b""), ("a", &vec![0; Connection::FILE_BYTES_MAX + 1])]
    {
        assert_eq!(attach(&connection, &agency("bank"), name, content), Err(LifeError::File));
    }
    connection.go(attach(&connection, &agency("bank"), "quyết định.pdf", b"abc"));
    assert!(!connection.open(today()).contains(&"security_level".to_owned()));
    let file =
        connection.checklist(today()).into_iter().find_map(|checked| checked.files.first().cloned()).unwrap();
    assert_eq!(file.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    for _ in 1..Connection::FILES_MAX {
        connection.go(attach(&connection, &operator("one"), "a", b"x"));
    }
    assert_eq!(attach(&connection, &operator("one"), "a", b"x"), Err(LifeError::Full));
}

#[test]
fn software_without_a_key_and_a_limit_without_a_reason_are_found_out() {
    let mut connection = draft(&operator("drafter"));
    let open = |connection: &Connection| connection.open(today());
    connection.client.keys.clear();
    assert!(!open(&connection).contains(&"keys".to_owned()), "a desk of our own pages");
    connection.contract.signed_answers = true;
    assert!(open(&connection).contains(&"keys".to_owned()));
    connection.contract.limit_reason = None;
    assert!(open(&connection).contains(&"limit".to_owned()));
    connection.contract.caseload = Some(crate::Caseload {
        stated_on: date(2026, 1, 1),
        visits_per_day: 800,
        queries_per_100_visits: 100,
        branches: 1,
        opening_hours: 8,
        peak_hour_percent: 20,
        busiest_day_percent: 100,
        growth_percent_per_year: 0,
    });
    assert!(!open(&connection).contains(&"limit".to_owned()));
}

#[test]
fn the_sandbox_sees_answers_and_a_refusal_of_these_very_terms() {
    let mut connection = draft(&operator("drafter"));
    assert_eq!(connection.tried(true, now()), None, "a draft is not tried");
    connection.to(&agency("bank"), Stage::Sandbox);
    let is_open = |connection: &Connection| connection.open(today()).contains(&"sandbox".to_owned());
    assert!(is_open(&connection));
    connection.try_out();
    assert!(!is_open(&connection));
    let tries = connection.acts.iter().filter(|act| matches!(act.deed, Deed::Tried { .. })).count();
    assert_eq!(tries, 4, "three answers and one refusal, however often it asks");
    connection.go(connection.act(&agency("bank"), Deed::Terms, now()));
    assert!(is_open(&connection), "other terms are tried anew");
    connection.try_out();
    connection.to(&agency("bank"), Stage::Review);
    assert!(!is_open(&connection));
    // Software that cannot verify anything has nothing to try.
    connection.contract.fields = [Field::LifeStatus].into_iter().collect();
    assert!(!connection.is_tried_by_software());
    // Nor has a portal at which people sign in, and nothing else: whoever signs in cannot do so in the sandbox.
    connection.contract.fields = [Field::Name].into_iter().collect();
    assert!(connection.is_tried_by_software());
    connection.contract.sign_in = Some(crate::SignInTerms::default());
    connection.contract.products = [Product::SignIn].into();
    assert!(!connection.is_tried_by_software());
    let signed = connection.answer(&operator("one"), "sandbox", Verdict::Yes, "", now());
    assert_eq!(signed, Err(LifeError::FoundOut));
}

#[test]
fn a_full_history_can_still_be_stopped() {
    let mut connection = official();
    connection.acts.last_mut().unwrap().sequence = Connection::ACTS_MAX;
    assert_eq!(connection.act(&operator("one"), Deed::Terms, now()), Err(LifeError::Full));
    connection.to(&operator("one"), Stage::Suspended);
    connection.to(&operator("one"), Stage::Ended);
    assert_eq!(connection.stage(), Stage::Ended);
}

#[test]
fn everybody_sees_the_steps_that_are_theirs() {
    let connection = answered();
    let openings = |by: &Author| -> Vec<(Stage, bool)> {
        let openings = connection.openings(by, today()).into_iter();
        openings.map(|opening| (opening.transition.to, opening.obstacle.is_none())).collect()
    };
    let expected = [(Stage::Sandbox, true), (Stage::Pilot, false), (Stage::Ended, true)];
    assert_eq!(openings(&operator("one")), expected);
    assert_eq!(openings(&agency("bank")), [(Stage::Sandbox, true), (Stage::Ended, true)]);
    assert_eq!(openings(&agency("other")), []);
    assert_eq!(openings(&Author::console()), []);
}

/// What somebody may try.
#[derive(Debug, Clone)]
enum Try {
    Step(Stage),
    Answer(usize, Verdict),
    Attach(usize),
    Sign(Part),
    Terms,
}

fn attempts() -> impl Strategy<Value = Try> {
    prop_oneof![
        4 => (0..Stage::ALL.len()).prop_map(|place| Try::Step(Stage::ALL[place])),
        6 => (0..12_usize, prop::sample::select(vec![Verdict::Yes, Verdict::Yes, Verdict::No, Verdict::NotApplicable]))
            .prop_map(|(item, verdict)| Try::Answer(item, verdict)),
        3 => (0..12_usize).prop_map(Try::Attach),
        4 => prop::sample::select(Part::ALL.to_vec()).prop_map(Try::Sign),
        1 => Just(Try::Terms),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Whoever tries whatever in whichever order: real answers stand behind two signatures of the last review by two
    /// operators who wrote nothing of the terms, and an end is an end.
    #[test]
    fn nobody_goes_around_the_review(
        is_prepared in any::<bool>(),
        tries in prop::collection::vec((0..5_usize, attempts()), 1..60),
    ) {
        let people = [operator("drafter"), operator("one"), operator("two"), agency("bank"), Author::console()];
        let mut connection = if is_prepared { answered() } else { draft(&people[0]) };
        for (who, what) in tries {
            let by = &people[who];
            let before = connection.stage();
            let code = |place: usize| {
                let items = connection.checklist(today());
                items[place % items.len()].item.code.clone()
            };
            let act = match what {
                Try::Step(to) => connection.step(by, to, "a", now()),
                Try::Answer(place, verdict) => connection.answer(by, &code(place), verdict, "a", now()),
                Try::Attach(place) => connection.attach(by, &code(place), "a", b"a", now()),
                Try::Sign(part) => connection.sign(by, part, now()),
                // As a document may: in the first two stages alone.
                Try::Terms if before.is_open() => connection.act(by, Deed::Terms, now()),
                Try::Terms => continue,
            };
            let Ok(act) = act else { continue };
            prop_assert_ne!(before, Stage::Ended);
            connection.acts.push(act);
            let after = connection.stage();
            if before != after && matches!(after, Stage::Pilot | Stage::Official) {
                let last_review = connection.acts.iter().rposition(|act| {
                    act.step().is_some_and(|step| step.to == Stage::Review)
                });
                let review = &connection.acts[last_review.unwrap()..];
                prop_assert!(!review.iter().any(|act| act.deed == Deed::Terms));
                let signed = |part| review.iter().rev().find(|act| act.deed == Deed::Signature { part }).unwrap();
                let [security, legal] = Part::ALL.map(signed);
                prop_assert_ne!(&security.by.id, &legal.by.id);
                for signature in [security, legal] {
                    prop_assert!(["one", "two"].contains(&signature.by.id.as_str()));
                    prop_assert!(!connection.is_drafter(&signature.by));
                }
                prop_assert_eq!(connection.open(today()), [""; 0]);
            }
        }
    }
}
