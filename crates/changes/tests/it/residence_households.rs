//! Households: created, split, merged, another head.

use crate::residence_town::*;
use dancu_changes::{
    Actor, Command, CommandId, Common, Compensation, EvidenceKind, HeadChange, HouseholdCreation,
    HouseholdMerge, HouseholdSplit, Member, ResidenceRefusal as No,
};
use dancu_register::Relation::{Child, Head, Other, Parent, Sibling, Spouse};
use jiff::{
    ToSpan,
    civil::{Date, date},
};

const ON: Date = date(2026, 11, 1);

fn create(members: &[Member], on: Date) -> Command {
    Command::CreateHousehold(HouseholdCreation { members: members.to_vec(), on })
}

fn split(leaving: &[Member], on: Date) -> Command {
    let household = household("H-1");
    Command::SplitHousehold(HouseholdSplit { household, leaving: leaving.to_vec(), on })
}

fn change_head(relations: &[Member], on: Date) -> Command {
    Command::ChangeHead(HeadChange { household: household("H-1"), relations: relations.to_vec(), on })
}

fn merge(from: &str, into: &str, relations: &[Member]) -> Command {
    let (from, into) = (household(from), household(into));
    Command::MergeHouseholds(HouseholdMerge { from, into, relations: relations.to_vec(), on: ON })
}

#[tokio::test]
async fn lodgers_at_one_address_form_a_household() {
    let town = Town::with_a_family().await;
    let mut elsewhere = lodger(6);
    elsewhere.home.permanent_address = Some("Số 2".to_owned());
    town.load(&[lodger(4), lodger(5), elsewhere]).await;
    let members = [member(4, Head), member(5, Sibling)];
    let taken = town.send(BA_DINH, create(&[member(4, Head), member(3, Child)], ON)).await;
    assert_eq!(refused(taken), No::InAHousehold { field: "members" });
    let apart = town.send(BA_DINH, create(&[member(4, Head), member(6, Other)], ON)).await;
    assert_eq!(refused(apart), No::NotOneAddress);
    let headless = town.send(BA_DINH, create(&[member(4, Other), member(5, Other)], ON)).await;
    assert_eq!(refused(headless), No::NotOneHead);
    let outside = town.send(NGOC_HA, create(&members, ON)).await;
    assert_eq!(refused_commonly(outside), Common::OutsideCommune);
    let receipt = town.send(BA_DINH, create(&members, ON)).await.unwrap();
    let book = receipt.event.household.unwrap();
    assert!(town.members_on(&book, ON).await == [(4, Head), (5, Sibling)]);
    assert!(town.members_on(&book, ON.yesterday().unwrap()).await.is_empty());
    assert!(town.home_on(4, ON).await.permanent_address.as_deref() == Some("Số 1"));
}

#[tokio::test]
async fn a_split_leaves_two_households_each_with_one_head() {
    let town = Town::with_a_family().await;
    let papers = [EvidenceKind::DwellingPaper];
    let without = town.send_with(BA_DINH, &papers, split(&[member(3, Head)], ON)).await;
    assert_eq!(refused_commonly(without), Common::EvidenceMissing { kind: "consent, judgment" });
    assert_eq!(refused(town.send(BA_DINH, split(&[member(1, Head)], ON)).await), No::HeadLeaves);
    let all = [member(1, Head), member(2, Spouse), member(3, Child)];
    assert_eq!(refused(town.send(BA_DINH, split(&all, ON)).await), No::NobodyStays);
    town.load(&[lodger(4)]).await;
    let stranger = town.send(BA_DINH, split(&[member(3, Head), member(4, Other)], ON)).await;
    assert_eq!(refused(stranger), No::NotMember { field: "leaving" });
    let receipt = town.send(BA_DINH, split(&[member(3, Head)], ON)).await.unwrap();
    assert!(town.members_on(&receipt.event.household.unwrap(), ON).await == [(3, Head)]);
    assert!(town.members_on(&household("H-1"), ON).await == [(1, Head), (2, Spouse)]);
}

#[tokio::test]
async fn a_household_becomes_part_of_another_one_at_its_address() {
    let town = Town::with_a_family().await;
    let mut far = resident(6, "H-3", Head);
    far.home.permanent_address = Some("Số 2".to_owned());
    town.load(&[resident(4, "H-2", Head), resident(5, "H-2", Spouse), far]).await;
    let relations = [member(4, Parent), member(5, Parent)];
    assert_eq!(refused(town.send(BA_DINH, merge("H-2", "H-2", &relations)).await), No::SameHousehold);
    let incomplete = town.send(BA_DINH, merge("H-2", "H-1", &relations[..1])).await;
    assert_eq!(refused(incomplete), No::MembersIncomplete { field: "relations" });
    let head = town.send(BA_DINH, merge("H-2", "H-1", &[member(4, Head), member(5, Other)])).await;
    assert_eq!(refused(head), No::HeadJoins);
    let far = town.send(BA_DINH, merge("H-3", "H-1", &[member(6, Other)])).await;
    assert_eq!(refused(far), No::NotOneAddress);
    town.send(BA_DINH, merge("H-2", "H-1", &relations)).await.unwrap();
    let members = [(1, Head), (2, Spouse), (3, Child), (4, Parent), (5, Parent)];
    assert!(town.members_on(&household("H-1"), TODAY).await == members);
    assert!(town.members_on(&household("H-2"), TODAY).await.is_empty());
    let gone = town.send(BA_DINH, merge("H-2", "H-1", &relations)).await;
    assert_eq!(refused(gone), No::NoSuchHousehold { field: "from" });
}

#[tokio::test]
async fn another_head_is_named_with_what_everyone_is_to_them() {
    let town = Town::with_a_family().await;
    let named = [member(1, Spouse), member(2, Head), member(3, Child)];
    let missing = town.send(BA_DINH, change_head(&named[..2], ON)).await;
    assert_eq!(refused(missing), No::MembersIncomplete { field: "relations" });
    let two = [member(1, Head), member(2, Head), member(3, Child)];
    assert_eq!(refused(town.send(BA_DINH, change_head(&two, ON)).await), No::NotOneHead);
    let receipt = town.send(BA_DINH, change_head(&named, ON)).await.unwrap();
    assert!(town.members_on(&household("H-1"), ON).await == [(1, Spouse), (2, Head), (3, Child)]);
    let same = town.send(BA_DINH, change_head(&named, ON)).await;
    assert_eq!(refused_commonly(same), Common::NothingNew);
    let before = [member(1, Head), member(2, Other), member(3, Child)];
    let earlier = town.send(BA_DINH, change_head(&before, ON - 3.days())).await;
    assert_eq!(refused(earlier), No::LaterResidence { field: "relations" });
    let back = Compensation { event: receipt.event.id, reason: "Ghi nhầm".to_owned() };
    town.send(BA_DINH, Command::Compensate(back)).await.unwrap();
    assert!(town.members_on(&household("H-1"), ON).await == [(1, Head), (2, Spouse), (3, Child)]);
}

#[tokio::test]
async fn the_dead_are_no_members_and_a_new_head_follows_them() {
    let town = Town::new();
    let mut dead = resident(1, "H-1", Head);
    dead.died = Some(date(2026, 9, 1));
    town.load(&[dead, resident(2, "H-1", Spouse), resident(3, "H-1", Child)]).await;
    assert_eq!(refused(town.send(BA_DINH, split(&[member(3, Head)], ON)).await), No::HouseholdInDisorder);
    town.send(BA_DINH, change_head(&[member(2, Head), member(3, Child)], ON)).await.unwrap();
    assert!(town.members_on(&household("H-1"), TODAY).await == [(2, Head), (3, Child)]);
    town.send(BA_DINH, split(&[member(3, Head)], TODAY)).await.unwrap();
}

#[tokio::test]
async fn an_identifier_from_which_the_number_of_another_household_follows_is_refused() {
    let town = Town::with_a_family().await;
    let first = town.send(BA_DINH, split(&[member(3, Head)], ON)).await.unwrap();
    town.load(&[lodger(4)]).await;
    let actor = Actor::Officer { id: "can-bo-1".to_owned(), commune: code(BA_DINH) };
    let mut envelope = town.envelope(actor, &[], create(&[member(4, Head)], ON));
    envelope.id = CommandId(uuid::Uuid::from_u128(first.event.id.0.as_u128() ^ (1 << 100)));
    assert_eq!(refused_commonly(town.service.execute(&envelope).await), Common::IdentifierUsed);
}

#[tokio::test]
async fn nothing_is_done_to_a_household_before_what_others_did_to_it_later() {
    let town = Town::with_a_family().await;
    let later = TODAY.yesterday().unwrap();
    let movers = [member(1, Head), member(2, Spouse), member(3, Child)];
    town.settle(&movers, at(NGOC_HA, "Số 9"), later).await.unwrap();
    town.load(&[lodger(4)]).await;
    let join = moving(&[member(4, Other)], Some(household("H-1")), None, ON);
    assert_eq!(refused(town.send(BA_DINH, join).await), No::LaterHousehold);
}

#[tokio::test]
async fn a_household_of_any_size_that_the_register_holds_changes_its_head() {
    let town = Town::new();
    let many: u64 = 120;
    let residents: Vec<_> =
        (1..=many).map(|serial| resident(serial, "H-1", if serial == 1 { Head } else { Other })).collect();
    town.load(&residents).await;
    let named: Vec<_> =
        (1..=many).map(|serial| member(serial, if serial == 2 { Head } else { Other })).collect();
    town.send(BA_DINH, change_head(&named, ON)).await.unwrap();
    let members = town.members_on(&household("H-1"), ON).await;
    assert_eq!((members.len(), members[1]), (120, (2, Head)));
    let too_many: Vec<_> =
        (1..=1_001).map(|serial| member(serial, if serial == 1 { Head } else { Other })).collect();
    let refusal = refused(town.send(BA_DINH, change_head(&too_many, ON)).await);
    assert_eq!(refusal, No::PersonsForm { field: "relations", persons_max: 1_000 });
}
