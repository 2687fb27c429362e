//! What every store of a ledger must do.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_core::PersonalNumber;
use dancu_ledger::{
    Batch, BatchTree, Frontier, Head, LedgerRecords, LedgerStore, LimitShares, NewRecord, QuotaCount, Share,
    ShareAsk, SubjectIndex, TileFiles,
};
use jiff::civil::{Date, date};
use std::sync::Arc;

const DAY: Date = date(2026, 11, 21);

fn person(number: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_000 + number).expect("twelve digits")
}

fn head(before: &Frontier, count: u64) -> Head {
    let frontier =
        BatchTree::append(before, vec![[7; 32]; usize::try_from(count).expect("small")]).after().clone();
    let checkpoint = format!("example\n{}\n…\n", frontier.size()).into();
    Head {
        newest_us: 1_700_000_000_000_000 + i64::try_from(frontier.size()).expect("small"),
        frontier,
        checkpoint,
    }
}

fn quota(contract: &str, day: Date, used: u64) -> QuotaCount {
    QuotaCount { contract: contract.into(), day, used }
}

/// The contract of [`LedgerStore`] and [`LedgerRecords`]. `open` opens the same, at first empty store again
/// each time it is called; what it gave before is dropped by then.
pub fn ledger_store_suite(mut open: impl FnMut() -> (Box<dyn LedgerStore>, Arc<dyn LedgerRecords>)) {
    let (mut store, records) = open();
    assert_eq!(store.head().unwrap(), None);
    assert_eq!(records.head().unwrap(), None);
    let empty = head(&Frontier::default(), 0);
    store.append(&Batch { first: 0, records: &[], quotas: &[], head: &empty }).unwrap();
    assert_eq!(records.head().unwrap(), Some(empty.clone()));

    let texts: Vec<Vec<u8>> = (0..10).map(|number| format!("{{\"số\":{number}}}").into_bytes()).collect();
    let salts: Vec<[u8; 32]> = (0..10).map(|number| [number; 32]).collect();
    let new: Vec<NewRecord<'_>> = texts
        .iter()
        .zip(&salts)
        .zip(0_u64..)
        .map(|((record, salt), number)| NewRecord {
            contract: if number < 4 { "c-1" } else { "c-2" },
            day: DAY,
            subject: person(number % 3),
            record,
            salt,
        })
        .collect();
    let first = head(&empty.frontier, 4);
    let quotas = [quota("c-1", DAY, 4), quota("c-3", DAY.yesterday().unwrap(), 9)];
    store.append(&Batch { first: 0, records: &new[..4], quotas: &quotas, head: &first }).unwrap();
    let second = head(&first.frontier, 6);
    let quotas = [quota("c-2", DAY, 6)];
    store.append(&Batch { first: 4, records: &new[4..], quotas: &quotas, head: &second }).unwrap();
    store
        .append(&Batch { first: 4, records: &new[4..], quotas: &quotas, head: &first })
        .expect_err("rows are never replaced, and a failed batch leaves nothing");
    records.maintain().unwrap();

    drop((store, records));
    let (mut store, records) = open();
    assert_eq!(store.head().unwrap(), Some(second.clone()));
    assert_eq!(records.head().unwrap(), Some(second));
    let today = vec![quota("c-1", DAY, 4), quota("c-2", DAY, 6)];
    assert_eq!(store.quota_counts(DAY).unwrap(), today);
    assert_eq!(records.quota_counts(Date::MIN).unwrap().len(), 3);

    let mut seen = vec![];
    records
        .scan(2, 5, &mut |row| {
            let at = usize::try_from(row.index).unwrap();
            assert_eq!((row.record, row.salt), (&texts[at][..], &salts[at]));
            assert_eq!((row.contract, row.day, row.subject), (new[at].contract, DAY, new[at].subject));
            seen.push(row.index);
        })
        .unwrap();
    assert_eq!(seen, [2, 3, 4, 5, 6]);
    records.scan(10, 5, &mut |_| panic!("there is no record 10")).unwrap();
}

/// The contract of [`SubjectIndex`], on an empty one.
pub fn subject_index_suite(index: &dyn SubjectIndex) {
    assert_eq!(index.cursor().unwrap(), 0);
    assert_eq!(index.find(person(1), u64::MAX, 5).unwrap(), [] as [u64; 0]);
    // Enough portions of many sizes that a store which merges them has to.
    let mut next = 0;
    for portion in 0..60_u64 {
        let count = 1 + portion * 7 % 40;
        let mut entries: Vec<_> = (next..next + count).map(|number| (person(number % 5), number)).collect();
        entries.sort();
        next += count;
        index.add(&entries, next).unwrap();
        index.tidy().unwrap();
    }
    index.add(&[], next + 3).unwrap();
    assert_eq!(index.cursor().unwrap(), next + 3);
    for whose in 0..5 {
        let expected: Vec<u64> = (0..next).rev().filter(|number| number % 5 == whose).collect();
        assert_eq!(index.find(person(whose), u64::MAX, 10_000).unwrap(), expected);
        assert_eq!(index.find(person(whose), u64::MAX, 3).unwrap(), expected[..3]);
        assert_eq!(index.find(person(whose), expected[3], 2).unwrap(), expected[4..6]);
    }
    let mut all = vec![];
    index.scan(&mut |subject, number| all.push((number, subject))).unwrap();
    all.sort();
    assert_eq!(all, (0..next).map(|number| (number, person(number % 5))).collect::<Vec<_>>());
    index.clear().unwrap();
    assert_eq!(index.cursor().unwrap(), 0);
    index.scan(&mut |_, _| panic!("nothing is left")).unwrap();
}

/// A node as [`limit_shares_suite`] opens it.
pub type SharingNode = (Box<dyn LedgerStore>, Arc<dyn LimitShares>);

/// The contract of [`LimitShares`]. `open` starts a node of a name over the same, at first empty house; dropping what it
/// gave kills the node.
pub fn limit_shares_suite(mut open: impl FnMut(&str) -> SharingNode) {
    let ask = |shares: &dyn LimitShares, limit, in_use| -> Share {
        shares.take(&ShareAsk { contract: "c-1", day: DAY, limit, in_use }).unwrap()
    };
    let all = |shares: &dyn LimitShares, limit, mut in_use| loop {
        let share = ask(shares, limit, in_use);
        if share.held <= in_use {
            return in_use;
        }
        in_use = share.held;
    };
    let count = |store: &mut Box<dyn LedgerStore>, used| {
        let empty = head(&Frontier::default(), 0);
        store.append(&Batch { first: 0, records: &[], quotas: &[quota("c-1", DAY, used)], head: &empty })
    };
    let ((mut a_store, a), (mut b_store, b)) = (open("a"), open("b"));
    assert_eq!(ask(&*a, 1_600, 0), Share { held: 100, used_by_others: 0 });
    assert_eq!(ask(&*b, 1_600, 0).held, 1_500 / 16, "a part of what the other left");
    count(&mut a_store, 100).unwrap();
    count(&mut a_store, 1).expect_err("nothing is counted for which no place was taken");
    assert_eq!(b.used_by_others(DAY).unwrap(), [quota("c-1", DAY, 100)]);
    assert_eq!(a.used_by_others(DAY).unwrap(), [] as [QuotaCount; 0]);
    assert_eq!(all(&*b, 1_600, 93), 1_500, "what nobody holds can be had to the last place");
    assert_eq!(ask(&*a, 1_600, 100).held, 100, "and nobody else has one then");

    // What lies idle goes back; what was used stays.
    b.give_back("c-1", DAY, 500).unwrap();
    count(&mut b_store, 400).unwrap();
    let held = ask(&*a, 1_600, 100).held;
    assert_eq!(held, 100 + 1_000 / 16);
    // A lower limit leaves what is in use, and takes back the rest.
    assert_eq!(ask(&*a, 550, 110).held, 110);
    assert_eq!(ask(&*b, 550, 500).held, 500);
    assert_eq!(ask(&*b, 1_600, 500).held, 500 + 990 / 16);

    // The other node dies with places that it did not use: they are free when nobody else has any.
    drop((b_store, b));
    assert_eq!(all(&*a, 1_600, 110), 1_200);
    count(&mut a_store, 1_100).unwrap();
    let (mut b_store, b) = open("b");
    assert_eq!(ask(&*b, 1_600, 400).held, 400);
    count(&mut b_store, 1).expect_err("what it held before it died it holds no more");

    // Another day, another contract: counted apart. And whoever starts holds nothing that it did not use.
    let tomorrow = DAY.tomorrow().unwrap();
    let other = ShareAsk { contract: "c-1", day: tomorrow, limit: 16, in_use: 0 };
    assert_eq!(b.take(&other).unwrap(), Share { held: 1, used_by_others: 0 });
    let other = ShareAsk { contract: "c-2", day: DAY, limit: 160, in_use: 0 };
    assert_eq!(b.take(&other).unwrap().held, 10);
    b.give_back_all(DAY).unwrap();
    let other = ShareAsk { contract: "c-2", ..other };
    assert_eq!(a.take(&other).unwrap().held, 10, "all of it is free again");
}

/// The contract of [`TileFiles`], on an empty folder.
pub fn tile_files_suite(tiles: &dyn TileFiles) {
    assert_eq!(tiles.read("checkpoint").unwrap(), None);
    assert_eq!(tiles.read("tile/0/000").unwrap(), None);
    for (path, bytes) in
        [("checkpoint", "one"), ("tile/0/x001/234", "a"), ("tile/0/000.p/5", "b"), ("checkpoint", "two")]
    {
        tiles.write(path, bytes.as_bytes()).unwrap();
        assert_eq!(tiles.read(path).unwrap().as_deref(), Some(bytes.as_bytes()));
        assert!(tiles.location(path).ends_with(path));
    }
    tiles.remove("tile/0/000.p").unwrap();
    tiles.remove("tile/0/000.p").unwrap();
    assert_eq!(tiles.read("tile/0/000.p/5").unwrap(), None);
    assert!(tiles.read("tile/0/x001/234").unwrap().is_some());
    tiles.remove("").unwrap();
    assert_eq!(tiles.read("checkpoint").unwrap(), None);
    tiles.write("tile/0/000", b"again").unwrap();
    assert!(tiles.read("tile/0/000").unwrap().is_some());
}
