-- Doubtful pairs of files that are matched, and who decided on them. Instants are microseconds since 1970 UTC.
CREATE TABLE file_pair (
    id         BLOB    NOT NULL PRIMARY KEY,
    contract   TEXT    NOT NULL,
    is_waiting INTEGER NOT NULL,
    queued_us  INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    -- The pair as JSON.
    body       TEXT    NOT NULL
) STRICT;
CREATE INDEX file_pair_waiting ON file_pair (queued_us, id) WHERE is_waiting;
CREATE INDEX file_pair_decided ON file_pair (contract, id) WHERE NOT is_waiting;

CREATE TABLE file_pair_decision (
    pair       BLOB    NOT NULL,
    staff      TEXT    NOT NULL,
    decided_us INTEGER NOT NULL,
    PRIMARY KEY (pair, staff)
) STRICT, WITHOUT ROWID;
CREATE INDEX file_pair_decision_by_time ON file_pair_decision (decided_us, staff);
