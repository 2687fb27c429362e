//! Corrections from their proposal to the register.

use crate::{
    failing_store::{FailingStore, Lost},
    people::{HERE, THERE, Town, commune, day, family, number, officer},
};
use dancu_changes::{
    ChangeError, ChangeStore, Command, Common, ContactChange, CorrectionError, CorrectionService, Cursor,
    Evidence, EvidenceKind, IdentityCorrection, IdentityFields, OPEN_PROPOSALS_MAX, Proposal, ProposalFilter,
    ProposalId, ProposalState, ProposedBy, Refusal, Verdict,
};
use dancu_core::Sex;
use dancu_register::{FactKind, FactValue, Life, Representation};
use jiff::SignedDuration;
use std::sync::Arc;
use uuid::Uuid;

const AN: &str = "001085000001";
const BINH: &str = "001185000002";
const CHILD: &str = "001215000003";
const GROWN: &str = "001205000004";

async fn town() -> Town {
    let town = Town::new();
    town.person(AN, "Nguyễn Văn An", Sex::Male, "1985-05-05", HERE).await;
    town.person(BINH, "Trần Thị Bình", Sex::Female, "1985-06-06", THERE).await;
    town.person(CHILD, "Nguyễn Văn Cường", Sex::Male, "2015-07-07", HERE).await;
    town.put(CHILD, family(Some(AN), None, None), "2015-07-07").await;
    town.person(GROWN, "Nguyễn Văn Dũng", Sex::Male, "2005-08-08", HERE).await;
    town.put(GROWN, family(Some(AN), None, None), "2005-08-08").await;
    town
}

fn service(town: &Town) -> CorrectionService {
    CorrectionService::new(town.changes(), town.clock.clone())
}

fn id(value: u128) -> ProposalId {
    ProposalId(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 + value))
}

fn citizen(text: &str) -> ProposedBy {
    ProposedBy::Citizen { number: number(text) }
}

fn by_officer(staff: &str, code: &str) -> ProposedBy {
    ProposedBy::Officer { id: staff.to_owned(), commune: commune(code) }
}

fn contact(text: &str, phone: &str) -> Command {
    let on = day("2026-03-01");
    Command::ChangeContact(ContactChange {
        number: number(text),
        phone: Some(phone.to_owned()),
        email: None,
        on,
    })
}

async fn proposed(service: &CorrectionService, value: u128) -> Proposal {
    service.propose(id(value), citizen(AN), contact(AN, "0912345678"), Vec::new()).await.unwrap()
}

async fn phone(town: &Town, text: &str) -> Option<String> {
    let facts = town.facts(text).await;
    let held =
        facts.iter().find(|fact| fact.recorded_to.is_none() && fact.value.kind() == FactKind::Contact)?;
    match &held.value {
        FactValue::Contact(contact) => contact.phone.clone(),
        _ => None,
    }
}

#[tokio::test]
async fn what_a_citizen_proposes_is_in_the_register_when_the_commune_agrees() {
    let town = town().await;
    let service = service(&town);
    let proposal = proposed(&service, 1).await;
    assert_eq!((proposal.owner, proposal.state), (commune(HERE), ProposalState::Proposed));
    // Monday nine o'clock: Wednesday.
    assert_eq!(proposal.due, day("2026-03-11"));
    assert_eq!(phone(&town, AN).await, None);
    let end = town.store.outbox_end().await.unwrap();

    let applied = service.decide(id(1), &officer("lan", HERE), Verdict::Accept, "").await.unwrap();

    assert_eq!(applied.state, ProposalState::Applied);
    assert_eq!(phone(&town, AN).await.as_deref(), Some("0912345678"));
    let events = town.events();
    assert_eq!(events.len(), 1);
    assert_eq!(applied.event, Some(events[0].id));
    assert_eq!(events[0].actor, officer("lan", HERE));
    let told = town.store.outbox(end, 10).await.unwrap();
    assert_eq!(told.len(), 1, "whoever follows changes is told");
    assert!(told[0].kinds.contains(FactKind::Contact) && told[0].number == number(AN));
    assert!(told[0].cursor > Cursor::default());
}

#[tokio::test]
async fn a_proposal_after_three_in_the_afternoon_is_due_a_day_later() {
    let town = town().await;
    town.clock.advance(SignedDuration::from_hours(7));
    assert_eq!(proposed(&service(&town), 1).await.due, day("2026-03-12"));
}

#[tokio::test]
async fn citizens_propose_for_themselves_minor_children_and_whom_they_represent() {
    let town = town().await;
    let service = service(&town);
    let for_child = service.propose(id(1), citizen(AN), contact(CHILD, "0912345678"), Vec::new()).await;
    assert_eq!(for_child.unwrap().number, number(CHILD));
    for stranger in [BINH, GROWN] {
        let refused = service.propose(id(2), citizen(AN), contact(stranger, "0912345678"), Vec::new()).await;
        assert_eq!(refused, Err(CorrectionError::NotForThem));
    }
    let unknown =
        service.propose(id(2), citizen(AN), contact("001085999999", "0912345678"), Vec::new()).await;
    assert_eq!(unknown, Err(CorrectionError::NotForThem), "an unknown number looks like another person's");
    let represents = Representation { representatives: vec![number(AN)] };
    town.put(GROWN, FactValue::Representation(represents), "2026-01-01").await;
    assert!(service.propose(id(3), citizen(AN), contact(GROWN, "0912345678"), Vec::new()).await.is_ok());
}

#[tokio::test]
async fn a_child_who_comes_of_age_is_no_longer_spoken_for() {
    let town = town().await;
    let service = service(&town);
    town.person("001208000009", "Nguyễn Văn Em", Sex::Male, "2008-03-10", HERE).await;
    town.put("001208000009", family(Some(AN), None, None), "2008-03-10").await;
    let change = || contact("001208000009", "0912345678");
    assert!(service.propose(id(1), citizen(AN), change(), Vec::new()).await.is_ok());
    town.clock.advance(SignedDuration::from_hours(24));
    let refused = service.propose(id(2), citizen(AN), change(), Vec::new()).await;
    assert_eq!(refused, Err(CorrectionError::NotForThem));
}

#[tokio::test]
async fn only_the_commune_of_residence_proposes_and_decides() {
    let town = town().await;
    let service = service(&town);
    let elsewhere =
        service.propose(id(1), by_officer("hoa", THERE), contact(AN, "0912345678"), Vec::new()).await;
    assert_eq!(elsewhere, Err(CorrectionError::OtherCommune));
    proposed(&service, 1).await;
    let decided = service.decide(id(1), &officer("hoa", THERE), Verdict::Accept, "").await;
    assert_eq!(decided, Err(CorrectionError::NoSuchProposal));
    let centre = dancu_changes::Actor::Operator { id: "minh".to_owned() };
    let decided = service.decide(id(1), &centre, Verdict::Accept, "").await;
    assert_eq!(decided, Err(CorrectionError::OtherCommune));
    assert!(town.events().is_empty());
}

#[tokio::test]
async fn whoever_proposes_does_not_decide() {
    let town = town().await;
    let service = service(&town);
    service.propose(id(1), by_officer("lan", HERE), contact(AN, "0912345678"), Vec::new()).await.unwrap();
    let own = service.decide(id(1), &officer("lan", HERE), Verdict::Accept, "").await;
    assert_eq!(own, Err(CorrectionError::SameOfficer));
    assert!(service.decide(id(1), &officer("mai", HERE), Verdict::Accept, "").await.is_ok());
}

#[tokio::test]
async fn what_the_rules_forbid_is_not_even_proposed() {
    let town = town().await;
    let service = service(&town);
    let refused = service.propose(id(1), citizen(AN), contact(AN, "12"), Vec::new()).await;
    let text = Refusal::from(Common::Text { field: "phone" });
    assert_eq!(refused, Err(CorrectionError::Change(ChangeError::Refused(text))));
    let other = Command::RegisterDeath(dancu_changes::Death {
        number: number(AN),
        on: day("2026-03-01"),
        place: None,
    });
    let refused = service.propose(id(1), by_officer("lan", HERE), other, Vec::new()).await;
    assert_eq!(refused, Err(CorrectionError::NotACorrection));
}

#[tokio::test]
async fn a_refusal_by_the_rules_leaves_the_proposal_waiting() {
    let town = town().await;
    let service = service(&town);
    proposed(&service, 1).await;
    town.put(AN, FactValue::Life(Life::Dead { date: Some(day("2026-02-01")) }), "2026-02-01").await;
    let refused = service.decide(id(1), &officer("lan", HERE), Verdict::Accept, "").await;
    let dead = Refusal::from(Common::Dead { field: "number" });
    assert_eq!(refused, Err(CorrectionError::Change(ChangeError::Refused(dead))));
    let waits = town.store.proposal(id(1)).await.unwrap().unwrap();
    assert_eq!(waits.state, ProposalState::Proposed);
    assert_eq!(waits.moves.last().unwrap().note, "DANCU-CHANGE-007");
    let refused = service.decide(id(1), &officer("lan", HERE), Verdict::Refuse, "Đã khai tử.").await.unwrap();
    assert_eq!(refused.state, ProposalState::Refused);
    assert!(town.events().is_empty());
}

#[tokio::test]
async fn a_refusal_needs_a_note_without_numbers() {
    let town = town().await;
    let service = service(&town);
    proposed(&service, 1).await;
    for note in ["", "gọi 0912345678"] {
        let refused = service.decide(id(1), &officer("lan", HERE), Verdict::Refuse, note).await;
        assert_eq!(refused, Err(CorrectionError::Note));
    }
}

#[tokio::test]
async fn a_button_pressed_twice_does_one_thing() {
    let town = town().await;
    let service = service(&town);
    let first = proposed(&service, 1).await;
    assert_eq!(proposed(&service, 1).await, first);
    let other = service.propose(id(1), citizen(AN), contact(AN, "0987654321"), Vec::new()).await;
    assert_eq!(other, Err(CorrectionError::IdentifierUsed));
    let lan = officer("lan", HERE);
    let once = service.decide(id(1), &lan, Verdict::Accept, "").await.unwrap();
    assert_eq!(service.decide(id(1), &lan, Verdict::Accept, "").await.unwrap(), once);
    let late = service.decide(id(1), &officer("mai", HERE), Verdict::Refuse, "Sai.").await;
    assert_eq!(late, Err(CorrectionError::Settled));
    assert_eq!(town.events().len(), 1);
}

#[tokio::test]
async fn only_whoever_proposed_withdraws_and_only_in_time() {
    let town = town().await;
    let service = service(&town);
    proposed(&service, 1).await;
    assert_eq!(service.withdraw(id(1), &citizen(BINH)).await, Err(CorrectionError::NoSuchProposal));
    let withdrawn = service.withdraw(id(1), &citizen(AN)).await.unwrap();
    assert_eq!(withdrawn.state, ProposalState::Withdrawn);
    assert_eq!(withdrawn.moves[0].by, "citizen", "lists show no number");
    let late = service.decide(id(1), &officer("lan", HERE), Verdict::Accept, "").await;
    assert_eq!(late, Err(CorrectionError::Settled));
    proposed(&service, 2).await;
    service.decide(id(2), &officer("lan", HERE), Verdict::Accept, "").await.unwrap();
    assert_eq!(service.withdraw(id(2), &citizen(AN)).await, Err(CorrectionError::Settled));
}

#[tokio::test]
async fn a_person_cannot_have_proposals_without_end() {
    let town = town().await;
    let service = service(&town);
    for value in 0..OPEN_PROPOSALS_MAX {
        proposed(&service, value as u128).await;
    }
    let over = service.propose(id(99), citizen(AN), contact(AN, "0912345678"), Vec::new()).await;
    assert_eq!(over, Err(CorrectionError::TooMany));
    service.withdraw(id(0), &citizen(AN)).await.unwrap();
    proposed(&service, 99).await;
}

#[tokio::test]
async fn what_is_late_stands_in_its_own_list() {
    let town = town().await;
    let service = service(&town);
    proposed(&service, 1).await;
    town.clock.advance(SignedDuration::from_hours(24));
    service.propose(id(2), citizen(AN), contact(CHILD, "0912345678"), Vec::new()).await.unwrap();
    let here = Some(commune(HERE));
    assert!(service.overdue(here, 10).await.unwrap().is_empty());
    town.clock.advance(SignedDuration::from_hours(48));
    let late: Vec<ProposalId> = service.overdue(here, 10).await.unwrap().iter().map(|late| late.id).collect();
    assert_eq!(late, [id(1)], "due on Wednesday, looked at on Thursday");
    assert!(service.overdue(Some(commune(THERE)), 10).await.unwrap().is_empty());
    let filter = ProposalFilter { owner: here, number: None, state: Some(ProposalState::Proposed) };
    let waiting = service.list(filter, None, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|waits| waits.id).collect::<Vec<_>>(), [id(1), id(2)]);
}

/// Writes of a decision: the agreement, the register, the mark.
#[tokio::test]
async fn a_crash_at_any_step_of_a_decision_is_settled_by_deciding_again() {
    for at in 1..=3 {
        for lost in [Lost::Write, Lost::Answer] {
            let town = town().await;
            proposed(&service(&town), 1).await;
            let failing = Arc::new(FailingStore::new(town.store.clone(), at, lost));
            let crashing = CorrectionService::new(town.changes_over(failing), town.clock.clone());
            let lan = officer("lan", HERE);
            let crashed = crashing.decide(id(1), &lan, Verdict::Accept, "").await;
            assert!(matches!(crashed, Err(CorrectionError::Change(ChangeError::Store(_)))), "{at} {lost:?}");

            // Another officer goes on; had the agreement been lost, it is theirs now.
            let settled = service(&town).decide(id(1), &officer("mai", HERE), Verdict::Accept, "").await;
            match (at, lost) {
                // It was through, and only the answer was lost: the other officer is told.
                (3, Lost::Answer) => assert_eq!(settled, Err(CorrectionError::Settled)),
                _ => assert_eq!(settled.unwrap().state, ProposalState::Applied, "{at} {lost:?}"),
            }
            let again = service(&town).of_office(id(1), &lan).await.unwrap();
            assert_eq!(again.state, ProposalState::Applied);
            assert_eq!(town.events().len(), 1, "{at} {lost:?}");
            assert_eq!(again.event, Some(town.events()[0].id));
            assert_eq!(phone(&town, AN).await.as_deref(), Some("0912345678"));
        }
    }
}

#[tokio::test]
async fn a_crash_in_the_middle_leaves_nothing_to_refuse_or_withdraw() {
    let town = town().await;
    proposed(&service(&town), 1).await;
    let failing = Arc::new(FailingStore::new(town.store.clone(), 2, Lost::Answer));
    let crashing = CorrectionService::new(town.changes_over(failing), town.clock.clone());
    crashing.decide(id(1), &officer("lan", HERE), Verdict::Accept, "").await.unwrap_err();
    let service = service(&town);
    let refused = service.decide(id(1), &officer("mai", HERE), Verdict::Refuse, "Sai.").await;
    assert_eq!(refused, Err(CorrectionError::Settled));
    assert_eq!(service.withdraw(id(1), &citizen(AN)).await, Err(CorrectionError::Settled));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn officers_who_decide_at_once_bring_about_one_outcome() {
    for round in 0..20 {
        let town = Arc::new(town().await);
        proposed(&service(&town), 1).await;
        let deciders = (0..8).map(|count| {
            let town = town.clone();
            tokio::spawn(async move {
                let who = officer(&format!("officer-{count}"), HERE);
                let (verdict, note) =
                    if (count + round) % 3 == 0 { (Verdict::Refuse, "Sai.") } else { (Verdict::Accept, "") };
                let _ = service(&town).decide(id(1), &who, verdict, note).await;
            })
        });
        for decider in deciders.collect::<Vec<_>>() {
            decider.await.unwrap();
        }
        let proposal = town.store.proposal(id(1)).await.unwrap().unwrap();
        assert!(proposal.state.is_final(), "{:?}", proposal.state);
        let is_applied = proposal.state == ProposalState::Applied;
        assert_eq!(town.events().len(), usize::from(is_applied));
        assert_eq!(phone(&town, AN).await.is_some(), is_applied);
    }
}

fn new_name(text: &str, name: &str) -> Command {
    let fields = IdentityFields { name: Some(name.parse().unwrap()), ..IdentityFields::default() };
    Command::CorrectIdentity(IdentityCorrection { number: number(text), fields })
}

fn paper() -> Vec<Evidence> {
    let kind = EvidenceKind::CivilStatusPaper;
    vec![Evidence { kind, reference: "GKS 12/2020".to_owned(), issued_on: None, sha256: None }]
}

async fn name(town: &Town, text: &str) -> String {
    let facts = town.facts(text).await;
    let held =
        facts.iter().find(|fact| fact.recorded_to.is_none() && fact.value.kind() == FactKind::Identity);
    match &held.unwrap().value {
        FactValue::Identity(identity) => identity.name.as_str().to_owned(),
        _ => unreachable!(),
    }
}

#[tokio::test]
async fn the_identity_is_corrected_only_when_a_second_officer_approves() {
    let town = town().await;
    let service = service(&town);
    service.propose(id(1), by_officer("lan", HERE), new_name(AN, "Nguyễn Văn Ân"), paper()).await.unwrap();
    let (lan, mai, tam) = (officer("lan", HERE), officer("mai", HERE), officer("tam", HERE));
    let early = service.approve(id(1), &tam, Verdict::Accept, "").await;
    assert_eq!(early, Err(CorrectionError::FirstIsMissing));
    let agreed = service.decide(id(1), &mai, Verdict::Accept, "").await.unwrap();
    assert_eq!(agreed.state, ProposalState::AwaitsSecond);
    assert_eq!(name(&town, AN).await, "Nguyễn Văn An");
    for same in [&mai, &lan] {
        let approved = service.approve(id(1), same, Verdict::Accept, "").await;
        assert_eq!(approved, Err(CorrectionError::SameOfficer));
    }
    let elsewhere = service.approve(id(1), &officer("hoa", THERE), Verdict::Accept, "").await;
    assert_eq!(elsewhere, Err(CorrectionError::NoSuchProposal));
    let applied = service.approve(id(1), &tam, Verdict::Accept, "").await.unwrap();
    assert_eq!(applied.state, ProposalState::Applied);
    assert_eq!(name(&town, AN).await, "Nguyễn Văn Ân");
    assert_eq!(town.events()[0].actor, mai, "the officer who agreed first stands in the event");
}

#[tokio::test]
async fn the_centre_approves_where_a_commune_has_one_officer() {
    let town = town().await;
    let service = service(&town);
    service.propose(id(1), citizen(AN), new_name(AN, "Nguyễn Văn Ân"), paper()).await.unwrap();
    service.decide(id(1), &officer("lan", HERE), Verdict::Accept, "").await.unwrap();
    let centre = dancu_changes::Actor::Operator { id: "minh".to_owned() };
    let applied = service.approve(id(1), &centre, Verdict::Accept, "").await.unwrap();
    assert_eq!(applied.state, ProposalState::Applied);
}

#[tokio::test]
async fn a_second_officer_refuses_with_a_reason() {
    let town = town().await;
    let service = service(&town);
    service.propose(id(1), citizen(AN), new_name(AN, "Nguyễn Văn Ân"), paper()).await.unwrap();
    service.decide(id(1), &officer("lan", HERE), Verdict::Accept, "").await.unwrap();
    let tam = officer("tam", HERE);
    assert_eq!(service.approve(id(1), &tam, Verdict::Refuse, "").await, Err(CorrectionError::Note));
    let refused = service.approve(id(1), &tam, Verdict::Refuse, "Giấy khai sinh ghi khác.").await.unwrap();
    assert_eq!(refused.state, ProposalState::Refused);
    assert_eq!(name(&town, AN).await, "Nguyễn Văn An");
}

#[tokio::test]
async fn the_rules_refuse_at_the_approval_and_the_first_agreement_stands() {
    let town = town().await;
    let service = service(&town);
    service.propose(id(1), citizen(AN), new_name(AN, "Nguyễn Văn Ân"), paper()).await.unwrap();
    service.propose(id(2), citizen(AN), new_name(AN, "Nguyễn Văn Ân"), paper()).await.unwrap();
    let (lan, tam) = (officer("lan", HERE), officer("tam", HERE));
    for value in [1, 2] {
        service.decide(id(value), &lan, Verdict::Accept, "").await.unwrap();
    }
    service.approve(id(1), &tam, Verdict::Accept, "").await.unwrap();
    let nothing_new = Refusal::from(Common::NothingNew);
    let refused = service.approve(id(2), &tam, Verdict::Accept, "").await;
    assert_eq!(refused, Err(CorrectionError::Change(ChangeError::Refused(nothing_new))));
    let waits = town.store.proposal(id(2)).await.unwrap().unwrap();
    assert_eq!(waits.state, ProposalState::AwaitsSecond);
    // The officer whom the rules stopped did not agree first, and may refuse; the one who did may not.
    let own = service.approve(id(2), &lan, Verdict::Refuse, "Trùng.").await;
    assert_eq!(own, Err(CorrectionError::SameOfficer));
    let settled = service.approve(id(2), &tam, Verdict::Refuse, "Trùng.").await.unwrap();
    assert_eq!(settled.state, ProposalState::Refused);
    assert_eq!(town.events().len(), 1);
}

#[tokio::test]
async fn a_crash_at_any_step_of_an_approval_is_settled_by_approving_again() {
    for at in 1..=3 {
        for lost in [Lost::Write, Lost::Answer] {
            let town = town().await;
            let steady = service(&town);
            steady.propose(id(1), citizen(AN), new_name(AN, "Nguyễn Văn Ân"), paper()).await.unwrap();
            steady.decide(id(1), &officer("lan", HERE), Verdict::Accept, "").await.unwrap();
            let failing = Arc::new(FailingStore::new(town.store.clone(), at, lost));
            let crashing = CorrectionService::new(town.changes_over(failing), town.clock.clone());
            crashing.approve(id(1), &officer("tam", HERE), Verdict::Accept, "").await.unwrap_err();
            // The centre goes on in the officer's place.
            let centre = dancu_changes::Actor::Operator { id: "minh".to_owned() };
            let _ = steady.approve(id(1), &centre, Verdict::Accept, "").await;
            let proposal = town.store.proposal(id(1)).await.unwrap().unwrap();
            assert_eq!(proposal.state, ProposalState::Applied, "{at} {lost:?}");
            assert_eq!(town.events().len(), 1, "{at} {lost:?}");
            assert_eq!(name(&town, AN).await, "Nguyễn Văn Ân");
        }
    }
}
