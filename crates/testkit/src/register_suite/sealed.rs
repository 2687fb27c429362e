//! Sealed columns of files: sealed while they are read, compared without being opened, kept apart.

use super::desk::{Desk, file, number, row};
use dancu_register::{
    FactKind, FactValue, OpenValue, RegisterStore, Seals,
    csv::{Column, HeaderError, SEALED_COLUMNS},
    load::{LoadError, LoadReport, load},
};
use jiff::{SignedDuration, civil::date};
use std::sync::Arc;

/// Every case, each on a store of its own.
pub(super) async fn cases<S: RegisterStore, G>(open: &impl Fn() -> (S, G)) {
    let (store, _guard) = open();
    a_sealed_column_is_stored_sealed_and_apart(&Desk::new(&store)).await;
    let (store, _guard) = open();
    another_file_writes_only_what_differs(&Desk::new(&store)).await;
    let (store, _guard) = open();
    a_rejected_row_is_kept_without_its_sealed_columns(&Desk::new(&store)).await;
}

fn seals() -> Arc<Seals> {
    Arc::new(Seals::new(&[(1, [3; 32])]))
}

/// A person's serial, what differs from a sound row, and the sealed columns.
type SealedRow<'a> = (u64, &'a [(Column, &'a str)], [&'a str; 3]);

/// A file with the sealed columns behind the others.
fn people(rows: &[SealedRow<'_>]) -> String {
    let text = file(&rows.iter().map(|(serial, changes, _)| row(*serial, changes)).collect::<Vec<_>>());
    let names: Vec<&str> = SEALED_COLUMNS.iter().map(|column| column.name()).collect();
    let behind = [names.join(",")].into_iter().chain(rows.iter().map(|(_, _, sealed)| sealed.join(",")));
    let lines: Vec<String> = text.lines().zip(behind).map(|(line, more)| format!("{line},{more}")).collect();
    lines.join("\n") + "\n"
}

async fn load_sealed(desk: &Desk<'_>, name: &str, text: &str) -> LoadReport {
    desk.clock.advance(SignedDuration::from_secs(1));
    let mut request = desk.request(name, text);
    request.seals = Some(seals());
    load(desk.store, &desk.clock, &super::desk::Places, &request, &mut |_| {}).await.expect("loads")
}

/// What is believed now, opened, with its first day.
async fn opened(desk: &Desk<'_>, serial: u64) -> Vec<(FactKind, String, jiff::civil::Date)> {
    let facts = desk.store.sealed_history(number(serial)).await.expect("reads");
    let now = facts.into_iter().filter(|fact| fact.recorded_to.is_none());
    now.map(|fact| {
        let FactValue::Sealed(sealed) = &fact.value else { panic!("only sealed values stand there") };
        let OpenValue(bytes) = seals().open(number(serial), sealed).expect("opens");
        (sealed.kind, String::from_utf8(bytes).expect("text"), fact.valid_from)
    })
    .collect()
}

async fn a_sealed_column_is_stored_sealed_and_apart(desk: &Desk<'_>) {
    let text = people(&[(1, &[], ["Tày", "Phật giáo", "O+"]), (2, &[], ["", "", ""])]);
    let refused = desk.load("a.csv", &text).await.expect_err("nothing to seal with");
    assert!(matches!(refused, LoadError::Header(HeaderError::Unsealed { column: "ethnicity" })));
    let report = load_sealed(desk, "a.csv", &text).await;
    assert_eq!((report.added, report.progress.rejected, report.unknown_columns.len()), (2, 0, 0));
    let (born, today) = (date(1985, 3, 2), super::TODAY);
    assert_eq!(
        opened(desk, 1).await,
        [
            (FactKind::Ethnicity, "Tày".to_owned(), born),
            (FactKind::Religion, "Phật giáo".to_owned(), today),
            (FactKind::BloodGroup, "O+".to_owned(), born),
        ]
    );
    assert_eq!(opened(desk, 2).await, []);
    let history = desk.store.history(number(1)).await.expect("reads");
    assert!(!history.is_empty() && history.iter().all(|fact| !fact.value.kind().is_sealed()));
}

async fn another_file_writes_only_what_differs(desk: &Desk<'_>) {
    let rows = |religion| people(&[(1, &[], ["Tày", religion, "O+"])]);
    load_sealed(desk, "a.csv", &rows("Phật giáo")).await;
    // The same statements in other bytes.
    let again = load_sealed(desk, "b.csv", &format!("{}\n", rows("Phật giáo"))).await;
    assert_eq!((again.added, again.changed, again.unchanged), (0, 0, 1));
    assert_eq!(desk.store.sealed_history(number(1)).await.expect("reads").len(), 3);
    let other = load_sealed(desk, "c.csv", &rows("Công giáo")).await;
    assert_eq!((other.changed, other.unchanged), (1, 0));
    let now = opened(desk, 1).await;
    assert_eq!(now.len(), 3);
    assert_eq!((now[1].0, &*now[1].1), (FactKind::Religion, "Công giáo"));
    // A file without the columns says nothing of them.
    let plain = desk.load("d.csv", &super::people([1])).await.expect("loads");
    assert_eq!((plain.changed, plain.unchanged), (0, 1));
    assert_eq!(opened(desk, 1).await, now);
}

async fn a_rejected_row_is_kept_without_its_sealed_columns(desk: &Desk<'_>) {
    let rows: [SealedRow<'_>; 4] = [
        (1, &[], ["Marsian", "", ""]),
        (2, &[], ["", "", "Z+"]),
        (3, &[(Column::Sex, "x")], ["Mường", "Bí Mật", "AB-"]),
        (4, &[], ["Mường", "", "AB-"]),
    ];
    let report = load_sealed(desk, "a.csv", &people(&rows)).await;
    assert_eq!((report.added, report.progress.rejected), (1, 3));
    // A row that cannot be cut into fields tells nobody where its sealed ones end; one that the store rejects is kept too.
    let uneven = people(&rows[3..]).replace("AB-", "AB-,BIMAT");
    let twice = people(&[(5, &[], ["Mường", "Bí Mật", "AB-"]), (5, &[], ["Mường", "Bí Mật", "AB-"])]);
    let report_uneven = load_sealed(desk, "b.csv", &uneven).await;
    let report_twice = load_sealed(desk, "c.csv", &twice).await;
    assert_eq!((report_uneven.progress.rejected, report_twice.progress.rejected), (1, 1));
    for report in [report, report_uneven, report_twice] {
        let file = report.rejects_file.expect("rows were rejected");
        let text = std::fs::read_to_string(file).expect("reads");
        assert!(!["Marsian", "Z+", "Bí Mật", "Mường", "BIMAT"].iter().any(|word| {
            text.lines().filter(|line| !line.starts_with("line,")).any(|line| line.contains(word))
        }));
    }
}
