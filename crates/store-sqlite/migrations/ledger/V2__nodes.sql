-- The logs of several nodes, as a copy out of a database brings them: files have one node that writes, 'main', and hold
-- what others wrote. A record's idx is the number of its node's log in the bits from the 40th on, and the index of its
-- leaf below.
CREATE TABLE node (
  number   INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 4095),
  name     TEXT    NOT NULL UNIQUE,
  verifier TEXT,                 -- verifier key of its log; nothing until it has started once
  keys     TEXT                  -- tells whether two nodes hold the same keys, and nothing of them
) STRICT;
INSERT INTO node (number, name) SELECT 0, 'main' FROM head;

-- The end of each log.
ALTER TABLE head RENAME TO head_before;
CREATE TABLE head (
  node       INTEGER PRIMARY KEY,
  size       INTEGER NOT NULL,   -- number of records
  peaks      BLOB    NOT NULL,   -- roots of the perfect subtrees, largest first, 32 bytes each
  checkpoint TEXT    NOT NULL,   -- signed note
  newest_us  INTEGER NOT NULL    -- time of the newest record, microseconds since 1970 UTC
) STRICT;
INSERT INTO head SELECT 0, size, peaks, checkpoint, newest_us FROM head_before;
DROP TABLE head_before;

-- Records of a contract on a day in each node's log, and the places of the day's limit that the node holds for them:
-- in files no others ever share a limit, so as many as there are records.
ALTER TABLE quota RENAME TO quota_before;
CREATE TABLE quota (
  day      INTEGER NOT NULL,
  contract TEXT    NOT NULL,
  node     INTEGER NOT NULL,
  used     INTEGER NOT NULL,
  leased   INTEGER NOT NULL CHECK (used <= leased),
  PRIMARY KEY (day, contract, node)
) STRICT, WITHOUT ROWID;
INSERT INTO quota SELECT day, contract, 0, used, used FROM quota_before;
DROP TABLE quota_before;
