-- What changes the register: events, sealed values, findings, proposals, the change feed, and two indexes of persons.
--
-- Days are whole numbers yyyymmdd, instants are microseconds since 1970 UTC, identifiers are UUIDs of 16 bytes.

-- Ethnicity, religion, blood group, portrait, fingerprints: like `fact`, with values that only a key outside opens.
CREATE TABLE sealed_fact (
    number        INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    recorded_from INTEGER NOT NULL,
    valid_from    INTEGER NOT NULL,
    recorded_to   INTEGER,
    valid_to      INTEGER,
    source        INTEGER NOT NULL,
    value         BLOB    NOT NULL,
    PRIMARY KEY (number, kind, recorded_from, valid_from)
) STRICT, WITHOUT ROWID;

-- Everyone (`number`) who ever named somebody (`relative`) as parent, spouse or representative.
CREATE TABLE relative (
    relative INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    PRIMARY KEY (relative, number)
) STRICT, WITHOUT ROWID;

-- Facts of families are [marital status, father, mother, spouse].
INSERT INTO relative (relative, number)
SELECT DISTINCT json_extract(value, '$[' || place || ']') AS relative, number
FROM fact, (SELECT 1 AS place UNION ALL SELECT 2 UNION ALL SELECT 3)
WHERE kind = 2 AND relative IS NOT NULL
ORDER BY relative, number;

-- Everyone who ever resided in a commune, permanently or for a time.
CREATE TABLE commune_person (
    commune INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    PRIMARY KEY (commune, number)
) STRICT, WITHOUT ROWID;

-- Facts of residence are [commune, address, household, relation, [commune, address, since] of the temporary one].
INSERT INTO commune_person (commune, number)
SELECT DISTINCT json_extract(value, place) AS commune, number
FROM fact, (SELECT '$[0]' AS place UNION ALL SELECT '$[4][0]')
WHERE kind = 3 AND commune IS NOT NULL
ORDER BY commune, number;

-- Accepted commands. Bodies are long, so that they stand apart from the index of their identifiers.
CREATE TABLE event (
    id          BLOB    NOT NULL PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    -- Keyed digest of the command as it was sent.
    digest      BLOB    NOT NULL,
    -- The event as JSON.
    body        TEXT    NOT NULL
) STRICT;

-- The events of a person. Two of them are never recorded at one instant.
CREATE TABLE event_person (
    number      INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    event       BLOB    NOT NULL,
    PRIMARY KEY (number, recorded_at)
) STRICT, WITHOUT ROWID;

-- Events that were taken back, with the event that did it.
CREATE TABLE taken_back (
    event    BLOB NOT NULL PRIMARY KEY,
    by_event BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- One row a person and event that changed something. One writer commits in the order of the sequence.
CREATE TABLE outbox (
    sequence    INTEGER PRIMARY KEY,
    number      INTEGER NOT NULL,
    event       BLOB    NOT NULL,
    recorded_at INTEGER NOT NULL,
    -- Bit 1 << kind for each kind that changed; the sealed ones are never told.
    kinds       INTEGER NOT NULL
) STRICT;

-- What is odd. The columns beside the body (JSON) are what lists are filtered and ordered by.
CREATE TABLE finding (
    id       BLOB    NOT NULL PRIMARY KEY,
    kind     TEXT    NOT NULL,
    -- Commune; NULL for the centre.
    owner    INTEGER,
    state    TEXT    NOT NULL,
    found_at INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    -- Steps taken.
    moves    INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT;
CREATE INDEX finding_by_time ON finding (found_at, id);
CREATE INDEX finding_by_state ON finding (state, found_at, id);
CREATE INDEX finding_by_owner ON finding (owner, state, found_at, id);

-- Corrections that somebody proposes and the commune decides.
CREATE TABLE proposal (
    id     BLOB    NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    owner  INTEGER NOT NULL,
    state  TEXT    NOT NULL,
    due    INTEGER NOT NULL,
    moves  INTEGER NOT NULL,
    body   TEXT    NOT NULL
) STRICT;
CREATE INDEX proposal_by_due ON proposal (due, id);
CREATE INDEX proposal_by_state ON proposal (state, due, id);
CREATE INDEX proposal_by_owner ON proposal (owner, state, due, id);
CREATE INDEX proposal_by_number ON proposal (number, due, id);

-- The communes' books of stays. Read by commune and day, never by person: there is no index by number.
CREATE TABLE stay (
    commune   INTEGER NOT NULL,
    from_day  INTEGER NOT NULL,
    -- First day after the stay.
    until_day INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    event     BLOB    NOT NULL,
    address   TEXT    NOT NULL,
    PRIMARY KEY (commune, until_day, number, event)
) STRICT, WITHOUT ROWID;
CREATE INDEX stay_by_end ON stay (until_day);
CREATE INDEX stay_by_event ON stay (event);

-- Communes that passed on. Few rows; those of one day count in the order in which they were recorded.
CREATE TABLE unit_change (
    id           INTEGER PRIMARY KEY,
    from_commune INTEGER NOT NULL,
    into_commune INTEGER NOT NULL,
    name         TEXT    NOT NULL,
    on_day       INTEGER NOT NULL,
    event        BLOB    NOT NULL
) STRICT;
