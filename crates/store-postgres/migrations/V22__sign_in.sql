-- One sign-in for every portal (ADR 22): requests that portals pushed, codes, what was granted, access tokens, the
-- portals that persons are connected with, and their sign-ins. Instants are microseconds since 1970 UTC.
-- No code and no token is ever in here: hashes of them, and of refresh tokens not even that.

-- Where browsers come back to: lists of addresses (JSON).
ALTER TABLE client ADD COLUMN redirect_uris text NOT NULL DEFAULT '[]';
ALTER TABLE client ADD COLUMN post_logout_redirect_uris text NOT NULL DEFAULT '[]';

CREATE TABLE sign_in_request (
    id      bytea   PRIMARY KEY,
    client  text COLLATE "C"    NOT NULL,
    body    text    NOT NULL,
    expires bigint  NOT NULL
);
CREATE INDEX sign_in_request_expires ON sign_in_request (expires);

-- used: the code was exchanged, and the family begun.
CREATE TABLE sign_in_code (
    hash    bytea   PRIMARY KEY,
    client  text COLLATE "C"    NOT NULL,
    account bytea   NOT NULL,
    session bytea   NOT NULL,
    family  bytea   NOT NULL,
    body    text    NOT NULL,
    expires bigint  NOT NULL,
    used    bigint
);
CREATE INDEX sign_in_code_expires ON sign_in_code (expires);

-- What was granted at one sign-in, with the generation of its refresh token.
CREATE TABLE sign_in_family (
    id         bytea   PRIMARY KEY,
    client     text COLLATE "C"    NOT NULL,
    account    bytea   NOT NULL,
    session    bytea   NOT NULL,
    generation bigint  NOT NULL,
    rotated    bigint  NOT NULL,
    begun      bigint  NOT NULL,
    expires    bigint  NOT NULL,
    ended      bigint ,
    body       text    NOT NULL
);
CREATE INDEX sign_in_family_account ON sign_in_family (account, client, begun);
CREATE INDEX sign_in_family_session ON sign_in_family (session);
CREATE INDEX sign_in_family_expires ON sign_in_family (expires);

CREATE TABLE sign_in_token (
    hash    bytea   PRIMARY KEY,
    family  bytea   NOT NULL,
    expires bigint  NOT NULL,
    body    text    NOT NULL
);
CREATE INDEX sign_in_token_expires ON sign_in_token (expires);

-- What a person agreed that a portal learns.
CREATE TABLE portal (
    account      bytea   NOT NULL,
    client       text COLLATE "C"    NOT NULL,
    wish         text    NOT NULL,
    agreed       bigint  NOT NULL,
    last_sign_in bigint  NOT NULL,
    PRIMARY KEY (account, client)
);

CREATE TABLE sign_in_entry (
    account bytea   NOT NULL,
    at      bigint  NOT NULL,
    client  text COLLATE "C"    NOT NULL,
    level   text    NOT NULL,
    PRIMARY KEY (account, at, client)
);
CREATE INDEX sign_in_entry_at ON sign_in_entry (at);
