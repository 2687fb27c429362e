//! Units are merged.

use crate::residence_town::*;
use dancu_changes::{
    Actor, ChangeStore, Command, CommandId, Common, Envelope, ResidenceRefusal as No, UnitMerge, Units, World,
};
use dancu_register::Relation;
use jiff::{
    ToSpan,
    civil::{Date, date},
};

const ON: Date = date(2026, 11, 10);

fn merge(from: &[&str], into: &str, name: &str, on: Date) -> Command {
    let from = from.iter().map(|text| code(text)).collect();
    Command::MergeUnits(UnitMerge { from, into: code(into), name: name.to_owned(), on })
}

#[tokio::test]
async fn two_communes_become_a_new_one_and_old_codes_lead_to_it() {
    let town = Town::with_a_family().await;
    let receipt = town.operate(merge(&[BA_DINH, NGOC_HA], "99901", "Phường Ba Đình Mới", ON)).await.unwrap();
    assert!(receipt.event.persons.is_empty());
    let units = Units::new(town.store.unit_changes().await.unwrap());
    assert_eq!(units.present(code(BA_DINH), date(2026, 1, 1), TODAY), [code("99901")]);
    assert_eq!(units.describe(code("99901"), TODAY).unwrap(), "Phường Ba Đình Mới, Thành phố Hà Nội");
    assert_eq!(units.name(code(BA_DINH), ON.yesterday().unwrap()), Some("Phường Ba Đình"));
    let world = World::open(&*town.store, dancu_core::Clock::now(&*town.clock)).await.unwrap();
    assert!(world.commune_is_known(code("99901"), ON) && !world.commune_is_known(code(NGOC_HA), ON));
    assert_eq!(world.present_codes(code(NGOC_HA), date(2026, 1, 1)), [code("99901")]);
    let home = town.home_on(3, TODAY).await;
    assert!(home.permanent_commune == Some(code(BA_DINH)), "nothing written before changes");
}

#[tokio::test]
async fn units_that_another_node_merged_hold_here_at_once() {
    let town = Town::with_a_family().await;
    let alone = |serial| [member(serial, Relation::Head)];
    let to = |commune: &str| at(commune, "Số 9");
    town.settle(&alone(2), to(NGOC_HA), ON).await.unwrap();
    let elsewhere = town.of_another_node();
    let id = CommandId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_9000_0000_0000_0000));
    let actor = Actor::Operator { id: "trung-tam-1".to_owned() };
    let merged = merge(&[NGOC_HA], "99901", "Phường Mới", ON);
    let envelope = Envelope { id, ..elsewhere.envelope(actor, &[], merged) };
    elsewhere.clock.advance(jiff::SignedDuration::from_secs(60));
    elsewhere.service.execute(&envelope).await.unwrap();
    let ended = town.settle(&alone(3), to(NGOC_HA), TODAY).await;
    assert_eq!(refused_commonly(ended), Common::UnknownCommune { field: "address.commune" });
    town.settle(&alone(3), to("99901"), TODAY).await.unwrap();
    assert_eq!(town.home_on(3, TODAY).await.permanent_commune, Some(code("99901")));
}

#[tokio::test]
async fn a_merge_is_the_centres_and_has_to_make_sense() {
    let town = Town::new();
    let officer = town.send(BA_DINH, merge(&[BA_DINH], NGOC_HA, "Phường Ngọc Hà", ON)).await;
    assert_eq!(refused_commonly(officer), Common::NotThisOffice);
    let operate = async |from: &[&str], into, name, on| town.operate(merge(from, into, name, on)).await;
    let name = "Phường Mới";
    assert_eq!(
        refused_commonly(operate(&["99999"], NGOC_HA, name, ON).await),
        Common::UnknownCommune { field: "from" }
    );
    for wrong in ["Ba Đình", " ", "Huyện Ba Đình"] {
        let outcome = operate(&[BA_DINH], NGOC_HA, wrong, ON).await;
        assert_eq!(refused_commonly(outcome), Common::Text { field: "name" });
    }
    let form = No::UnitsForm { field: "from" };
    assert_eq!(refused(operate(&[], NGOC_HA, name, ON).await), form);
    assert_eq!(refused(operate(&[BA_DINH, BA_DINH], NGOC_HA, name, ON).await), form);
    assert_eq!(refused(operate(&[BA_DINH], "26881", name, ON).await), No::UnitCodeUsed);
    assert_eq!(refused(operate(&[BA_DINH], AN_HOI_TAY, name, ON).await), No::UnitsOfTwoProvinces);
    let ahead = operate(&[BA_DINH], NGOC_HA, name, TODAY + 367.days()).await;
    assert_eq!(refused(ahead), No::TooFarAhead { field: "on", days: 366 });
    let before = operate(&[BA_DINH], NGOC_HA, name, date(2025, 6, 30)).await;
    assert_eq!(refused(before), No::BeforeLastMerge);
    operate(&[BA_DINH], NGOC_HA, name, ON).await.unwrap();
    assert_eq!(refused(operate(&["00025"], "00070", name, ON - 1.day()).await), No::BeforeLastMerge);
    assert_eq!(
        refused_commonly(operate(&[BA_DINH], "00070", name, ON).await),
        Common::UnknownCommune { field: "from" }
    );
    assert_eq!(refused(operate(&[NGOC_HA], BA_DINH, name, TODAY).await), No::UnitCodeUsed);
}

#[tokio::test]
async fn a_unit_never_gathers_more_codes_than_one_list_takes() {
    let town = Town::new();
    let places = dancu_places::Places::national();
    let hanoi = places.commune(code(BA_DINH)).unwrap().province;
    let others: Vec<String> = places
        .communes()
        .iter()
        .filter(|commune| commune.province == hanoi && commune.code != code(BA_DINH))
        .map(|commune| commune.code.to_string())
        .collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let mut refusal = None;
    for chunk in others.chunks(4) {
        match town.operate(merge(chunk, BA_DINH, "Phường Ba Đình", ON)).await {
            Ok(_) => {}
            outcome => {
                refusal = Some(refused(outcome));
                break;
            }
        }
    }
    assert_eq!(refusal, Some(No::UnitsForm { field: "from" }));
    let units = Units::new(town.store.unit_changes().await.unwrap());
    assert!(units.predecessors(code(BA_DINH), TODAY).len() <= dancu_register::COMMUNES_MAX);
}
