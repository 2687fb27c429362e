-- Requests of persons about their data, as cases with last days. Instants are microseconds since 1970 UTC, days whole
-- numbers yyyymmdd.
CREATE TABLE privacy_case (
    id          BLOB    NOT NULL PRIMARY KEY,
    number      INTEGER NOT NULL,
    contract    TEXT    NOT NULL,
    received_us INTEGER NOT NULL,
    -- Whether something is still to be done, and the last day of what is next.
    is_open     INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    -- Whether questions under the contract about the person are refused.
    restricts   INTEGER NOT NULL,
    moves       INTEGER NOT NULL,
    -- The case as JSON.
    body        TEXT    NOT NULL
) STRICT;
CREATE INDEX privacy_case_by_person ON privacy_case (number, received_us, id);
CREATE INDEX privacy_case_by_due ON privacy_case (is_open, due, id);
CREATE INDEX privacy_case_restricting ON privacy_case (contract, number) WHERE restricts;
