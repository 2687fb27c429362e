//! Findings, proposals, the books of stays, the units.

use super::desk::{Desk, at, commune, contact, id, noted, number, since};
use dancu_changes::{
    Address, Command, CommandId, Commit, Committed, ContactChange, Finding, FindingFilter, FindingId,
    FindingKind, FindingMove, FindingState, Proposal, ProposalFilter, ProposalId, ProposalMove,
    ProposalState, ProposedBy, Stay, StayNotice, UnitChange,
};
use dancu_core::PersonalNumber;
use jiff::civil::{Date, date};
use uuid::Uuid;

fn finding(serial: u32, owner: Option<u32>, kind: FindingKind) -> Finding {
    Finding {
        // Identifiers run against time, so that an order by them alone is seen.
        id: FindingId(Uuid::from_u128(u128::from(1_000 - serial))),
        kind,
        persons: vec![number(1), number(2)],
        event: Some(id(1)),
        owner: owner.map(commune),
        state: FindingState::Open,
        found_at: at((serial / 2).into()),
        due: date(2026, 12, 6),
        days_late: Some(3),
        statement: None,
        moves: Vec::new(),
    }
}

fn moved(finding: &Finding, to: FindingState) -> Finding {
    let mut finding = finding.clone();
    finding.state = to;
    finding
        .moves
        .push(FindingMove { to, at: at(9), by: "staff-1".to_owned(), note: "Đã gọi".to_owned() });
    finding
}

pub(super) async fn findings_are_added_once(desk: &Desk) {
    let one = finding(1, Some(4), FindingKind::TwoHeads);
    let mut commit = desk.commit_of(1, 1, 1, &[since(contact("0912345678"), date(2026, 1, 1))]).await;
    commit.findings = vec![one.clone()];
    assert_eq!(desk.commit(commit).await, Committed::Done);
    assert_eq!(desk.store.finding(one.id).await.expect("reads"), Some(one.clone()));
    let in_hand = moved(&one, FindingState::InHand);
    assert!(desk.store.save_finding(in_hand.clone(), 0).await.expect("writes"));
    let other = finding(2, None, FindingKind::CyclicFamily);
    let added = desk.store.add_findings(vec![one.clone(), other.clone(), other.clone()]).await;
    assert_eq!(added.expect("writes"), 1);
    assert_eq!(desk.store.finding(one.id).await.expect("reads"), Some(in_hand.clone()), "it stays as it is");
    let mut again = desk.commit_of(2, 2, 1, &[since(contact("0912345679"), date(2026, 1, 1))]).await;
    again.findings = vec![one.clone()];
    assert_eq!(desk.commit(again).await, Committed::Done);
    assert_eq!(desk.store.finding(one.id).await.expect("reads"), Some(in_hand));
    assert_eq!(desk.store.finding(other.id).await.expect("reads"), Some(other));
    assert_eq!(desk.store.finding(FindingId(Uuid::nil())).await.expect("reads"), None);
}

pub(super) async fn findings_come_by_pages_the_newest_first(desk: &Desk) {
    let kinds = [FindingKind::TwoHeads, FindingKind::NoHead, FindingKind::SpouseMismatch];
    let findings: Vec<_> = (0..20_u32)
        .map(|serial| {
            let owner = [Some(4), Some(8), None][serial as usize % 3];
            finding(serial, owner, kinds[serial as usize / 3 % 3])
        })
        .collect();
    assert_eq!(desk.store.add_findings(findings.clone()).await.expect("writes"), 20);
    for settled in findings.iter().step_by(4) {
        assert!(desk.store.save_finding(moved(settled, FindingState::Dismissed), 0).await.expect("writes"));
    }
    let read = async |filter: FindingFilter, length_max: usize| {
        let (mut after, mut read) = (None, Vec::new());
        loop {
            let page = desk.store.findings(filter.clone(), after, length_max).await.expect("reads");
            assert!(page.len() <= length_max);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            read.extend(page);
        }
        read
    };
    let all = read(FindingFilter::default(), 100).await;
    assert_eq!(all.len(), 20);
    assert!(all.is_sorted_by(|one, next| one.found_at >= next.found_at));
    assert_eq!(read(FindingFilter::default(), 3).await, all);
    for owner in [None, Some(commune(4)), Some(commune(8))] {
        for state in
            [None, Some(FindingState::Open), Some(FindingState::Dismissed), Some(FindingState::InHand)]
        {
            for kind in [None, Some(FindingKind::NoHead)] {
                let passes = |finding: &&Finding| {
                    owner.is_none_or(|owner| finding.owner == Some(owner))
                        && state.is_none_or(|state| finding.state == state)
                        && kind.is_none_or(|kind| finding.kind == kind)
                };
                let expected: Vec<_> = all.iter().filter(passes).cloned().collect();
                assert_eq!(read(FindingFilter { owner, state, kind }, 2).await, expected);
            }
        }
    }
    let unknown = Some(FindingId(Uuid::nil()));
    assert_eq!(desk.store.findings(FindingFilter::default(), unknown, 10).await.expect("reads"), []);
    // The list goes on behind a finding that was settled since it was shown.
    let open = FindingFilter { state: Some(FindingState::Open), ..FindingFilter::default() };
    let shown = desk.store.findings(open.clone(), None, 3).await.expect("reads");
    assert!(desk.store.save_finding(moved(&shown[2], FindingState::Resolved), 0).await.expect("writes"));
    let rest = desk.store.findings(open, Some(shown[2].id), 100).await.expect("reads");
    assert_eq!(rest.len(), 15 - 3);
}

pub(super) async fn a_finding_is_moved_by_one_hand_at_a_time(desk: &Desk) {
    let one = finding(1, Some(4), FindingKind::TwoHeads);
    assert!(!desk.store.save_finding(one.clone(), 0).await.expect("writes"), "it is not there yet");
    desk.store.add_findings(vec![one.clone()]).await.expect("writes");
    let in_hand = moved(&one, FindingState::InHand);
    assert!(desk.store.save_finding(in_hand.clone(), 0).await.expect("writes"));
    let dismissed = moved(&one, FindingState::Dismissed);
    assert!(!desk.store.save_finding(dismissed, 0).await.expect("writes"), "somebody else was first");
    assert_eq!(desk.store.finding(one.id).await.expect("reads"), Some(in_hand.clone()));
    let resolved = moved(&in_hand, FindingState::Resolved);
    assert!(desk.store.save_finding(resolved.clone(), 1).await.expect("writes"));
    assert_eq!(desk.store.finding(one.id).await.expect("reads"), Some(resolved));
}

fn proposal(serial: u32, owner: u32, whose: u64) -> Proposal {
    let on = date(2026, 1, 1);
    Proposal {
        id: ProposalId(Uuid::from_u128(u128::from(1_000 - serial))),
        number: number(whose),
        proposed_by: ProposedBy::Citizen { number: number(whose) },
        proposed_at: at(serial.into()),
        change: Command::ChangeContact(ContactChange { number: number(whose), phone: None, email: None, on }),
        evidence: Vec::new(),
        owner: commune(owner),
        due: date(2026, 11, 1 + i8::try_from(serial / 2 % 20).expect("a day")),
        state: ProposalState::Proposed,
        event: None,
        moves: Vec::new(),
    }
}

fn decided(proposal: &Proposal, to: ProposalState) -> Proposal {
    let mut proposal = proposal.clone();
    proposal.state = to;
    proposal.moves.push(ProposalMove { to, at: at(9), by: "staff-1".to_owned(), note: String::new() });
    proposal
}

pub(super) async fn proposals_are_saved_by_one_hand_at_a_time(desk: &Desk) {
    let one = proposal(1, 4, 1);
    let save = async |proposal: &Proposal, before| {
        desk.store.save_proposal(proposal.clone(), before).await.expect("writes")
    };
    assert!(!save(&one, Some(0)).await, "it is not there yet");
    assert!(save(&one, None).await);
    assert!(!save(&one, None).await, "it must be new");
    let refused = decided(&one, ProposalState::Refused);
    assert!(save(&refused, Some(0)).await);
    assert!(!save(&decided(&one, ProposalState::Withdrawn), Some(0)).await, "somebody else was first");
    assert_eq!(desk.store.proposal(one.id).await.expect("reads"), Some(refused));
    assert_eq!(desk.store.proposal(ProposalId(Uuid::nil())).await.expect("reads"), None);
}

pub(super) async fn proposals_come_by_pages_the_earliest_first(desk: &Desk) {
    for serial in 0..20_u32 {
        let one = proposal(serial, [4, 8][serial as usize % 2], (serial % 3).into());
        assert!(desk.store.save_proposal(one.clone(), None).await.expect("writes"));
        if serial % 4 == 0 {
            let applied = decided(&one, ProposalState::Applied);
            assert!(desk.store.save_proposal(applied, Some(0)).await.expect("writes"));
        }
    }
    let read = async |filter: ProposalFilter, length_max: usize| {
        let (mut after, mut read) = (None, Vec::new());
        loop {
            let page = desk.store.proposals(filter.clone(), after, length_max).await.expect("reads");
            assert!(page.len() <= length_max);
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            read.extend(page);
        }
        read
    };
    let all = read(ProposalFilter::default(), 100).await;
    assert_eq!(all.len(), 20);
    assert!(all.is_sorted_by(|one, next| one.due <= next.due));
    for owner in [None, Some(commune(8))] {
        for whose in [None, Some(number(2))] {
            for state in [None, Some(ProposalState::Proposed), Some(ProposalState::Applied)] {
                let passes = |proposal: &&Proposal| {
                    owner.is_none_or(|owner| proposal.owner == owner)
                        && whose.is_none_or(|whose| proposal.number == whose)
                        && state.is_none_or(|state| proposal.state == state)
                };
                let expected: Vec<_> = all.iter().filter(passes).cloned().collect();
                assert_eq!(read(ProposalFilter { owner, number: whose, state }, 3).await, expected);
            }
        }
    }
    let unknown = Some(ProposalId(Uuid::nil()));
    assert_eq!(desk.store.proposals(ProposalFilter::default(), unknown, 10).await.expect("reads"), []);
}

/// Guests whom one event notifies. It concerns no person, so that it is in nobody's list.
fn stays(event: CommandId, second: i64, guests: &[(u64, u32, Date, Date)]) -> Commit {
    let mut commit = noted(event, second, &[]);
    let stay = |(whose, code, from, until): &(u64, u32, Date, Date)| Stay {
        event,
        number: number(*whose),
        commune: commune(*code),
        address: "Khách sạn Hoa Sen".to_owned(),
        from: *from,
        until: *until,
    };
    commit.stays = guests.iter().map(stay).collect();
    let first = &commit.stays[0];
    let address = Address { commune: first.commune, line: first.address.clone() };
    let notice = StayNotice { number: first.number, address, from: first.from, until: first.until };
    commit.event.command = Command::NotifyStay(notice);
    commit
}

fn november(day: i8) -> Date {
    date(2026, 11, day)
}

pub(super) async fn stays_are_seen_on_their_days_and_by_pages(desk: &Desk) {
    for (event, guest) in [
        (1, (5, 4, november(1), november(3))),
        (2, (2, 4, november(2), november(4))),
        (3, (2, 4, november(1), november(5))),
        (4, (9, 4, november(2), november(3))),
        (5, (7, 8, november(2), november(3))),
    ] {
        let commit = stays(id(event), i64::try_from(event).expect("small"), &[guest]);
        assert_eq!(desk.commit(commit).await, Committed::Done);
    }
    let read = async |code, day: i8, after: Option<PersonalNumber>, length_max| {
        let stays = desk.store.stays(commune(code), november(day), after, length_max).await.expect("reads");
        stays.iter().map(|stay| stay.event).collect::<Vec<_>>()
    };
    assert_eq!(read(4, 2, None, 10).await, [3, 2, 1, 4].map(id));
    assert_eq!(read(4, 1, None, 10).await, [3, 1].map(id));
    assert_eq!(read(4, 3, None, 10).await, [3, 2].map(id), "the day after a stay is no longer in it");
    assert_eq!(read(4, 5, None, 10).await, []);
    assert_eq!(read(8, 2, None, 10).await, [id(5)]);
    assert_eq!(read(4, 2, None, 1).await, [3, 2].map(id), "a page ends between two persons");
    assert_eq!(read(4, 2, Some(number(2)), 1).await, [id(1)]);
    assert_eq!(read(4, 2, Some(number(5)), 5).await, [id(4)]);
    let told = desk.store.stays(commune(8), november(2), None, 1).await.expect("reads");
    assert_eq!(told, stays(id(5), 5, &[(7, 8, november(2), november(3))]).stays);
    assert_eq!(desk.store.events_of(number(2), None, 10).await.expect("reads"), [], "nobody's list shows it");
    assert_eq!((desk.version(2).await, desk.outbox().await), (None, Vec::new()));
}

pub(super) async fn stays_go_with_their_events(desk: &Desk) {
    let both = [(1, 4, november(1), november(2)), (2, 4, november(1), november(9))];
    assert_eq!(desk.commit(stays(id(1), 1, &both)).await, Committed::Done);
    for event in 2..=5 {
        let one = [(3, 4, november(1), november(3))];
        let commit = stays(id(event), i64::try_from(event).expect("small"), &one);
        assert_eq!(desk.commit(commit).await, Committed::Done);
    }
    let remove =
        async |day, rows_max| desk.store.remove_stays(november(day), rows_max).await.expect("writes");
    let is_kept = async |event| desk.store.event(id(event)).await.expect("reads").is_some();
    assert_eq!(remove(1, 10).await, 0);
    assert_eq!(remove(2, 10).await, 1, "the last day of it was the first");
    assert!(is_kept(1).await, "another stay of the event is left");
    assert_eq!(remove(3, 3).await, 3, "no more than was asked for");
    assert_eq!(remove(3, 3).await, 1);
    assert_eq!(remove(3, 3).await, 0);
    for event in 2..=5 {
        assert!(!is_kept(event).await, "{event}");
    }
    assert_eq!(desk.store.stays(commune(4), november(2), None, 10).await.expect("reads").len(), 1);
    assert_eq!(remove(30, 10).await, 1);
    assert!(!is_kept(1).await);
}

pub(super) async fn units_come_in_the_order_of_their_days(desk: &Desk) {
    let change = |event: u128, from: u32, into: u32, on| UnitChange {
        from: commune(from),
        into: commune(into),
        name: "Phường Ba Đình".to_owned(),
        on,
        event: id(event),
    };
    let later = [change(1, 4, 8, date(2027, 1, 1)), change(1, 6, 8, date(2027, 1, 1))];
    let earlier = [change(2, 22, 25, date(2026, 7, 1))];
    for (event, units) in [(1, later.to_vec()), (2, earlier.to_vec())] {
        let mut commit = noted(id(event), i64::try_from(event).expect("small"), &[]);
        commit.units = units;
        assert_eq!(desk.commit(commit).await, Committed::Done);
    }
    let read = desk.store.unit_changes().await.expect("reads");
    assert_eq!(read, [&earlier[..], &later[..]].concat());
}
