//! What every store of a ledger must do.

#![expect(clippy::unwrap_used, reason = "a suite is a test: it fails by panicking")]

use dancu_core::PersonalNumber;
use dancu_ledger::{
    Batch, BatchTree, Frontier, Head, LedgerRecords, LedgerStore, NewRecord, QuotaCount, SubjectIndex,
    TileFiles,
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
