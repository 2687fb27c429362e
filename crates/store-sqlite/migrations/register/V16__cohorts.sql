-- Extracts of cohorts and who stands in them. Instants are microseconds since 1970 UTC.
CREATE TABLE cohort_extract (
    id        BLOB    NOT NULL PRIMARY KEY,
    contract  TEXT    NOT NULL,
    reference TEXT    NOT NULL,
    -- Whether it is one of those of its contract that are under way; whether it waits for an officer.
    is_open   INTEGER NOT NULL,
    waits     INTEGER NOT NULL,
    -- Whether the program has something to do with it, and when its time is over; NULL when nothing ends.
    works     INTEGER NOT NULL,
    ends_us   INTEGER,
    asked_us  INTEGER NOT NULL,
    version   INTEGER NOT NULL,
    -- The extract as JSON.
    body      TEXT    NOT NULL
) STRICT;
CREATE INDEX cohort_extract_by_time ON cohort_extract (waits, asked_us, id);
CREATE INDEX cohort_extract_by_contract ON cohort_extract (contract, asked_us);
CREATE INDEX cohort_extract_working ON cohort_extract (asked_us, id) WHERE works;
CREATE INDEX cohort_extract_ending ON cohort_extract (ends_us) WHERE ends_us IS NOT NULL;
-- A contract has one under way with a reference at most.
CREATE UNIQUE INDEX cohort_extract_open ON cohort_extract (contract, reference) WHERE is_open;

-- Who stands in an extract, and which entry of the log says so. Removed when the extract expires.
CREATE TABLE cohort_row (
    extract  BLOB    NOT NULL,
    sequence INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    entry    INTEGER NOT NULL,
    PRIMARY KEY (extract, sequence)
) STRICT, WITHOUT ROWID;
