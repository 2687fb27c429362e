-- Facts about persons, on two time axes.
-- Days are whole numbers yyyymmdd, open end 99991231; instants are microseconds since 1970 UTC, open end 2^63 - 1.
-- Clustered by person: one scan of a range reads everything known about one person.
-- Append-only: a row changes once, when the end of its record time closes.
CREATE TABLE fact (
    number        INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL,
    valid_from    INTEGER NOT NULL,
    recorded_to   INTEGER NOT NULL,
    valid_to      INTEGER NOT NULL,
    value         TEXT    NOT NULL,
    source        INTEGER NOT NULL,
    PRIMARY KEY (number, kind, recorded_from, valid_from)
) STRICT, WITHOUT ROWID;
