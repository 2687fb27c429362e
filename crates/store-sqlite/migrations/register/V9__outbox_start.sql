-- Everything of the outbox up to here was removed because of its age. One row, or none while nothing was.
CREATE TABLE outbox_start (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 0),
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL
) STRICT;
