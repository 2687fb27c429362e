-- Everything of the outbox up to here was removed because of its age. One row, or none while nothing was.
CREATE TABLE outbox_start (
    id    integer PRIMARY KEY CHECK (id = 0),
    major bigint NOT NULL,
    minor bigint NOT NULL
);
