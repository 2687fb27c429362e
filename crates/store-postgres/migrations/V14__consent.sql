-- What persons consented to, from the organisation's request to the end, and how often a consent was used on its last day
-- of use.
CREATE TABLE consent (
    id       bytea  PRIMARY KEY,
    number   bigint NOT NULL,
    contract text   COLLATE "C" NOT NULL,
    state    text   NOT NULL,
    asked_us bigint NOT NULL,
    body     text   NOT NULL
);
CREATE INDEX consent_by_person ON consent (number, asked_us, id);
CREATE INDEX consent_by_contract ON consent (contract, asked_us);
-- A person has one consent under a contract at most.
CREATE UNIQUE INDEX consent_granted ON consent (contract, number) WHERE state = 'granted';

CREATE TABLE consent_use (
    consent bytea   NOT NULL,
    day     integer NOT NULL,
    used    bigint  NOT NULL,
    PRIMARY KEY (consent, day)
);
