//! Temporary residence, and stays.

use crate::residence_town::*;
use dancu_changes::{
    ChangeStore, Command, Common, EvidenceKind, PersonOn, ResidenceRefusal as No, StayNotice, TemporaryStay,
};
use dancu_register::{RegisterStore, Relation};
use jiff::{
    ToSpan,
    civil::{Date, date},
};

const FROM: Date = date(2026, 10, 1);

fn stay(serials: &[u64], commune: &str, from: Date, until: Date) -> Command {
    let numbers = serials.iter().map(|serial| number(*serial)).collect();
    Command::RegisterTemporaryResidence(TemporaryStay {
        numbers,
        address: at(commune, "Nhà trọ"),
        from,
        until,
    })
}

fn end(serial: u64, on: Date) -> Command {
    Command::EndTemporaryResidence(PersonOn { number: number(serial), on })
}

#[tokio::test]
async fn it_ends_by_itself_and_leaves_the_permanent_part_alone() {
    let town = Town::with_a_family().await;
    let until = date(2027, 4, 1);
    town.send(AN_HOI_TAY, stay(&[2, 3], AN_HOI_TAY, FROM, until)).await.unwrap();
    for serial in [2, 3] {
        let before = town.home_on(serial, FROM.yesterday().unwrap()).await;
        let during = town.home_on(serial, FROM).await;
        assert!(during.temporary == Some(temporary(AN_HOI_TAY, "Nhà trọ", FROM)));
        assert!(during.household == before.household && during.permanent_address == before.permanent_address);
        assert!(town.home_on(serial, until.yesterday().unwrap()).await == during);
        assert!(town.home_on(serial, until).await == before);
    }
    assert!(town.home_on(1, FROM).await.temporary.is_none());
}

#[tokio::test]
async fn a_stay_over_two_permanent_homes_keeps_each() {
    let town = Town::with_a_family().await;
    let on = date(2026, 11, 1);
    town.settle(&[member(3, Relation::Head)], at(NGOC_HA, "Số 9"), on).await.unwrap();
    town.send(AN_HOI_TAY, stay(&[3], AN_HOI_TAY, FROM, date(2027, 1, 1))).await.unwrap();
    let (first, second) = (town.home_on(3, FROM).await, town.home_on(3, on).await);
    assert!(first.temporary.is_some() && first.temporary == second.temporary);
    assert!(first.permanent_commune == Some(code(BA_DINH)) && first.household == Some(household("H-1")));
    assert!(second.permanent_commune == Some(code(NGOC_HA)) && second.household != first.household);
    assert!(town.home_on(3, date(2027, 1, 1)).await.permanent_commune == Some(code(NGOC_HA)));
}

#[tokio::test]
async fn its_length_and_begin_have_bounds() {
    let town = Town::with_a_family().await;
    let send = async |from, until| town.send(AN_HOI_TAY, stay(&[3], AN_HOI_TAY, from, until)).await;
    assert_eq!(refused(send(FROM, date(2028, 10, 2)).await), No::TemporaryTooLong { months: 24 });
    assert_eq!(refused(send(FROM, FROM + 29.days()).await), No::TemporaryTooShort { days: 30 });
    assert_eq!(refused_commonly(send(FROM, FROM).await), Common::OutOfOrder { field: "until" });
    let ahead = TODAY + 31.days();
    assert_eq!(refused(send(ahead, ahead + 60.days()).await), No::TooFarAhead { field: "from", days: 30 });
    send(TODAY + 30.days(), TODAY + 60.days()).await.unwrap();
}

#[tokio::test]
async fn two_at_a_time_are_refused_and_an_extension_is_not() {
    let town = Town::with_a_family().await;
    let until = date(2027, 4, 1);
    town.send(AN_HOI_TAY, stay(&[3], AN_HOI_TAY, FROM, until)).await.unwrap();
    let over = town.send(NGOC_HA, stay(&[3], NGOC_HA, date(2026, 11, 20), date(2027, 1, 20))).await;
    assert_eq!(refused(over), No::OverlapsTemporary { field: "numbers" });
    // Half a year before it ends is too early to extend it; then the clock moves on.
    town.clock.advance(jiff::SignedDuration::from_hours(24 * 120));
    town.send(AN_HOI_TAY, stay(&[3], AN_HOI_TAY, until, date(2028, 4, 1))).await.unwrap();
    assert!(town.home_on(3, until).await.temporary == Some(temporary(AN_HOI_TAY, "Nhà trọ", until)));
}

#[tokio::test]
async fn the_permanent_residence_is_no_temporary_one() {
    let town = Town::with_a_family().await;
    let until = date(2027, 4, 1);
    let command = Command::RegisterTemporaryResidence(TemporaryStay {
        numbers: vec![number(3)],
        address: at(BA_DINH, "SỐ 1"),
        from: FROM,
        until,
    });
    assert_eq!(refused(town.send(BA_DINH, command).await), No::SameAsPermanent { field: "numbers" });
    let without = town.send_with(NGOC_HA, &[EvidenceKind::Request], stay(&[3], NGOC_HA, FROM, until)).await;
    assert!(matches!(refused_commonly(without), Common::EvidenceMissing { .. }));
    let outside = town.send(BA_DINH, stay(&[3], NGOC_HA, FROM, until)).await;
    assert_eq!(refused_commonly(outside), Common::OutsideCommune);
}

#[tokio::test]
async fn its_own_commune_ends_it_early() {
    let town = Town::with_a_family().await;
    town.send(AN_HOI_TAY, stay(&[3], AN_HOI_TAY, FROM, date(2027, 4, 1))).await.unwrap();
    let on = date(2026, 11, 1);
    assert_eq!(refused_commonly(town.send(BA_DINH, end(3, on)).await), Common::OutsideCommune);
    assert_eq!(refused(town.send(AN_HOI_TAY, end(2, on)).await), No::NoTemporary);
    town.send(AN_HOI_TAY, end(3, on)).await.unwrap();
    assert!(town.home_on(3, on.yesterday().unwrap()).await.temporary.is_some());
    assert!(town.home_on(3, on).await.temporary.is_none());
    assert!(town.home_on(3, on).await == town.home_on(3, date(2028, 1, 1)).await);
    assert_eq!(refused(town.send(AN_HOI_TAY, end(3, on)).await), No::NoTemporary);
}

#[tokio::test]
async fn one_that_was_loaded_without_an_end_is_ended_for_good() {
    let town = Town::new();
    let mut loaded = resident(1, "H-1", Relation::Head);
    loaded.home.temporary = Some(temporary(AN_HOI_TAY, "Ký túc xá", date(2024, 9, 1)));
    town.load(&[loaded]).await;
    let over = town.send(NGOC_HA, stay(&[1], NGOC_HA, FROM, date(2027, 1, 1))).await;
    assert_eq!(refused(over), No::OverlapsTemporary { field: "numbers" });
    let begin = date(2024, 9, 1);
    let before = town.send(AN_HOI_TAY, end(1, begin.yesterday().unwrap())).await;
    assert_eq!(refused(before), No::NoTemporary, "its row holds since 2020, the residence since 2024");
    town.send(NGOC_HA, stay(&[1], NGOC_HA, date(2024, 2, 1), begin)).await.unwrap();
    town.send(AN_HOI_TAY, end(1, FROM)).await.unwrap();
    town.send(NGOC_HA, stay(&[1], NGOC_HA, FROM, date(2027, 1, 1))).await.unwrap();
    assert!(town.home_on(1, date(2027, 1, 1)).await.temporary.is_none());
}

fn notice(serial: u64, commune: &str, line: &str, from: Date, until: Date) -> Command {
    Command::NotifyStay(StayNotice { number: number(serial), address: at(commune, line), from, until })
}

#[tokio::test]
async fn a_stay_stands_in_the_book_of_the_commune_and_nowhere_else() {
    let town = Town::with_a_family().await;
    let before = town.store.history(number(3)).await.unwrap();
    let receipt = town.send(NGOC_HA, notice(3, NGOC_HA, "Số 8", TODAY, TODAY + 2.days())).await.unwrap();
    assert!(receipt.event.persons.is_empty(), "nobody's list of events shows it");
    assert!(town.store.history(number(3)).await.unwrap() == before);
    assert!(town.store.events_of(number(3), None, 10).await.unwrap().is_empty());
    let book = town.store.stays(code(NGOC_HA), TODAY, None, 10).await.unwrap();
    assert_eq!(book.len(), 1);
    assert!(book[0].number == number(3) && book[0].address == "Số 8" && book[0].event == receipt.event.id);
    assert!(town.store.stays(code(NGOC_HA), TODAY + 2.days(), None, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_stay_has_bounds() {
    let town = Town::with_a_family().await;
    let send =
        async |line: &str, from, until| town.send(BA_DINH, notice(3, BA_DINH, line, from, until)).await;
    let long = send("Số 8", TODAY, TODAY + 30.days()).await;
    assert_eq!(refused(long), No::StayTooLong { days: 29 });
    assert_eq!(refused(send("số 1", TODAY, TODAY + 1.day()).await), No::AtHome);
    assert_eq!(refused(send("Số 8", date(2026, 7, 1), date(2026, 7, 5)).await), No::StayOver);
    let ahead = send("Số 8", TODAY + 1.day(), TODAY + 2.days()).await;
    assert_eq!(refused_commonly(ahead), Common::InTheFuture { field: "from" });
    let none = send("Số 8", TODAY, TODAY).await;
    assert_eq!(refused_commonly(none), Common::OutOfOrder { field: "until" });
    let outside = town.send(NGOC_HA, notice(3, BA_DINH, "Số 8", TODAY, TODAY + 1.day())).await;
    assert_eq!(refused_commonly(outside), Common::OutsideCommune);
    let unknown = town.send(BA_DINH, notice(99, BA_DINH, "Số 8", TODAY, TODAY + 1.day())).await;
    assert_eq!(refused_commonly(unknown), Common::NotHeld { field: "number" });
    send("Số 8", TODAY, TODAY + 29.days()).await.unwrap();
}
