//! `dancu match`: two files of persons, or one with itself, without a running system.

pub mod fault;
mod files;
mod guard;
mod report;
pub mod rows;
pub mod write;

use crate::{cli::MatchArgs, failure::Failure};
use dancu_quality::{
    link::{Options, Outcome, match_tables},
    map::{MatchMap, Selection, guess},
    model::Model,
    normal::PlaceReader,
    schema::{Schema, Side},
    table::{Encoder, Tables},
};
use fault::MatchFault;
use figment::{
    Figment,
    providers::{Format as _, Toml},
};
pub use files::Input;
use indicatif::{ProgressBar, ProgressStyle};
pub use report::{Accounts, set_aside};
use std::path::{Path, PathBuf};
use write::Writer;

/// A whole run's parts: what was read, and what came of it.
pub struct Matched {
    /// The files as columns.
    pub tables: Tables,
    /// The links.
    pub outcome: Outcome,
    /// What was compared.
    pub schema: Schema,
    /// Rows of each file.
    pub accounts: Vec<Accounts>,
}

/// Matches as the command line says.
pub fn run(args: &MatchArgs) -> Result<(), Failure> {
    std::fs::create_dir_all(&args.out).map_err(|error| Failure::file(&args.out, &error))?;
    let bar = spinner(args.quiet);
    let (left, right) = inputs(&args.left, args.right.as_deref(), &args.out)?;
    let (map, is_guessed) = match &args.map {
        Some(path) => (read_map(path)?, false),
        None => (guess(left.headers(), right.as_ref().map(Input::headers)), true),
    };
    if is_guessed && !args.quiet {
        tell_map(&map);
    }
    let options = options(&map, args.model.as_deref())?;
    let writer = Writer::new(&args.out)?;
    let (matched, writer) = work(&left, right.as_ref(), &map, &options, writer, &bar)?;
    writer.finish(&matched, &map, is_guessed, &options)?;
    bar.finish_and_clear();
    if !args.quiet {
        report::tell(&matched, &args.out);
    }
    Ok(())
}

/// Reads and matches; the writer has the rejected rows.
pub fn work(
    left: &Input,
    right: Option<&Input>,
    map: &MatchMap,
    options: &Options,
    mut writer: Writer,
    bar: &ProgressBar,
) -> Result<(Matched, Writer), Failure> {
    let (schema, selections) = map.schema(left.headers(), right.map(Input::headers))?;
    let places = PlaceReader::national();
    let mut tables = Tables::new(&schema, right.is_none());
    let sides = [Some((left, Side::Left)), right.map(|right| (right, Side::Right))];
    let mut accounts = Vec::new();
    for (input, side) in sides.into_iter().flatten() {
        bar.set_message(format!("đọc / reading {}", input.shown()));
        let selection: &Selection = &selections[usize::from(side == Side::Right)];
        let encoder = Encoder::new(&schema, &places, side);
        let account = rows::read(input, selection, &encoder, bar, |encoded, rejected| {
            match side {
                Side::Left => tables.append_left(&encoded),
                Side::Right => tables.append_right(&encoded),
            }
            writer.rejected(side, &rejected)
        })?;
        accounts.push(account);
    }
    let outcome = match_tables(&schema, &mut tables, options, &mut |step| {
        bar.set_message(format!("{} / {step}", vietnamese(step)));
    })
    .map_err(|_| MatchFault::ModelDoesNotFit)?;
    let is_one_file = tables.right.is_none();
    for (at, account) in accounts.iter_mut().enumerate() {
        let table = if at == 0 { &tables.left } else { tables.other() };
        let (matched, review, none) = outcome.rows_of(table, at == 0, is_one_file);
        account.count(matched, review, none);
        if !account.is_whole() {
            return Err(MatchFault::RowsUnaccounted.into());
        }
    }
    Ok((Matched { tables, outcome, schema, accounts }, writer))
}

/// Opens the files; a workbook becomes rows in the folder of the results for the time of the run.
pub fn inputs(left: &Path, right: Option<&Path>, folder: &Path) -> Result<(Input, Option<Input>), Failure> {
    if let Some(right) = right {
        let (one, other) = (left.canonicalize(), right.canonicalize());
        if one.is_ok() && one.ok() == other.ok() {
            return Err(MatchFault::SameFileTwice.into());
        }
    }
    let left = Input::open(left, folder)?;
    let right = right.map(|right| Input::open(right, folder)).transpose()?;
    Ok((left, right))
}

/// Reads `map.toml`.
pub fn read_map(path: &Path) -> Result<MatchMap, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    let map = Figment::from(Toml::string(&text)).extract();
    map.map_err(|error: figment::Error| MatchFault::Map { detail: error.to_string() }.into())
}

/// How to match, as a map and a frozen model say.
pub fn options(map: &MatchMap, model: Option<&Path>) -> Result<Options, Failure> {
    let usual = Options::default();
    let model = model.map(read_model).transpose()?;
    let automatic = map.automatic.unwrap_or(usual.automatic);
    Ok(Options {
        model,
        automatic,
        review: map.review.unwrap_or(usual.review).min(automatic),
        vetoes: map.vetoes,
    })
}

fn read_model(path: &Path) -> Result<Model, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?;
    Model::parse(&text).map_err(|_| MatchFault::Model { file: PathBuf::from(path) }.into())
}

/// The map that was guessed, as it would be written.
fn tell_map(map: &MatchMap) {
    eprintln!("Không có --map; đoán từ dòng tiêu đề: / no --map; guessed from the headers:");
    tell_fields(map);
}

/// Which columns are compared with which.
pub fn tell_fields(map: &MatchMap) {
    for field in &map.fields {
        let word = write::word(&field.kind);
        let name = |name: &Option<String>| name.clone().unwrap_or_else(|| "–".to_owned());
        eprintln!("  {word}: {} = {}", name(&field.left), name(&field.right));
    }
}

/// A sign of life, on a terminal only.
pub fn spinner(quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {elapsed_precise} {msg}");
    let bar = ProgressBar::new_spinner();
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// A step of the matcher in Vietnamese.
pub fn vietnamese(step: &str) -> &'static str {
    match step {
        "comparing" => "chuẩn bị so sánh",
        "counting chances" => "đếm trùng ngẫu nhiên",
        "exact" => "khớp theo số",
        "blocking" => "chia nhóm",
        "learning" => "học trọng số",
        "scoring" => "tính trọng số",
        _ => "quyết định",
    }
}
