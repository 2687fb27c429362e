//! The tables that make up a store, the same in every kind of store. What is derived from them is not here.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, or nothing.
    Integer,
    /// Yes or no.
    Truth,
    /// A text, or nothing.
    Text,
    /// Bytes, or nothing.
    Blob,
    /// A place in the outbox as one number. A store that orders by transaction keeps the other half in the column
    /// that is named, and gives the number of the place so that nothing behind it is left out.
    Position(&'static str),
}

/// In which of the files of an embedded store a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// With the register.
    Register,
    /// With the log.
    Ledger,
    /// The queue of a commune's own node.
    Handover,
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Name.
    pub name: &'static str,
    /// Where it is.
    pub place: Place,
    /// How many columns, from the first, make up the key.
    pub key: usize,
    /// Rows that are moved at once.
    pub rows_max: usize,
    /// Columns.
    pub columns: &'static [(&'static str, Kind)],
}

/// Rows of most tables that are moved at once.
const ROWS_MAX: usize = 500;

use Kind::{Blob as B, Integer as I, Position as P, Text as T, Truth};

const fn register(name: &'static str, key: usize, columns: &'static [(&'static str, Kind)]) -> Table {
    Table { name, place: Place::Register, key, rows_max: ROWS_MAX, columns }
}

const fn ledger(name: &'static str, key: usize, columns: &'static [(&'static str, Kind)]) -> Table {
    Table { name, place: Place::Ledger, key, rows_max: ROWS_MAX, columns }
}

const fn handover(name: &'static str, key: usize, columns: &'static [(&'static str, Kind)]) -> Table {
    Table { name, place: Place::Handover, key, rows_max: ROWS_MAX, columns }
}

/// Every table, those that others refer to first.
pub const TABLES: &[Table] = &[
    register("fact_source", 1, &[("id", I), ("name", T)]),
    register(
        "fact",
        4,
        &[
            ("number", I),
            ("kind", I),
            ("recorded_from", I),
            ("valid_from", I),
            ("recorded_to", I),
            ("valid_to", I),
            ("source", I),
            ("value", T),
        ],
    ),
    register(
        "sealed_fact",
        4,
        &[
            ("number", I),
            ("kind", I),
            ("recorded_from", I),
            ("valid_from", I),
            ("recorded_to", I),
            ("valid_to", I),
            ("source", I),
            ("value", B),
        ],
    ),
    register("household_person", 2, &[("household", T), ("number", I)]),
    register("relative", 2, &[("relative", I), ("number", I)]),
    register("commune_person", 2, &[("commune", I), ("number", I)]),
    register(
        "load_file",
        1,
        &[
            ("source", I),
            ("digest", B),
            ("bytes", I),
            ("lines", I),
            ("rows", I),
            ("rejected", I),
            ("warnings", I),
            ("complete", Truth),
        ],
    ),
    register(
        "load_reject",
        2,
        &[
            ("source", I),
            ("line", I),
            ("field", T),
            ("code", T),
            ("message_vi", T),
            ("message_en", T),
            ("row", B),
        ],
    ),
    register("event", 1, &[("id", B), ("recorded_at", I), ("kind", T), ("digest", B), ("body", T)]),
    register("event_person", 2, &[("number", I), ("recorded_at", I), ("event", B)]),
    register("commune_event", 3, &[("commune", I), ("recorded_at", I), ("event", B)]),
    register("taken_back", 1, &[("event", B), ("by_event", B)]),
    register("outbox", 1, &[("sequence", I), ("number", I), ("event", B), ("recorded_at", I), ("kinds", I)]),
    register("outbox_start", 1, &[("id", I), ("minor", P("major"))]),
    register(
        "finding",
        1,
        &[
            ("id", B),
            ("kind", T),
            ("owner", I),
            ("state", T),
            ("found_at", I),
            ("due", I),
            ("moves", I),
            ("body", T),
        ],
    ),
    register(
        "proposal",
        1,
        &[("id", B), ("number", I), ("owner", I), ("state", T), ("due", I), ("moves", I), ("body", T)],
    ),
    register(
        "stay",
        4,
        &[("commune", I), ("until_day", I), ("number", I), ("event", B), ("from_day", I), ("address", T)],
    ),
    register(
        "unit_change",
        1,
        &[("id", I), ("from_commune", I), ("into_commune", I), ("name", T), ("on_day", I), ("event", B)],
    ),
    register("organisation", 1, &[("id", T), ("parent", T), ("name_vi", T), ("name_en", T)]),
    register(
        "client",
        1,
        &[
            ("id", T),
            ("organisation", T),
            ("keys", T),
            ("dpop_bound", Truth),
            ("redirect_uris", T),
            ("post_logout_redirect_uris", T),
            ("suspended", T),
        ],
    ),
    register("contract", 1, &[("id", T), ("client", T), ("terms", T)]),
    register(
        "connection_act",
        2,
        &[("contract", T), ("sequence", I), ("at_us", I), ("stage", T), ("body", T)],
    ),
    register("connection_file", 2, &[("contract", T), ("sequence", I), ("content", B)]),
    register("access_token", 1, &[("hash", B), ("client", T), ("expires_us", I), ("key_thumbprint", B)]),
    register("spent_assertion", 2, &[("client", T), ("id", T), ("expires_us", I)]),
    register(
        "consent",
        1,
        &[("id", B), ("number", I), ("contract", T), ("state", T), ("asked_us", I), ("body", T)],
    ),
    register(
        "privacy_case",
        1,
        &[
            ("id", B),
            ("number", I),
            ("contract", T),
            ("received_us", I),
            ("is_open", Truth),
            ("due", I),
            ("restricts", Truth),
            ("moves", I),
            ("body", T),
        ],
    ),
    register(
        "court_order",
        1,
        &[
            ("id", B),
            ("number", I),
            ("contract", T),
            ("is_open", Truth),
            ("withholds", Truth),
            ("from_day", I),
            ("until_day", I),
            ("moves", I),
            ("body", T),
        ],
    ),
    register(
        "alarm",
        1,
        &[
            ("id", B),
            ("organisation", T),
            ("is_open", Truth),
            ("raised_us", I),
            ("notice_due_us", I),
            ("given_us", I),
            ("deliver_us", I),
            ("looks", I),
            ("version", I),
            ("found", T),
            ("evidence", T),
            ("care", T),
        ],
    ),
    register(
        "cohort_extract",
        1,
        &[
            ("id", B),
            ("contract", T),
            ("reference", T),
            ("is_open", Truth),
            ("waits", Truth),
            ("works", Truth),
            ("ends_us", I),
            ("asked_us", I),
            ("version", I),
            ("body", T),
        ],
    ),
    // A row is a month of the whole country, some megabytes.
    Table { rows_max: 4, ..register("census", 1, &[("day", I), ("known_at", I), ("cells", T)]) },
    register("cohort_row", 2, &[("extract", B), ("sequence", I), ("number", I), ("entry", I)]),
    register(
        "file_pair",
        1,
        &[("id", B), ("contract", T), ("is_waiting", Truth), ("queued_us", I), ("version", I), ("body", T)],
    ),
    register("file_pair_decision", 2, &[("pair", B), ("staff", T), ("decided_us", I)]),
    register("alarm_cursor", 1, &[("log", T), ("day", I), ("day_start", I), ("next", I)]),
    register("staff_number", 1, &[("staff", T), ("number", I)]),
    register("consent_use", 2, &[("consent", B), ("day", I), ("used", I)]),
    register(
        "product_usage",
        4,
        &[("log", T), ("contract", T), ("day", I), ("product", T), ("answers", I), ("fields", I)],
    ),
    register("usage_cursor", 1, &[("log", T), ("counted", I)]),
    register("refusal", 1, &[("id", I), ("at_us", I), ("client", T), ("reason", T)]),
    register(
        "account",
        1,
        &[("id", B), ("number", I), ("staff_id", T), ("name", T), ("role", T), ("opened", I), ("closed", I)],
    ),
    register(
        "code",
        1,
        &[
            ("hash", B),
            ("account", B),
            ("issued", I),
            ("expires", I),
            ("issued_by", B),
            ("used", I),
            ("taken_back", I),
        ],
    ),
    register(
        "passkey",
        1,
        &[("credential", B), ("account", B), ("key", T), ("registered", I), ("last_used", I)],
    ),
    register(
        "session",
        1,
        &[
            ("token", B),
            ("id", B),
            ("account", B),
            ("purpose", I),
            ("created", I),
            ("last_seen", I),
            ("expires", I),
        ],
    ),
    register("sign_in_request", 1, &[("id", B), ("client", T), ("body", T), ("expires", I)]),
    register(
        "sign_in_code",
        1,
        &[
            ("hash", B),
            ("client", T),
            ("account", B),
            ("session", B),
            ("family", B),
            ("body", T),
            ("expires", I),
            ("used", I),
        ],
    ),
    register(
        "sign_in_family",
        1,
        &[
            ("id", B),
            ("client", T),
            ("account", B),
            ("session", B),
            ("generation", I),
            ("rotated", I),
            ("begun", I),
            ("expires", I),
            ("ended", I),
            ("body", T),
        ],
    ),
    register("sign_in_token", 1, &[("hash", B), ("family", B), ("expires", I), ("body", T)]),
    register("portal", 2, &[("account", B), ("client", T), ("wish", T), ("agreed", I), ("last_sign_in", I)]),
    register("sign_in_entry", 3, &[("account", B), ("at", I), ("client", T), ("level", T)]),
    register(
        "visit",
        3,
        &[
            ("organisation", T),
            ("day", I),
            ("sequence", I),
            ("at_us", I),
            ("leaf_index", I),
            ("masked_name", T),
            ("staff", T),
        ],
    ),
    register(
        "feed_cursor",
        1,
        &[
            ("client", T),
            ("minor", P("major")),
            ("failures", I),
            ("first_failed_us", I),
            ("last_failure", T),
            ("next_try_us", I),
            ("delivered_us", I),
            ("stopped", T),
            ("version", I),
        ],
    ),
    register(
        "feed_batch",
        1,
        &[
            ("client", T),
            ("id", B),
            ("body", B),
            ("length", I),
            ("after_minor", P("after_major")),
            ("through_minor", P("through_major")),
            ("replays", B),
            ("terms", T),
        ],
    ),
    register(
        "feed_dead",
        1,
        &[
            ("id", B),
            ("client", T),
            ("after_minor", P("after_major")),
            ("through_minor", P("through_major")),
            ("length", I),
            ("died_us", I),
            ("attempts", I),
            ("failure", T),
            ("state", T),
        ],
    ),
    ledger(
        "record",
        1,
        &[("idx", I), ("contract", T), ("day", I), ("subject", I), ("record", B), ("salt", B)],
    ),
    ledger("quota", 3, &[("day", I), ("contract", T), ("node", I), ("used", I), ("leased", I)]),
    ledger("head", 1, &[("node", I), ("size", I), ("peaks", B), ("checkpoint", T), ("newest_us", I)]),
    ledger("node", 1, &[("number", I), ("name", T), ("verifier", T), ("keys", T)]),
    handover(
        "handover",
        1,
        &[
            ("sequence", I),
            ("id", B),
            ("state", I),
            ("queued_us", I),
            ("sent_us", I),
            ("settled_us", I),
            ("attempts", I),
            ("taken", B),
            ("answer", B),
        ],
    ),
];

impl Table {
    /// Names of the columns of the key.
    pub fn key_names(&self) -> impl Iterator<Item = &'static str> {
        self.columns[..self.key].iter().map(|(name, _)| *name)
    }

    /// Columns that hold the other halves of places in the outbox.
    pub fn majors(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().filter_map(|(_, kind)| match kind {
            Kind::Position(major) => Some(*major),
            _ => None,
        })
    }
}
