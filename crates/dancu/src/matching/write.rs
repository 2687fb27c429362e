//! The files of a run: each whole before it has its name, the report last.

use super::{Matched, report, rows::Rejected};
use crate::{failure::Failure, unfinished};
use dancu_quality::{
    link::{Band, Link, Options},
    map::MatchMap,
    schema::{Schema, Side},
};
use serde::Serialize;
use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// A CSV that has no name yet.
pub struct Unnamed {
    path: PathBuf,
    rows: csv::Writer<BufWriter<NamedTempFile>>,
}

impl Unnamed {
    /// Begins with a header.
    pub fn new(path: PathBuf, header: &[&str]) -> Result<Self, Failure> {
        let file = BufWriter::with_capacity(1 << 18, unfinished::beside(&path)?);
        let mut unnamed = Self { path, rows: csv::Writer::from_writer(file) };
        unnamed.row(header.iter().map(|name| name.as_bytes()))?;
        Ok(unnamed)
    }

    /// Adds a row.
    pub fn row<'a>(&mut self, fields: impl IntoIterator<Item = &'a [u8]>) -> Result<(), Failure> {
        let failed = |error: csv::Error| Failure::file(&self.path, &std::io::Error::other(error.to_string()));
        self.rows.write_record(fields).map_err(failed)
    }

    /// Complete, without its name.
    pub fn whole(self) -> Result<Whole, Failure> {
        let failed = |error: std::io::Error| Failure::file(&self.path, &error);
        let buffered = self.rows.into_inner().map_err(|error| failed(error.into_error()))?;
        let file = buffered.into_inner().map_err(|error| failed(error.into_error()))?;
        Ok(Whole { path: self.path, file })
    }
}

/// A complete file without its name.
pub struct Whole {
    path: PathBuf,
    file: NamedTempFile,
}

impl Whole {
    /// A text.
    pub fn of_text(path: PathBuf, text: &str) -> Result<Self, Failure> {
        let mut file = unfinished::beside(&path)?;
        file.write_all(text.as_bytes()).map_err(|error| Failure::file(&path, &error))?;
        Ok(Self { path, file })
    }

    /// Gives it its name, once its bytes are on the disk.
    pub fn name(self) -> Result<(), Failure> {
        self.file.as_file().sync_all().map_err(|error| Failure::file(&self.path, &error))?;
        self.file.persist(&self.path).map(drop).map_err(|error| Failure::file(&self.path, &error.error))
    }
}

/// The results of a run.
pub struct Writer {
    folder: PathBuf,
    rejected: Unnamed,
}

/// Bits with three digits behind the point.
pub fn shown(weight: i32) -> String {
    let sign = if weight < 0 { "-" } else { "" };
    let weight = weight.unsigned_abs();
    format!("{sign}{}.{:03}", weight / 1000, weight % 1000)
}

/// A unit variant's word, as the report writes it.
pub fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Writer {
    /// Into a folder, which exists.
    pub fn new(folder: &Path) -> Result<Self, Failure> {
        let rejected = Unnamed::new(folder.join("rejected.csv"), &["side", "line", "reason"])?;
        Ok(Self { folder: folder.to_owned(), rejected })
    }

    /// Rows that could not be read.
    pub fn rejected(&mut self, side: Side, rejected: &Rejected) -> Result<(), Failure> {
        let side = word(&side);
        for (line, reason) in rejected {
            self.rejected.row([side.as_bytes(), line.to_string().as_bytes(), reason.as_bytes()])?;
        }
        Ok(())
    }

    /// Writes everything, and gives the files their names when all are whole.
    pub fn finish(
        self,
        matched: &Matched,
        map: &MatchMap,
        is_guessed: bool,
        options: &Options,
    ) -> Result<(), Failure> {
        let at = |name: &str| self.folder.join(name);
        let mut whole = vec![
            links(matched, at("links.csv"))?,
            review(matched, at("review.csv"))?,
            none(matched, at("none.csv"))?,
            self.rejected.whole()?,
        ];
        if matched.tables.right.is_none() {
            whole.push(clusters(matched, at("clusters.csv"))?);
        }
        whole.push(Whole::of_text(at("model.json"), &matched.outcome.evidence.model.to_text())?);
        let report = report::json(matched, map, is_guessed, options);
        let text = serde_json::to_string_pretty(&report).expect("counts and words are JSON");
        whole.push(Whole::of_text(at("report.json"), &text)?);
        whole.into_iter().try_for_each(Whole::name)
    }
}

fn ids<'a>(matched: &'a Matched, link: &Link) -> (&'a str, &'a str) {
    (matched.tables.left.id(link.left), matched.tables.other().id(link.right))
}

fn links(matched: &Matched, path: PathBuf) -> Result<Whole, Failure> {
    let mut out = Unnamed::new(path, &["left", "right", "weight", "band"])?;
    for link in matched.outcome.links.iter().filter(|link| link.band == Band::Automatic) {
        let (left, right) = ids(matched, link);
        out.row([left.as_bytes(), right.as_bytes(), shown(link.weight).as_bytes(), b"automatic"])?;
    }
    out.whole()
}

/// With what each field says, so that a reviewer sees why.
fn review(matched: &Matched, path: PathBuf) -> Result<Whole, Failure> {
    let slots = matched.schema.slots();
    let mut header = vec!["left", "right", "weight", "band", "reason", "probability"];
    header.extend(slots.iter().map(|slot| slot.name.as_str()));
    let mut out = Unnamed::new(path, &header)?;
    for link in matched.outcome.links.iter().filter(|link| link.band == Band::Review) {
        let (left, right) = ids(matched, link);
        let mut row = vec![
            left.to_owned(),
            right.to_owned(),
            shown(link.weight),
            "review".to_owned(),
            word(&link.reason),
            format!("{:.6}", link.probability),
        ];
        row.extend(fields(&matched.schema, link));
        out.row(row.iter().map(String::as_bytes))?;
    }
    out.whole()
}

/// `one_slip -2.310`: the level of each field and what it is worth; empty where one side does not tell.
fn fields(schema: &Schema, link: &Link) -> Vec<String> {
    let of_slot = |(slot, weight): (usize, &i32)| {
        let level = usize::from(link.levels.of(slot)).checked_sub(1)?;
        Some(format!("{} {}", schema.slots()[slot].kind.levels().get(level)?, shown(*weight)))
    };
    link.slot_weights.iter().enumerate().map(|of| of_slot(of).unwrap_or_default()).collect()
}

fn none(matched: &Matched, path: PathBuf) -> Result<Whole, Failure> {
    let mut out = Unnamed::new(path, &["side", "id", "reason", "nearest"])?;
    let tables = &matched.tables;
    for (row, reason, nearest) in &matched.outcome.none_left {
        let nearest = nearest.map(|other| tables.other().id(other)).unwrap_or_default();
        let id = tables.left.id(*row);
        out.row([b"left", id.as_bytes(), word(reason).as_bytes(), nearest.as_bytes()])?;
    }
    for (row, reason, nearest) in &matched.outcome.none_right {
        let nearest = nearest.map(|other| tables.left.id(other)).unwrap_or_default();
        let id = tables.other().id(*row);
        out.row([b"right", id.as_bytes(), word(reason).as_bytes(), nearest.as_bytes()])?;
    }
    out.whole()
}

fn clusters(matched: &Matched, path: PathBuf) -> Result<Whole, Failure> {
    let mut out = Unnamed::new(path, &["id", "cluster"])?;
    for (row, first) in (0_u32..).zip(&matched.outcome.clusters) {
        let (id, cluster) = (matched.tables.left.id(row), matched.tables.left.id(*first));
        out.row([id.as_bytes(), cluster.as_bytes()])?;
    }
    out.whole()
}
