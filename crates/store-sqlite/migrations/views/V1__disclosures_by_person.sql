-- The index from a person to the disclosures about them, in sorted runs: a new run is written at the end of the
-- file, and runs of like size are merged now and then. So no write lands on a random page.
CREATE TABLE entry (
  run     INTEGER NOT NULL,
  subject INTEGER NOT NULL,      -- personal number
  idx     INTEGER NOT NULL,      -- index of the leaf
  PRIMARY KEY (run, subject, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  run     INTEGER PRIMARY KEY,
  entries INTEGER NOT NULL
) STRICT;

-- How many records, from the first, are in the index; one row.
CREATE TABLE cursor (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  next INTEGER NOT NULL
) STRICT;
INSERT INTO cursor (id, next) VALUES (1, 0);
