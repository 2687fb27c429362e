//! The stage in which nothing is told: the file and the register are read, who is who is settled, and the model is frozen.

use super::{
    decisions::Decisions,
    fault::ReconcileFault,
    folder::{Matching, Run, RunFolder, SlotName, Stage},
    lists, register,
};
use crate::{
    export::refused,
    failure::Failure,
    matching::{Accounts, Input, fault::MatchFault, rows, set_aside, vietnamese, write::Unnamed},
    platform::Platform,
};
use dancu_exchange::{Caller, Field, FieldSet};
use dancu_quality::{
    link::{Link, Options, Outcome, match_tables},
    normal::PlaceReader,
    schema::{Schema, Side, SlotKind},
    table::{Encoder, Tables},
};
use indicatif::ProgressBar;
use serde_json::Value;

/// What was read and what came of it.
pub struct Settled {
    /// File and register.
    pub tables: Tables,
    /// The links.
    pub outcome: Outcome,
    /// What was compared.
    pub schema: Schema,
}

/// Matches the file against the register and keeps what came of it.
pub async fn match_file(
    platform: &Platform,
    (folder, run): (&RunFolder, &mut Run),
    (input, caller): (&Input, &Caller),
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let columns = register::headers();
    let (schema, selections) = run.map.schema(input.headers(), Some(&columns))?;
    // The thresholds, the rules for relatives and where learning begins are the house's: by them it is settled who is told.
    let options = Options::default();
    let places = PlaceReader::national();
    let mut tables = Tables::new(&schema, false);
    let mut rejects = Unnamed::new(folder.file("rejected.csv"), &["line", "reason"])?;
    let encoder = Encoder::new(&schema, &places, Side::Left);
    bar.set_message(format!("đọc / reading {}", input.shown()));
    let accounts = rows::read(input, &selections[0], &encoder, bar, |encoded, rejected| {
        tables.append_left(&encoded);
        rejected
            .iter()
            .try_for_each(|(line, reason)| rejects.row([line.to_string().as_bytes(), reason.as_bytes()]))
    })?;
    // Bytes that were exchanged without a trace of it in length and time would make another file of it.
    if super::folder::digest(input.path())? != run.sha256 {
        return Err(ReconcileFault::OtherFile { folder: folder.path().to_owned() }.into());
    }
    let state = &platform.state;
    state.verify.check_file(caller, (run.given, accounts.rows_in)).map_err(refused)?;
    state.verify.check_file_fits(caller, accounts.rows_in).map_err(refused)?;
    let encoder = Encoder::new(&schema, &places, Side::Right);
    let wanted = (run.given, &*selections[1].columns);
    register::read(platform, run.at(), wanted, &encoder, bar, |encoded| tables.append_right(&encoded))
        .await?;
    let outcome = match_tables(&schema, &mut tables, &options, &mut |step| {
        bar.set_message(format!("{} / {step}", vietnamese(step)));
    })
    .map_err(|_| MatchFault::ModelDoesNotFit)?;
    let settled = Settled { tables, outcome, schema };
    rejects.whole()?.name()?;
    let mut decisions = Decisions::read(platform, &run.contract).await?;
    decisions.keep_those_in(settled.tables.other());
    let pairs = lists::write(folder, &settled, &decisions, (input, &selections[0]))?;
    run.matching = Some(matching(&settled, &accounts, pairs));
    run.stage = Stage::Matched;
    folder.save(run)
}

/// What the next stages need. The model is learned over everybody, whoever is withheld among them, and so is not kept: neither
/// its weights nor its share of matches.
fn matching(settled: &Settled, accounts: &Accounts, pairs: u64) -> Matching {
    let slots = settled.schema.slots().iter().map(|slot| SlotName {
        name: slot.name.clone(),
        levels: slot.kind.levels().iter().map(|level| (*level).to_owned()).collect(),
    });
    Matching {
        rows_in: accounts.rows_in,
        rejected: accounts.rejected,
        pairs,
        slots: slots.collect(),
        set_aside: Value::Object(set_aside(&settled.outcome.evidence.notes[0])),
    }
}

/// Names of fields, with blanks between them.
pub fn field_names(fields: FieldSet) -> String {
    fields.iter().map(Field::as_str).collect::<Vec<_>>().join(" ")
}

/// Fields in which row and person are the same, as far as both tell. A name agrees in all its parts, and a part that only
/// one of them has is no agreement.
pub fn agreed(settled: &Settled, link: &Link) -> FieldSet {
    let slots = settled.schema.slots();
    let is_same = |slot: usize| match slots[slot].kind {
        // Two days that are the same 1 January are the same day, however little that proves.
        SlotKind::Day => (1..=2).contains(&link.levels.of(slot)),
        _ => link.levels.of(slot) == 1,
    };
    let is_silent = |slot: usize| {
        !settled.tables.left.tells(slot, link.left) && !settled.tables.other().tells(slot, link.right)
    };
    let of_field = |field: Field| {
        let mut own =
            (0..slots.len()).filter(|slot| field_of(slots[*slot].kind, &slots[*slot].name) == Some(field));
        match field {
            Field::Name => {
                let parts: Vec<usize> = own.collect();
                parts.iter().any(|slot| slots[*slot].kind == SlotKind::Given && is_same(*slot))
                    && parts.iter().all(|slot| is_same(*slot) || is_silent(*slot))
            }
            _ => own.any(is_same),
        }
    };
    Field::ALL.into_iter().filter(|field| of_field(*field)).collect()
}

/// What row and person say of the fields in which they do not agree: something else, or one of them nothing.
pub fn said(settled: &Settled, (row, person): (u32, u32), agreed: FieldSet) -> Said {
    let slots = settled.schema.slots();
    let (mut differing, mut not_held) = (FieldSet::EMPTY, FieldSet::EMPTY);
    for field in Field::ALL.into_iter().filter(|field| !agreed.contains(*field)) {
        let own =
            (0..slots.len()).filter(|slot| field_of(slots[*slot].kind, &slots[*slot].name) == Some(field));
        let told: Vec<bool> = own
            .filter(|slot| settled.tables.left.tells(*slot, row))
            .map(|slot| settled.tables.other().tells(slot, person))
            .collect();
        if told.contains(&true) {
            differing = differing.with(field);
        } else if !told.is_empty() {
            not_held = not_held.with(field);
        }
    }
    Said { agreed, differing, not_held }
}

/// See [`said`].
pub struct Said {
    /// Fields in which they agree.
    pub agreed: FieldSet,
    /// Fields of which both tell something else.
    pub differing: FieldSet,
    /// Fields that the row tells and the register does not hold.
    pub not_held: FieldSet,
}

fn field_of(kind: SlotKind, name: &str) -> Option<Field> {
    match kind {
        SlotKind::Surname | SlotKind::Middle | SlotKind::Given => Some(Field::Name),
        SlotKind::Day => Some(Field::BirthDate),
        SlotKind::Sex => Some(Field::Sex),
        SlotKind::Phone => Some(Field::Phone),
        SlotKind::Place | SlotKind::Text => Some(Field::Residence),
        SlotKind::Number if name == "old_number" => Some(Field::OldNumber),
        SlotKind::Number | SlotKind::Code | SlotKind::Category => None,
    }
}
