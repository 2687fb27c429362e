-- Doubtful pairs of files that are matched, and who decided on them. Instants are microseconds since 1970 UTC.
CREATE TABLE file_pair (
    id         bytea   PRIMARY KEY,
    contract   text    COLLATE "C" NOT NULL,
    is_waiting boolean NOT NULL,
    queued_us  bigint  NOT NULL,
    version    bigint  NOT NULL,
    -- The pair as JSON.
    body       text    NOT NULL
);
CREATE INDEX file_pair_waiting ON file_pair (queued_us, id) WHERE is_waiting;
CREATE INDEX file_pair_decided ON file_pair (contract, id) WHERE NOT is_waiting;

CREATE TABLE file_pair_decision (
    pair       bytea  NOT NULL,
    staff      text   COLLATE "C" NOT NULL,
    decided_us bigint NOT NULL,
    PRIMARY KEY (pair, staff)
);
CREATE INDEX file_pair_decision_by_time ON file_pair_decision (decided_us, staff);
