-- Facts about persons, on two time axes.
--
-- Days are whole numbers yyyymmdd, instants are microseconds since 1970 UTC. An open end is NULL: it takes no
-- byte, and nearly every row has two.

-- Where facts come from. A file has its digest in its name, so that each file is a source of its own.
CREATE TABLE fact_source (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- Clustered by person: one scan of a range reads everything known about one person.
-- Append-only: a row changes once, when the end of its time of record closes.
CREATE TABLE fact (
    number        INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL,
    valid_from    INTEGER NOT NULL,
    recorded_to   INTEGER,
    valid_to      INTEGER,
    source        INTEGER NOT NULL,
    value         TEXT    NOT NULL,
    PRIMARY KEY (number, kind, recorded_from, valid_from)
) STRICT, WITHOUT ROWID;

-- Persons of whom anything was ever recorded.
CREATE TABLE person_count (persons INTEGER NOT NULL) STRICT;
INSERT INTO person_count VALUES (0);

-- Everyone who ever was in a household; the facts tell who is at a point of time.
CREATE TABLE household_person (
    household TEXT    NOT NULL,
    number    INTEGER NOT NULL,
    PRIMARY KEY (household, number)
) STRICT, WITHOUT ROWID;

-- How far files are loaded. Written in the transaction of the facts.
CREATE TABLE load_file (
    source   INTEGER PRIMARY KEY,
    digest   BLOB    NOT NULL UNIQUE,
    bytes    INTEGER NOT NULL,
    lines    INTEGER NOT NULL,
    rows     INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    complete INTEGER NOT NULL
) STRICT;

-- Rows that were not taken, as they stood in the file.
CREATE TABLE load_reject (
    source     INTEGER NOT NULL,
    line       INTEGER NOT NULL,
    field      TEXT    NOT NULL,
    code       TEXT    NOT NULL,
    message_vi TEXT    NOT NULL,
    message_en TEXT    NOT NULL,
    row        BLOB    NOT NULL,
    PRIMARY KEY (source, line)
) STRICT, WITHOUT ROWID;
