//! Small files of made-up persons.

use dancu_quality::{
    link::{Band, Options, Outcome, match_tables},
    normal::{PlaceReader, PlacesOn},
    schema::{ColumnKind, Field, Schema, Side},
    table::{Encoder, RowBatch, Tables},
};
use std::sync::LazyLock;

pub static PLACES: LazyLock<PlaceReader> = LazyLock::new(PlaceReader::national);

/// A row: its own name, then number, name, birth date, sex, place.
pub type Row = [String; 6];

pub fn row(cells: [&str; 6]) -> Row {
    cells.map(str::to_owned)
}

pub fn schema() -> Schema {
    let kinds = [
        (ColumnKind::Number, "number"),
        (ColumnKind::FullName, "full_name"),
        (ColumnKind::BirthDate, "birth_date"),
        (ColumnKind::Sex, "sex"),
        (ColumnKind::Place, "place"),
    ];
    let field = |(at, (kind, name)): (usize, (ColumnKind, &str))| Field {
        kind,
        left: Some(at),
        right: Some(at),
        name: name.to_owned(),
    };
    let fields = kinds.into_iter().enumerate().map(field).collect();
    Schema::new(fields, [PlacesOn::AnyTime; 2]).expect("few fields")
}

pub fn tables(left: &[Row], right: Option<&[Row]>, batch_rows: usize) -> Tables {
    let schema = schema();
    let mut tables = Tables::new(&schema, right.is_none());
    let batches = |rows: &[Row]| {
        let mut batches = Vec::new();
        for rows in rows.chunks(batch_rows.max(1)) {
            let mut batch = RowBatch::new(5);
            for row in rows {
                batch.push(row[0].as_bytes(), row[1..].iter().map(String::as_bytes));
            }
            batches.push(batch);
        }
        batches
    };
    for batch in batches(left) {
        tables.append_left(&Encoder::new(&schema, &PLACES, Side::Left).encode(&batch));
    }
    for batch in right.map(batches).unwrap_or_default() {
        tables.append_right(&Encoder::new(&schema, &PLACES, Side::Right).encode(&batch));
    }
    tables
}

pub fn matched(left: &[Row], right: Option<&[Row]>, batch_rows: usize) -> (Tables, Outcome) {
    let mut tables = tables(left, right, batch_rows);
    let outcome = match_tables(&schema(), &mut tables, &Options::default(), &mut |_| {})
        .expect("the shipped model fits");
    (tables, outcome)
}

/// Links by the rows' own names, in an order that does not depend on the files'.
pub fn named(tables: &Tables, outcome: &Outcome) -> Vec<(String, String, i32, Band)> {
    let mut links: Vec<_> = outcome
        .links
        .iter()
        .map(|link| {
            let (mut one, mut other) =
                (tables.left.id(link.left).to_owned(), tables.other().id(link.right).to_owned());
            if tables.right.is_none() && one > other {
                std::mem::swap(&mut one, &mut other);
            }
            (one, other, link.weight, link.band)
        })
        .collect();
    links.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    links
}

/// Numbers that look drawn and are the same in every run.
pub struct Draw(pub u64);

impl Draw {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    pub fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[usize::try_from(self.below(items.len() as u64)).expect("an index")]
    }
}

/// A country of so many persons, and a file of the same with slips in every third row.
pub fn country(count: u64, seed: u64) -> (Vec<Row>, Vec<Row>) {
    const SURNAMES: [&str; 8] = ["Nguyễn", "Nguyễn", "Trần", "Lê", "Phạm", "Vũ", "Đặng", "Bùi"];
    const MIDDLES: [&str; 6] = ["Văn", "Thị", "Đức", "Minh", "Ngọc", "Hữu"];
    const GIVEN: [&str; 14] = [
        "Hùng",
        "Hưng",
        "Lan",
        "Loan",
        "Hương",
        "Hường",
        "Anh",
        "Dũng",
        "Tuấn",
        "Mai",
        "Phượng",
        "Quỳnh",
        "Thắng",
        "Yến",
    ];
    const PLACES: [&str; 4] = [
        "Phường Ba Đình, Thành phố Hà Nội",
        "Phường Hoàn Kiếm, Thành phố Hà Nội",
        "Phường Sài Gòn, Thành phố Hồ Chí Minh",
        "Hải Phòng",
    ];
    let mut draw = Draw(seed);
    let (mut register, mut agency) = (Vec::new(), Vec::new());
    for person in 0..count {
        let name = format!("{} {} {}", draw.pick(&SURNAMES), draw.pick(&MIDDLES), draw.pick(&GIVEN));
        let (year, month, day) = (1940 + draw.below(70), 1 + draw.below(12), 1 + draw.below(28));
        let number = format!("001{:03}{:06}", draw.below(400), 100_000 + person * 7 + draw.below(5));
        let (sex, place) = (draw.pick(&["Nam", "Nữ"]), draw.pick(&PLACES));
        let date = format!("{day:02}/{month:02}/{year}");
        register.push(row([&format!("r{person}"), &number, &name, &date, sex, place]));
        let (number, name, date) = match draw.below(9) {
            0 => (String::new(), name, date),
            1 => (number, dancu_core::fold(&name), date),
            2 => (number[2..].to_owned(), name.to_uppercase(), format!("{year}")),
            3 => (String::new(), name, format!("{month:02}/{day:02}/{year}")),
            _ => (number, name, date),
        };
        if draw.below(10) > 0 {
            agency.push(row([&format!("a{person}"), &number, &name, &date, sex, place]));
        }
    }
    (agency, register)
}
