//! Declared absence and the current place.

use crate::residence_town::*;
use dancu_changes::{
    AbsenceNotice, Command, Common, CurrentPlaceStatement, PersonOn, ResidenceRefusal as No,
};
use jiff::{
    ToSpan,
    civil::{Date, date},
};

fn leave(serial: u64, from: Date, until: Option<Date>) -> Command {
    let reason = Some(" Đi làm xa ".to_owned());
    Command::DeclareAbsence(AbsenceNotice { number: number(serial), from, until, reason })
}

fn back(serial: u64, on: Date) -> Command {
    Command::EndAbsence(PersonOn { number: number(serial), on })
}

fn place(serial: u64, address: Option<dancu_changes::Address>, on: Date) -> Command {
    Command::StateCurrentPlace(CurrentPlaceStatement { number: number(serial), address, on })
}

async fn is_away(town: &Town, serial: u64, day: Date) -> Option<bool> {
    town.person_on(serial, day).await.unwrap().absence().map(|absence| absence.is_away)
}

async fn place_on(town: &Town, day: Date) -> Option<String> {
    town.person_on(3, day).await.unwrap().current_place().and_then(|place| place.address.clone())
}

#[tokio::test]
async fn an_absence_holds_for_its_days_or_until_the_return() {
    let town = Town::with_a_family().await;
    let (from, until) = (date(2026, 11, 1), date(2027, 2, 1));
    town.send(BA_DINH, leave(3, from, Some(until))).await.unwrap();
    assert_eq!(is_away(&town, 3, from).await, Some(true));
    assert_eq!(is_away(&town, 3, until).await, None);
    town.send(BA_DINH, leave(2, from, None)).await.unwrap();
    town.send(BA_DINH, back(2, TODAY)).await.unwrap();
    assert_eq!(is_away(&town, 2, TODAY.yesterday().unwrap()).await, Some(true));
    assert_eq!(is_away(&town, 2, TODAY).await, Some(false));
    let reason = town.person_on(3, from).await.unwrap().absence().unwrap().reason.clone();
    assert_eq!(reason.as_deref(), Some("Đi làm xa"));
    assert_eq!(refused(town.send(BA_DINH, back(2, TODAY)).await), No::NotAway);
}

#[tokio::test]
async fn absences_do_not_overlap_and_belong_to_the_commune_of_residence() {
    let town = Town::with_a_family().await;
    let from = date(2026, 11, 1);
    assert_eq!(refused_commonly(town.send(AN_HOI_TAY, leave(3, from, None)).await), Common::OutsideCommune);
    town.send(BA_DINH, leave(3, from, None)).await.unwrap();
    assert_eq!(refused(town.send(BA_DINH, leave(3, date(2026, 5, 1), None)).await), No::AlreadyAway);
    assert_eq!(refused(town.send(BA_DINH, leave(3, TODAY, Some(TODAY + 3.days()))).await), No::AlreadyAway);
    town.send(BA_DINH, leave(3, date(2026, 5, 1), Some(from))).await.unwrap();
    let ahead = town.send(BA_DINH, leave(2, TODAY + 31.days(), None)).await;
    assert_eq!(refused(ahead), No::TooFarAhead { field: "from", days: 30 });
    let disordered = town.send(BA_DINH, leave(2, TODAY, Some(TODAY))).await;
    assert_eq!(refused_commonly(disordered), Common::OutOfOrder { field: "until" });
}

#[tokio::test]
async fn a_current_place_holds_until_the_next_statement() {
    let town = Town::with_a_family().await;
    let (early, middle, late) = (date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1));
    town.send(AN_HOI_TAY, place(3, Some(at(AN_HOI_TAY, "Lán trại 1")), early)).await.unwrap();
    town.send(BA_DINH, place(3, Some(at(NGOC_HA, "Lán trại 3")), late)).await.unwrap();
    town.send(AN_HOI_TAY, place(3, Some(at(AN_HOI_TAY, "Lán trại 2")), middle)).await.unwrap();
    let seen = [place_on(&town, early).await, place_on(&town, middle).await, place_on(&town, late).await];
    assert_eq!(seen, ["Lán trại 1", "Lán trại 2", "Lán trại 3"].map(|line| Some(line.to_owned())));
    town.send(BA_DINH, place(3, None, TODAY)).await.unwrap();
    assert_eq!(place_on(&town, TODAY).await, None);
    let again = town.send(BA_DINH, place(3, None, TODAY)).await;
    assert_eq!(refused_commonly(again), Common::NothingNew);
    let home = town.send(BA_DINH, place(3, Some(at(BA_DINH, "Số 1")), TODAY)).await;
    assert_eq!(refused(home), No::AtHome);
    let other = town.send(NGOC_HA, place(2, Some(at(AN_HOI_TAY, "Lán trại")), TODAY)).await;
    assert_eq!(refused_commonly(other), Common::OutsideCommune);
}
