-- What persons consented to, from the organisation's request to the end, and how often a consent was used on its last day
-- of use. Instants are microseconds since 1970 UTC, days whole numbers yyyymmdd.
CREATE TABLE consent (
    id       BLOB    NOT NULL PRIMARY KEY,
    number   INTEGER NOT NULL,
    contract TEXT    NOT NULL,
    state    TEXT    NOT NULL,
    asked_us INTEGER NOT NULL,
    -- The consent as JSON.
    body     TEXT    NOT NULL
) STRICT;
CREATE INDEX consent_by_person ON consent (number, asked_us, id);
CREATE INDEX consent_by_contract ON consent (contract, asked_us);
-- A person has one consent under a contract at most.
CREATE UNIQUE INDEX consent_granted ON consent (contract, number) WHERE state = 'granted';

CREATE TABLE consent_use (
    consent BLOB    NOT NULL,
    day     INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    PRIMARY KEY (consent, day)
) STRICT, WITHOUT ROWID;
