-- Accounts, one-time codes, passkeys, sessions. Instants are microseconds since 1970 UTC.
-- Ids and hashes are blobs of 16 or 32 bytes; no code and no token is ever in here.

-- A citizen has a number, a member of staff has a staff id, a name and a role (JSON).
CREATE TABLE account (
    id       BLOB    NOT NULL PRIMARY KEY,
    number   INTEGER UNIQUE,
    staff_id TEXT    UNIQUE,
    name     TEXT,
    role     TEXT,
    opened   INTEGER NOT NULL,
    closed   INTEGER,
    CHECK ((number IS NULL) = (staff_id IS NOT NULL AND name IS NOT NULL AND role IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE code (
    hash       BLOB    NOT NULL PRIMARY KEY,
    account    BLOB    NOT NULL REFERENCES account (id),
    issued     INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    issued_by  BLOB    REFERENCES account (id),
    used       INTEGER,
    taken_back INTEGER
) STRICT, WITHOUT ROWID;

-- An account has one live code at most.
CREATE UNIQUE INDEX code_live ON code (account) WHERE used IS NULL AND taken_back IS NULL;
CREATE INDEX code_expires ON code (expires);

CREATE TABLE passkey (
    credential BLOB    NOT NULL PRIMARY KEY,
    account    BLOB    NOT NULL REFERENCES account (id),
    key        TEXT    NOT NULL,
    registered INTEGER NOT NULL,
    last_used  INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passkey_account ON passkey (account, registered);

-- purpose: 0 full, 1 enrolment (a citizen between code and passkey).
CREATE TABLE session (
    token     BLOB    NOT NULL PRIMARY KEY,
    id        BLOB    NOT NULL UNIQUE,
    account   BLOB    NOT NULL REFERENCES account (id),
    purpose   INTEGER NOT NULL CHECK (purpose IN (0, 1)),
    created   INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    expires   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_account ON session (account, last_seen);
CREATE INDEX session_expires ON session (expires);
