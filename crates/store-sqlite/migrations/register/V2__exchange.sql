-- Who is connected, the tokens they hold, the assertions they spent, and what was refused them.

CREATE TABLE organisation (
    id      TEXT NOT NULL PRIMARY KEY,
    name_vi TEXT NOT NULL,
    name_en TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE client (
    id           TEXT NOT NULL PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (id),
    -- JSON Web Keys, public parts only.
    keys         TEXT NOT NULL,
    -- Stated ground; NULL while the client may work.
    suspended    TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE contract (
    id     TEXT NOT NULL PRIMARY KEY,
    client TEXT NOT NULL UNIQUE REFERENCES client (id),
    -- The contract as JSON, as the operator stated it.
    terms  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The secret itself is never kept, only its SHA-256.
CREATE TABLE access_token (
    hash       BLOB    NOT NULL PRIMARY KEY,
    client     TEXT    NOT NULL,
    expires_us INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_token_by_end ON access_token (expires_us);

CREATE TABLE spent_assertion (
    client     TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    expires_us INTEGER NOT NULL,
    PRIMARY KEY (client, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX spent_assertion_by_end ON spent_assertion (expires_us);

CREATE TABLE refusal (
    id     INTEGER PRIMARY KEY,
    at_us  INTEGER NOT NULL,
    client TEXT,
    reason TEXT    NOT NULL
) STRICT;
