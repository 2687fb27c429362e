-- Looks that fall outside of the work for which somebody may look. Instants are microseconds since 1970 UTC, days whole
-- numbers yyyymmdd.
CREATE TABLE alarm (
    id            BLOB    NOT NULL PRIMARY KEY,
    -- Whose client looked; NULL where several did.
    organisation  TEXT,
    is_open       INTEGER NOT NULL,
    raised_us     INTEGER NOT NULL,
    -- Last instant for a notice that is owed; NULL when none is.
    notice_due_us INTEGER,
    -- When the agency was told; when its webhook is tried next.
    given_us      INTEGER,
    deliver_us    INTEGER,
    looks         INTEGER NOT NULL,
    version       INTEGER NOT NULL,
    -- What was found, its evidence (places in the log and counts), and what people did, each as JSON.
    found         TEXT    NOT NULL,
    evidence      TEXT    NOT NULL,
    care          TEXT    NOT NULL
) STRICT;
CREATE INDEX alarm_by_time ON alarm (is_open, raised_us, id);
CREATE INDEX alarm_by_notice ON alarm (notice_due_us, id) WHERE notice_due_us IS NOT NULL;
CREATE INDEX alarm_by_agency ON alarm (organisation, given_us, id) WHERE given_us IS NOT NULL;
CREATE INDEX alarm_to_deliver ON alarm (deliver_us) WHERE deliver_us IS NOT NULL;

-- How far the watch is in each log: the first leaf of the day under way, and the first that was never looked at.
CREATE TABLE alarm_cursor (
    log       TEXT    NOT NULL PRIMARY KEY,
    day       INTEGER NOT NULL,
    day_start INTEGER NOT NULL,
    next      INTEGER NOT NULL
) STRICT;

-- The personal number of a member of staff, declared so that looks at the own circle are seen; read by the watch alone.
CREATE TABLE staff_number (
    staff  TEXT    NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT;

-- Limits that were lowered for a time are acts of a connection; the directory asks for these alone.
CREATE INDEX connection_act_ceiling ON connection_act (contract, sequence)
    WHERE json_extract(body, '$.deed') = 'ceiling';
