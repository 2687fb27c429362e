-- The disclosure records in the order of the log, their counts, the end of the log, and the index by person.

CREATE TABLE record (
    idx      bigint  PRIMARY KEY,
    contract text    NOT NULL,
    day      integer NOT NULL,
    subject  bigint  NOT NULL,
    record   bytea   NOT NULL,
    salt     bytea   NOT NULL
);

CREATE TABLE quota (
    day      integer          NOT NULL,
    contract text COLLATE "C" NOT NULL,
    used     bigint           NOT NULL,
    PRIMARY KEY (day, contract)
);

CREATE TABLE head (
    id         integer PRIMARY KEY CHECK (id = 1),
    size       bigint  NOT NULL,
    peaks      bytea   NOT NULL,
    checkpoint text    NOT NULL,
    newest_us  bigint  NOT NULL
);

-- Derived from the records; `dancu ledger repair` builds it again.
CREATE TABLE disclosure_of_person (
    subject bigint NOT NULL,
    idx     bigint NOT NULL,
    PRIMARY KEY (subject, idx)
);

-- How many records, from the first, are in that index; one row.
CREATE TABLE disclosure_cursor (next bigint NOT NULL);
INSERT INTO disclosure_cursor VALUES (0);
