//! Ad hoc.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs
)]
use dancu_core::*;
use dancu_register::{load::*, *};
use dancu_store_sqlite::*;
use rusqlite::types::Value;
use std::{hint::black_box, path::Path, time::Instant};

struct Real;
impl Clock for Real {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}
struct Any;
impl csv::KnownPlaces for Any {
    fn is_known(&self, _: CommuneCode) -> bool {
        true
    }
}

fn main() {
    let csv_file = std::env::args().nth(1).unwrap();
    let only_read = std::env::args().nth(2).is_some();
    let folder = Path::new("/tmp/speed/data");
    if !only_read {
        let _ = std::fs::remove_dir_all(folder);
        std::fs::create_dir_all(folder).unwrap();
    }
    let rt = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let env = |name: &str, default: u64| std::env::var(name).map_or(default, |v| v.parse().unwrap());
    let d = DatabaseOptions::default();
    let options = DatabaseOptions {
        wal_pages_soft: env("SOFT", d.wal_pages_soft),
        wal_pages_hard: env("HARD", d.wal_pages_hard),
        ..d
    };
    let store = SqliteStore::open(folder, options).unwrap();
    let mut request = LoadRequest::new(Path::new(&csv_file), Clock::today(&Real));
    request.batch_rows = env("BATCH", 10_000) as usize;
    let mut wal = 0;
    let begun = Instant::now();
    let mut identified = None;
    let report = rt
        .block_on(load(&store, &Real, &Any, &request, &mut |step| {
            if step.phase == LoadPhase::Load {
                identified.get_or_insert_with(|| begun.elapsed());
            }
            wal = wal.max(store.database().counts().wal_pages);
        }))
        .unwrap();
    let ours = begun.elapsed().as_secs_f64();
    let persons = store
        .database()
        .read(|c| c.query_row("SELECT persons FROM person_count", [], |r| r.get::<_, i64>(0)))
        .unwrap();
    println!(
        "load: {:.2} s (first batch at {:?}), {:.0} persons/s; rows {} rejected {} warnings {}; wal max {} pages",
        ours,
        identified,
        persons as f64 / ours,
        report.progress.rows,
        report.progress.rejected,
        report.progress.warnings,
        wal
    );
    store.database().write_wait(&rt);
    if std::env::var("LOAD_ONLY").is_ok() {
        return;
    }
    // parse alone
    let text = std::fs::read(&csv_file).unwrap();
    let begun = Instant::now();
    let mut reader = csv::RecordReader::new(&text[..], 0, 0);
    let header = csv::Header::parse(reader.next().unwrap().unwrap().bytes).unwrap();
    let mut parser = csv::RowParser::new(&header, &Any, Clock::today(&Real));
    let mut parsed = 0;
    while let Some(record) = reader.next().unwrap() {
        parsed += usize::from(black_box(parser.parse(record.bytes)).is_ok());
    }
    println!("parse alone: {:.2} us/row", begun.elapsed().as_secs_f64() * 1e6 / parsed as f64);

    // raw insert of the same rows
    let source = open_connection(&folder.join("register.db"), ConnectionRole::Reader).unwrap();
    let mut all: Vec<[Value; 8]> = Vec::new();
    {
        let mut st = source.prepare("SELECT number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value FROM fact ORDER BY recorded_from, number, kind, valid_from").unwrap();
        let mut rows = st.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let mut v = [const { Value::Null }; 8];
            for (i, v) in v.iter_mut().enumerate() {
                *v = row.get(i).unwrap();
            }
            all.push(v);
        }
    }
    println!("facts {} = {:.2} a person", all.len(), all.len() as f64 / persons as f64);
    let bytes: i64 =
        source.query_row("SELECT sum(pgsize) FROM dbstat WHERE name='fact'", [], |r| r.get(0)).unwrap();
    let value_bytes: i64 =
        source.query_row("SELECT sum(length(CAST(value AS BLOB))) FROM fact", [], |r| r.get(0)).unwrap();
    let hh: i64 = source
        .query_row("SELECT sum(pgsize) FROM dbstat WHERE name='household_person'", [], |r| r.get(0))
        .unwrap();
    println!(
        "bytes a person: fact {} (values {}), household {}",
        bytes / persons,
        value_bytes / persons,
        hh / persons
    );
    let _ = std::fs::remove_file("/tmp/speed/raw.db");
    let _ = std::fs::remove_file("/tmp/speed/raw.db-wal");
    let mut target = open_connection(Path::new("/tmp/speed/raw.db"), ConnectionRole::Writer).unwrap();
    let schema: String =
        source.query_row("SELECT sql FROM sqlite_master WHERE name = 'fact'", [], |row| row.get(0)).unwrap();
    target.execute_batch(&schema).unwrap();
    let begun = Instant::now();
    for chunk in all.chunks(10_000 * all.len() / persons as usize) {
        let tx = target.transaction().unwrap();
        {
            let mut st = tx.prepare_cached("INSERT INTO fact (number, kind, recorded_from, valid_from, recorded_to, valid_to, source, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)").unwrap();
            for row in chunk {
                st.execute(rusqlite::params_from_iter(row)).unwrap();
            }
        }
        tx.commit().unwrap();
    }
    drop(target);
    let raw = begun.elapsed().as_secs_f64();
    println!("raw insert: {:.2} s, {:.0} persons/s; ratio {:.2}", raw, persons as f64 / raw, raw / ours);

    // reads
    let mut numbers: Vec<PersonalNumber> = all
        .iter()
        .filter(|r| r[1] == Value::Integer(1))
        .map(|r| match r[0] {
            Value::Integer(n) => PersonalNumber::from_value(n as u64).unwrap(),
            _ => panic!(),
        })
        .collect();
    let mut seed = 1_u64;
    for i in (1..numbers.len()).rev() {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        numbers.swap(i, (seed >> 33) as usize % (i + 1));
    }
    let at = At { as_of: Clock::today(&Real), known_at: Clock::now(&Real) };
    let some = KindSet::EMPTY.with(FactKind::Identity).with(FactKind::Card).with(FactKind::Life);
    let n = numbers.len().min(100_000);
    for _ in 0..3 {
        let mut st = source.prepare("SELECT kind, recorded_from, valid_from, recorded_to, valid_to, value, source FROM fact WHERE number = ?1").unwrap();
        let begun = Instant::now();
        for number in &numbers[..n] {
            let mut rows = st.query([number.value() as i64]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for c in 0..7 {
                    black_box(row.get_ref(c).unwrap());
                }
            }
        }
        let raw = begun.elapsed().as_secs_f64() / n as f64 * 1e6;
        let begun = Instant::now();
        for number in &numbers[..n] {
            let mut rows = st.query([number.value() as i64]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                for c in 0..5 {
                    black_box(row.get::<_, Option<i64>>(c).unwrap());
                }
                black_box(row.get::<_, String>(5).unwrap());
            }
        }
        let raw_owned = begun.elapsed().as_secs_f64() / n as f64 * 1e6;
        let begun = Instant::now();
        for number in &numbers[..n] {
            black_box(store.read_person(*number, at, KindSet::ALL).unwrap());
        }
        let all_kinds = begun.elapsed().as_secs_f64() / n as f64 * 1e6;
        let begun = Instant::now();
        for number in &numbers[..n] {
            black_box(store.read_person(*number, at, some).unwrap());
        }
        let some_kinds = begun.elapsed().as_secs_f64() / n as f64 * 1e6;
        let port: &dyn RegisterStore = &store;
        let begun = Instant::now();
        rt.block_on(async {
            for number in &numbers[..n] {
                black_box(port.person_now(*number, at, KindSet::ALL).await.unwrap());
            }
        });
        let boxed = begun.elapsed().as_secs_f64() / n as f64 * 1e6;
        println!(
            "read us: raw {raw:.2} raw-owned {raw_owned:.2} ours-all {all_kinds:.2} ({:.2}) ours-some {some_kinds:.2} ({:.2}) async {boxed:.2} (+{:.1}%)",
            raw / all_kinds,
            raw / some_kinds,
            (boxed / all_kinds - 1.0) * 100.0
        );
    }
}
trait WriteWait {
    fn write_wait(&self, rt: &tokio::runtime::Runtime);
}
impl WriteWait for Database {
    fn write_wait(&self, rt: &tokio::runtime::Runtime) {
        rt.block_on(self.write(|_| Ok(()))).unwrap();
    }
}
