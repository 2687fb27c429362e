-- Admissions at a desk. The person is named by the disclosure only, so that this table profiles nobody.

CREATE TABLE visit (
    organisation TEXT    NOT NULL,
    -- The civil day in Viet Nam, yyyymmdd.
    day          INTEGER NOT NULL,
    -- Counts from 1 each day.
    sequence     INTEGER NOT NULL,
    at_us        INTEGER NOT NULL,
    -- The scan that was admitted; a second click finds the same visit.
    leaf_index   INTEGER NOT NULL UNIQUE,
    masked_name  TEXT    NOT NULL,
    staff        TEXT    NOT NULL,
    PRIMARY KEY (organisation, day, sequence)
) STRICT, WITHOUT ROWID;
