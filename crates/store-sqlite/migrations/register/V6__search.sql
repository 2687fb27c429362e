-- The index by which persons are found. An entry is 18 bytes whose order is that of names: see the room `search`.
--
-- A row in random order costs a page of a large table each; a row in its order costs its own bytes. So entries are
-- collected in a small table, packed into sorted runs of blocks when there are enough, and runs are packed together.
-- Runs only come and go as a whole; a look-up asks every run.

-- Words of names in the form in which writings of one name meet, in the order in which they came.
CREATE TABLE search_word (
    id   INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE
) STRICT;

-- Entries that are in no run yet.
CREATE TABLE search_new (
    entry BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- level: 0 for a run made of collected entries, 1 for one made of runs.
CREATE TABLE search_run (
    run     INTEGER PRIMARY KEY,
    level   INTEGER NOT NULL,
    entries INTEGER NOT NULL
) STRICT;

-- Entries of a run, sorted and without gaps. A block fills one page of the table.
CREATE TABLE search_block (
    id      INTEGER PRIMARY KEY,
    entries BLOB NOT NULL
) STRICT;

-- Where the blocks of a run begin.
CREATE TABLE search_place (
    run   INTEGER NOT NULL,
    first BLOB    NOT NULL,
    block INTEGER NOT NULL,
    PRIMARY KEY (run, first)
) STRICT, WITHOUT ROWID;

-- Persons who were in the register before this index are put in it after the start, some thousands at a time.
CREATE TABLE search_progress (
    after       INTEGER NOT NULL,
    done        INTEGER NOT NULL,
    is_complete INTEGER NOT NULL
) STRICT;
INSERT INTO search_progress SELECT 0, 0, NOT EXISTS (SELECT 1 FROM fact);
