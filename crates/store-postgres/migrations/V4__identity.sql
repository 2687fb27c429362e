-- Accounts, one-time codes, passkeys, sessions. Not sharded: found by number, by staff identifier, by token and by
-- credential. No code and no token is ever in here.

CREATE TABLE account (
    id       bytea PRIMARY KEY,
    number   bigint UNIQUE,
    staff_id text COLLATE "C" UNIQUE,
    name     text,
    role     text,
    opened   bigint NOT NULL,
    closed   bigint,
    CHECK ((number IS NULL) = (staff_id IS NOT NULL AND name IS NOT NULL AND role IS NOT NULL))
);

CREATE TABLE code (
    hash       bytea  PRIMARY KEY,
    account    bytea  NOT NULL,
    issued     bigint NOT NULL,
    expires    bigint NOT NULL,
    issued_by  bytea,
    used       bigint,
    taken_back bigint
);

-- An account has one live code at most.
CREATE UNIQUE INDEX code_live ON code (account) WHERE used IS NULL AND taken_back IS NULL;
CREATE INDEX code_expires ON code (expires);

CREATE TABLE passkey (
    credential bytea  PRIMARY KEY,
    account    bytea  NOT NULL,
    key        text   NOT NULL,
    registered bigint NOT NULL,
    last_used  bigint
);
CREATE INDEX passkey_account ON passkey (account, registered);

-- purpose: 0 full, 1 enrolment (a citizen between code and passkey).
CREATE TABLE session (
    token     bytea   PRIMARY KEY,
    id        bytea   NOT NULL UNIQUE,
    account   bytea   NOT NULL,
    purpose   integer NOT NULL CHECK (purpose IN (0, 1)),
    created   bigint  NOT NULL,
    last_seen bigint  NOT NULL,
    expires   bigint  NOT NULL
);
CREATE INDEX session_account ON session (account, last_seen);
CREATE INDEX session_expires ON session (expires);
