-- Extracts of cohorts and who stands in them. Instants are microseconds since 1970 UTC.
CREATE TABLE cohort_extract (
    id        bytea   PRIMARY KEY,
    contract  text    COLLATE "C" NOT NULL,
    reference text    COLLATE "C" NOT NULL,
    -- Whether it is one of those of its contract that are under way; whether it waits for an officer.
    is_open   boolean NOT NULL,
    waits     boolean NOT NULL,
    -- Whether the program has something to do with it, and when its time is over; NULL when nothing ends.
    works     boolean NOT NULL,
    ends_us   bigint,
    asked_us  bigint  NOT NULL,
    version   bigint  NOT NULL,
    -- The extract as JSON.
    body      text    NOT NULL
);
CREATE INDEX cohort_extract_by_time ON cohort_extract (waits, asked_us, id);
CREATE INDEX cohort_extract_by_contract ON cohort_extract (contract, asked_us);
CREATE INDEX cohort_extract_working ON cohort_extract (asked_us, id) WHERE works;
CREATE INDEX cohort_extract_ending ON cohort_extract (ends_us) WHERE ends_us IS NOT NULL;
-- A contract has one under way with a reference at most.
CREATE UNIQUE INDEX cohort_extract_open ON cohort_extract (contract, reference) WHERE is_open;

-- Who stands in an extract, and which entry of the log says so. Removed when the extract expires.
CREATE TABLE cohort_row (
    extract  bytea  NOT NULL,
    sequence bigint NOT NULL,
    number   bigint NOT NULL,
    entry    bigint NOT NULL,
    PRIMARY KEY (extract, sequence)
);
