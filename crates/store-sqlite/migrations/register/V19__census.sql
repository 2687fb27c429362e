-- Numbers of persons as counted for the first day of a month (yyyymmdd), as known at an instant (microseconds since 1970 UTC): one
-- JSON list of what is told apart, exact counts and sums of keys. They are told rounded only (ADR 27).
CREATE TABLE census (
    day      INTEGER NOT NULL PRIMARY KEY,
    known_at INTEGER NOT NULL,
    cells    TEXT    NOT NULL
) STRICT;
