-- Commands that a commune took in for the centre, in the order in which they are handed over. `taken` and `answer` are
-- encrypted by the room; `state` is its number (0 waiting, 1 sent, 2 accepted, 3 refused, 4 withdrawn).
CREATE TABLE handover (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
    id         BLOB NOT NULL UNIQUE,
    state      INTEGER NOT NULL,
    queued_us  INTEGER NOT NULL,
    sent_us    INTEGER,
    settled_us INTEGER,
    attempts   INTEGER NOT NULL DEFAULT 0,
    taken      BLOB NOT NULL,
    answer     BLOB
) STRICT;

CREATE INDEX handover_by_state ON handover (state, sequence);
