//! Permanent residence: moving together, joining, deleting.

use crate::residence_town::*;
use dancu_changes::{
    ChangeStore, Command, Common, Compensation, DeletionGround, EvidenceKind, FindingFilter, FindingKind,
    HeadChange, ResidenceDeletion, ResidenceRefusal as No, TemporaryStay, UnitMerge,
};
use dancu_register::{At, RegisterStore, Relation};
use jiff::{ToSpan, civil::date};

const MOVE: jiff::civil::Date = date(2026, 11, 1);

#[tokio::test]
async fn a_family_moves_together_and_forms_a_household_at_its_new_address() {
    let town = Town::with_a_family().await;
    let movers = [member(1, Relation::Head), member(2, Relation::Spouse), member(3, Relation::Child)];
    let receipt = town.settle(&movers, at(AN_HOI_TAY, " Số 9 "), MOVE).await.unwrap();
    let book = receipt.event.household.clone().unwrap();
    assert_eq!(receipt.event.persons.len(), 3);
    assert!(town.members_on(&household("H-1"), MOVE).await.is_empty());
    let expected = [(1, Relation::Head), (2, Relation::Spouse), (3, Relation::Child)];
    assert!(town.members_on(&book, MOVE).await == expected);
    let home = town.home_on(3, MOVE).await;
    assert!(
        home.permanent_commune == Some(code(AN_HOI_TAY)) && home.permanent_address.as_deref() == Some("Số 9")
    );
    let before = town.home_on(3, MOVE.yesterday().unwrap()).await;
    assert!(before.household == Some(household("H-1")), "the day before is as it was");
    let source = town.store.history(number(1)).await.unwrap().last().unwrap().source.clone();
    assert_eq!(&*source, "register_permanent_residence:26882");
}

#[tokio::test]
async fn a_head_cannot_leave_others_behind_until_there_is_another_head() {
    let town = Town::with_a_family().await;
    let alone = [member(1, Relation::Head)];
    assert_eq!(refused(town.settle(&alone, at(NGOC_HA, "Số 9"), MOVE).await), No::HeadLeaves);
    let relations = vec![member(1, Relation::Spouse), member(2, Relation::Head), member(3, Relation::Child)];
    let change = HeadChange { household: household("H-1"), relations, on: MOVE };
    town.send(BA_DINH, Command::ChangeHead(change)).await.unwrap();
    town.settle(&alone, at(NGOC_HA, "Số 9"), MOVE).await.unwrap();
    let left = [(2, Relation::Head), (3, Relation::Child)];
    assert!(town.members_on(&household("H-1"), TODAY).await == left);
}

#[tokio::test]
async fn whoever_joins_a_household_lives_at_its_address_and_is_not_its_head() {
    let town = Town::with_a_family().await;
    let mut guest = resident(4, "H-2", Relation::Head);
    (guest.home.permanent_commune, guest.home.permanent_address) =
        (Some(code(AN_HOI_TAY)), Some("Số 7".to_owned()));
    town.load(&[guest]).await;
    let join = |relation, address| moving(&[member(4, relation)], Some(household("H-1")), address, MOVE);
    let refusal = refused(town.send(BA_DINH, join(Relation::Head, None)).await);
    assert_eq!(refusal, No::HeadJoins);
    let elsewhere = Some(at(BA_DINH, "Số 2"));
    assert_eq!(refused(town.send(BA_DINH, join(Relation::Sibling, elsewhere)).await), No::HouseholdElsewhere);
    town.send(BA_DINH, join(Relation::Sibling, Some(at(BA_DINH, "so 1")))).await.unwrap();
    let home = town.home_on(4, TODAY).await;
    assert!(home.permanent_address.as_deref() == Some("Số 1") && home.household == Some(household("H-1")));
    assert!(home.relation_to_head == Some(Relation::Sibling));
    let again = town.send(BA_DINH, join(Relation::Sibling, None)).await;
    assert_eq!(refused(again), No::AlreadyMember { field: "movers" });
    let nobody = moving(&[member(4, Relation::Other)], Some(household("H-9")), None, MOVE);
    assert_eq!(refused(town.send(BA_DINH, nobody).await), No::NoSuchHousehold { field: "household" });
}

#[tokio::test]
async fn only_the_commune_of_the_new_address_registers_and_only_with_a_paper() {
    let town = Town::with_a_family().await;
    let movers = [member(3, Relation::Head)];
    let command = || moving(&movers, None, Some(at(NGOC_HA, "Số 9")), MOVE);
    assert_eq!(refused_commonly(town.send(BA_DINH, command()).await), Common::OutsideCommune);
    let papers = [EvidenceKind::Request];
    let without = town.send_with(NGOC_HA, &papers, command()).await;
    assert_eq!(refused_commonly(without), Common::EvidenceMissing { kind: "dwelling_paper, consent" });
    town.send_with(NGOC_HA, &[EvidenceKind::Consent], command()).await.unwrap();
}

#[tokio::test]
async fn days_places_and_persons_have_to_make_sense() {
    let town = Town::with_a_family().await;
    let dead = dancu_register::Relation::Other;
    let mut late = resident(5, "H-5", Relation::Head);
    late.died = Some(date(2026, 1, 5));
    town.load(&[late]).await;
    let head = |serial| [member(serial, Relation::Head)];
    let to = || at(NGOC_HA, "Số 9");
    let tomorrow = TODAY.tomorrow().unwrap();
    assert_eq!(
        refused_commonly(town.settle(&head(3), to(), tomorrow).await),
        Common::InTheFuture { field: "on" }
    );
    assert_eq!(
        refused_commonly(town.settle(&head(3), to(), date(1980, 1, 1)).await),
        Common::BeforeBirth { field: "movers" }
    );
    assert_eq!(
        refused_commonly(town.settle(&head(77), to(), MOVE).await),
        Common::NotHeld { field: "movers" }
    );
    assert_eq!(refused_commonly(town.settle(&head(5), to(), MOVE).await), Common::Dead { field: "movers" });
    assert_eq!(
        refused_commonly(town.settle(&head(3), at("99999", "Số 9"), MOVE).await),
        Common::UnknownCommune { field: "address.commune" }
    );
    assert_eq!(
        refused_commonly(town.settle(&head(3), at(NGOC_HA, "  "), MOVE).await),
        Common::Text { field: "address.line" }
    );
    let twice = [member(3, Relation::Head), member(3, dead)];
    assert_eq!(
        refused(town.settle(&twice, to(), MOVE).await),
        No::PersonsForm { field: "movers", persons_max: 50 }
    );
    assert_eq!(
        refused(town.settle(&[], to(), MOVE).await),
        No::PersonsForm { field: "movers", persons_max: 50 }
    );
    assert_eq!(refused(town.settle(&[member(3, dead)], to(), MOVE).await), No::NotOneHead);
    let there = town.settle(&head(3), at(BA_DINH, "Số 1"), MOVE).await;
    assert_eq!(refused(there), No::AlreadyThere { field: "movers" });
}

#[tokio::test]
async fn a_move_before_a_later_one_is_refused() {
    let town = Town::with_a_family().await;
    let head = [member(3, Relation::Head)];
    town.settle(&head, at(AN_HOI_TAY, "Số 9"), MOVE).await.unwrap();
    let earlier = town.settle(&head, at(NGOC_HA, "Số 5"), MOVE - 5.days()).await;
    assert_eq!(refused(earlier), No::LaterResidence { field: "movers" });
}

#[tokio::test]
async fn two_communes_that_register_one_person_within_days_are_reported() {
    let town = Town::with_a_family().await;
    let head = [member(3, Relation::Head)];
    let first = town.settle(&head, at(AN_HOI_TAY, "Số 9"), date(2026, 6, 1)).await.unwrap();
    assert!(first.findings.is_empty(), "six years after the last one");
    let within = town.settle(&head, at(AN_HOI_TAY, "Số 10"), date(2026, 6, 10)).await.unwrap();
    assert!(within.findings.is_empty(), "the same commune");
    let second = town.settle(&head, at(NGOC_HA, "Số 5"), date(2026, 7, 9)).await.unwrap();
    assert_eq!(second.findings.len(), 1);
    let findings = town.store.findings(FindingFilter::default(), None, 10).await.unwrap();
    assert!(findings[0].kind == FindingKind::TwoCommunes && findings[0].owner == Some(code(NGOC_HA)));
    assert!(findings[0].persons == [number(3)]);
    let third = town.settle(&head, at(BA_DINH, "Số 6"), date(2026, 8, 9)).await.unwrap();
    assert!(third.findings.is_empty(), "31 days later");
}

#[tokio::test]
async fn a_minor_is_no_head_of_adults() {
    let town = Town::new();
    let mut child = resident(2, "H-1", Relation::Child);
    child.birth_year = 2015;
    town.load(&[resident(1, "H-1", Relation::Head), child]).await;
    let movers = [member(1, Relation::Parent), member(2, Relation::Head)];
    assert_eq!(refused(town.settle(&movers, at(NGOC_HA, "Số 9"), MOVE).await), No::HeadTooYoung);
    town.settle(&[member(2, Relation::Head)], at(NGOC_HA, "Số 9"), MOVE).await.unwrap();
}

#[tokio::test]
async fn the_temporary_residence_at_the_new_home_ends_and_another_one_stays() {
    let town = Town::with_a_family().await;
    for (serial, commune) in [(2, AN_HOI_TAY), (3, NGOC_HA)] {
        let stay = TemporaryStay {
            numbers: vec![number(serial)],
            address: at(commune, "Nhà trọ"),
            from: date(2026, 10, 1),
            until: date(2027, 10, 1),
        };
        town.send(commune, Command::RegisterTemporaryResidence(stay)).await.unwrap();
    }
    let movers = [member(2, Relation::Head), member(3, Relation::Child)];
    town.settle(&movers, at(AN_HOI_TAY, "Nhà trọ"), MOVE).await.unwrap();
    assert!(town.home_on(2, TODAY).await.temporary.is_none());
    assert!(town.home_on(3, TODAY).await.temporary == Some(temporary(NGOC_HA, "Nhà trọ", date(2026, 10, 1))));
    let later = town.home_on(3, date(2027, 10, 1)).await;
    assert!(later.temporary.is_none() && later.permanent_commune == Some(code(AN_HOI_TAY)));
    assert!(town.home_on(2, MOVE.yesterday().unwrap()).await.temporary.is_some());
}

#[tokio::test]
async fn a_household_loaded_with_two_heads_or_none_is_set_right_by_a_change_of_head() {
    for (first, second) in [(Relation::Head, Relation::Head), (Relation::Other, Relation::Other)] {
        let town = Town::new();
        let people = [(1, first), (2, second), (3, Relation::Child)];
        let people: Vec<Loaded> =
            people.into_iter().map(|(serial, is)| resident(serial, "H-1", is)).collect();
        town.load(&people).await;
        let leaving = [member(3, Relation::Head)];
        assert_eq!(refused(town.settle(&leaving, at(NGOC_HA, "Số 9"), MOVE).await), No::HouseholdInDisorder);
        let mut lodger = lodger(4);
        lodger.home.permanent_address = Some("Số 3".to_owned());
        town.load(&[lodger]).await;
        let joining = moving(&[member(4, Relation::Other)], Some(household("H-1")), None, MOVE);
        assert_eq!(refused(town.send(BA_DINH, joining).await), No::HouseholdInDisorder);
        let relations =
            vec![member(1, Relation::Head), member(2, Relation::Spouse), member(3, Relation::Child)];
        let change = HeadChange { household: household("H-1"), relations, on: MOVE };
        let receipt = town.send(BA_DINH, Command::ChangeHead(change.clone())).await.unwrap();
        let back = |event| Command::Compensate(Compensation { event, reason: "Nhầm".to_owned() });
        town.send(BA_DINH, back(receipt.event.id)).await.unwrap();
        assert!(town.home_on(2, MOVE).await.relation_to_head == Some(second), "as it was loaded");
        let receipt = town.send(BA_DINH, Command::ChangeHead(change)).await.unwrap();
        town.settle(&leaving, at(NGOC_HA, "Số 9"), MOVE).await.unwrap();
        assert_eq!(refused(town.send(BA_DINH, back(receipt.event.id)).await), No::BuiltUpon);
    }
}

#[tokio::test]
async fn taking_a_move_back_restores_every_day() {
    let town = Town::with_a_family().await;
    let before = town.home_on(3, TODAY).await;
    let receipt = town.settle(&[member(3, Relation::Head)], at(NGOC_HA, "Số 9"), MOVE).await.unwrap();
    let known_at = dancu_core::Clock::now(&*town.clock);
    let back = Compensation { event: receipt.event.id, reason: "Ghi nhầm người".to_owned() };
    let outside = town.send(BA_DINH, Command::Compensate(back.clone())).await;
    assert_eq!(refused_commonly(outside), Common::OutsideCommune);
    town.send(NGOC_HA, Command::Compensate(back)).await.unwrap();
    assert!(town.home_on(3, TODAY).await == before);
    let then = town.store.person(number(3), At { as_of: TODAY, known_at }).await.unwrap().unwrap();
    assert!(then.residence().unwrap().permanent_commune == Some(code(NGOC_HA)), "as it was known then");
}

#[tokio::test]
async fn a_household_that_others_joined_is_not_taken_back_under_them() {
    let town = Town::with_a_family().await;
    let receipt = town.settle(&[member(3, Relation::Head)], at(NGOC_HA, "Số 9"), MOVE).await.unwrap();
    let book = receipt.event.household.clone();
    let join = moving(&[member(2, Relation::Parent)], book, None, MOVE + 1.day());
    let joined = town.send(NGOC_HA, join).await.unwrap();
    let back = |event| Command::Compensate(Compensation { event, reason: "Nhầm".to_owned() });
    assert_eq!(refused(town.send(NGOC_HA, back(receipt.event.id)).await), No::BuiltUpon);
    town.send(NGOC_HA, back(joined.event.id)).await.unwrap();
    town.send(NGOC_HA, back(receipt.event.id)).await.unwrap();
    assert_eq!(town.members_on(&household("H-1"), TODAY).await.len(), 3);
}

#[tokio::test]
async fn a_deletion_takes_the_permanent_part_and_follows_its_ground() {
    let town = Town::with_a_family().await;
    let delete = |serial, ground, on| {
        Command::DeleteResidence(ResidenceDeletion { number: number(serial), ground, on })
    };
    let abroad = DeletionGround::SettledAbroad;
    assert_eq!(refused(town.send(BA_DINH, delete(1, abroad, MOVE)).await), No::HeadLeaves);
    assert_eq!(refused_commonly(town.send(NGOC_HA, delete(3, abroad, MOVE)).await), Common::OutsideCommune);
    let lost = delete(3, DeletionGround::NationalityLost, MOVE);
    assert_eq!(refused(town.send(BA_DINH, lost).await), No::StillNational);
    let unlawful = delete(3, DeletionGround::Unlawful, MOVE);
    let papers = [EvidenceKind::Request];
    let refusal = refused_commonly(town.send_with(BA_DINH, &papers, unlawful).await);
    assert_eq!(refusal, Common::EvidenceMissing { kind: "decision" });
    town.send(BA_DINH, delete(3, abroad, MOVE)).await.unwrap();
    assert!(town.home_on(3, TODAY).await == NOWHERE);
    let again = town.send(BA_DINH, delete(3, abroad, MOVE)).await;
    assert_eq!(refused(again), No::NoPermanent { field: "number" });
}

#[tokio::test]
async fn a_long_absence_that_was_declared_deletes_nothing() {
    let town = Town::with_a_family().await;
    let delete = |serial, on| {
        let ground = DeletionGround::LongAbsence;
        Command::DeleteResidence(ResidenceDeletion { number: number(serial), ground, on })
    };
    let young = town.send(BA_DINH, delete(3, date(2020, 12, 31))).await;
    assert_eq!(refused(young), No::AbsenceTooShort { months: 12 });
    let stay = TemporaryStay {
        numbers: vec![number(3)],
        address: at(AN_HOI_TAY, "Nhà trọ"),
        from: date(2026, 1, 1),
        until: date(2026, 7, 1),
    };
    town.send(AN_HOI_TAY, Command::RegisterTemporaryResidence(stay)).await.unwrap();
    assert_eq!(refused(town.send(BA_DINH, delete(3, MOVE)).await), No::AbsenceExplained);
    town.send(BA_DINH, delete(2, MOVE)).await.unwrap();
}

#[tokio::test]
async fn the_successor_of_a_merged_commune_does_the_work_of_the_old_one() {
    let town = Town::with_a_family().await;
    let movers = [member(2, Relation::Head)];
    let moved = town.settle(&movers, at(BA_DINH, "Số 7"), date(2026, 11, 5)).await.unwrap();
    let merge = UnitMerge {
        from: vec![code(BA_DINH)],
        into: code(NGOC_HA),
        name: "Phường Ngọc Hà".to_owned(),
        on: date(2026, 11, 10),
    };
    town.operate(Command::MergeUnits(merge)).await.unwrap();
    let delete = || {
        let ground = DeletionGround::SettledAbroad;
        Command::DeleteResidence(ResidenceDeletion { number: number(3), ground, on: TODAY })
    };
    assert_eq!(refused_commonly(town.send(BA_DINH, delete()).await), Common::OutsideCommune);
    town.send(NGOC_HA, delete()).await.unwrap();
    let back = || {
        Command::Compensate(Compensation { event: moved.event.id, reason: "Ghi nhầm người".to_owned() })
    };
    assert_eq!(refused_commonly(town.send(BA_DINH, back()).await), Common::OutsideCommune);
    town.send(NGOC_HA, back()).await.unwrap();
    let gone = town.settle(&[member(2, Relation::Head)], at(BA_DINH, "Số 9"), TODAY).await;
    assert_eq!(refused_commonly(gone), Common::UnknownCommune { field: "address.commune" });
}
