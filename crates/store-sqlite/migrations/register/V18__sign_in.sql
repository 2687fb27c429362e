-- One sign-in for every portal (ADR 22): requests that portals pushed, codes, what was granted, access tokens, the
-- portals that persons are connected with, and their sign-ins. Instants are microseconds since 1970 UTC.
-- No code and no token is ever in here: hashes of them, and of refresh tokens not even that.

-- Where browsers come back to: lists of addresses (JSON).
ALTER TABLE client ADD COLUMN redirect_uris TEXT NOT NULL DEFAULT '[]';
ALTER TABLE client ADD COLUMN post_logout_redirect_uris TEXT NOT NULL DEFAULT '[]';

CREATE TABLE sign_in_request (
    id      BLOB    NOT NULL PRIMARY KEY,
    client  TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_request_expires ON sign_in_request (expires);

-- used: the code was exchanged, and the family begun.
CREATE TABLE sign_in_code (
    hash    BLOB    NOT NULL PRIMARY KEY,
    client  TEXT    NOT NULL,
    account BLOB    NOT NULL REFERENCES account (id),
    session BLOB    NOT NULL,
    family  BLOB    NOT NULL,
    body    TEXT    NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_code_expires ON sign_in_code (expires);

-- What was granted at one sign-in, with the generation of its refresh token.
CREATE TABLE sign_in_family (
    id         BLOB    NOT NULL PRIMARY KEY,
    client     TEXT    NOT NULL,
    account    BLOB    NOT NULL REFERENCES account (id),
    session    BLOB    NOT NULL,
    generation INTEGER NOT NULL,
    rotated    INTEGER NOT NULL,
    begun      INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    ended      INTEGER,
    body       TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_family_account ON sign_in_family (account, client, begun);
CREATE INDEX sign_in_family_session ON sign_in_family (session);
CREATE INDEX sign_in_family_expires ON sign_in_family (expires);

CREATE TABLE sign_in_token (
    hash    BLOB    NOT NULL PRIMARY KEY,
    family  BLOB    NOT NULL,
    expires INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_token_expires ON sign_in_token (expires);

-- What a person agreed that a portal learns.
CREATE TABLE portal (
    account      BLOB    NOT NULL REFERENCES account (id),
    client       TEXT    NOT NULL,
    wish         TEXT    NOT NULL,
    agreed       INTEGER NOT NULL,
    last_sign_in INTEGER NOT NULL,
    PRIMARY KEY (account, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_entry (
    account BLOB    NOT NULL REFERENCES account (id),
    at      INTEGER NOT NULL,
    client  TEXT    NOT NULL,
    level   TEXT    NOT NULL,
    PRIMARY KEY (account, at, client)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_entry_at ON sign_in_entry (at);
