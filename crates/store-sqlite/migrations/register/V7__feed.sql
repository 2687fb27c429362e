-- Where each subscriber of the change feed stands.
CREATE TABLE feed_cursor (
    client          TEXT    NOT NULL PRIMARY KEY,
    -- Everything of the outbox up to here is delivered, dead, or concerned others.
    major           INTEGER NOT NULL,
    minor           INTEGER NOT NULL,
    failures        INTEGER NOT NULL,
    first_failed_us INTEGER,
    -- Why the last attempt failed, as JSON.
    last_failure    TEXT,
    next_try_us     INTEGER,
    delivered_us    INTEGER,
    stopped         TEXT,
    -- Counts the saves: of two who save at once one is refused.
    version         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is on its way to a subscriber, one batch at most, byte for byte as it is sent.
CREATE TABLE feed_batch (
    client        TEXT    NOT NULL PRIMARY KEY,
    id            BLOB    NOT NULL,
    body          BLOB    NOT NULL,
    length        INTEGER NOT NULL,
    after_major   INTEGER NOT NULL,
    after_minor   INTEGER NOT NULL,
    through_major INTEGER NOT NULL,
    through_minor INTEGER NOT NULL,
    -- The dead letter that it sends again.
    replays       BLOB,
    terms         TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Stretches that could not be delivered. No personal data: at a replay they are told anew.
CREATE TABLE feed_dead (
    id            BLOB    NOT NULL PRIMARY KEY,
    client        TEXT    NOT NULL,
    after_major   INTEGER NOT NULL,
    after_minor   INTEGER NOT NULL,
    through_major INTEGER NOT NULL,
    through_minor INTEGER NOT NULL,
    length        INTEGER NOT NULL,
    died_us       INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    failure       TEXT    NOT NULL,
    state         TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_dead_by_client ON feed_dead (client, state, id);
