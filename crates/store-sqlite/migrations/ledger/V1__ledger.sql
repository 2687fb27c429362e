-- One row a disclosure, in the order of the log. Rows are only ever appended.
CREATE TABLE record (
  idx      INTEGER PRIMARY KEY,  -- index of the leaf, from 0
  contract TEXT    NOT NULL,     -- counted under this contract
  day      INTEGER NOT NULL,     -- counted on this day, yyyymmdd, Viet Nam
  subject  INTEGER NOT NULL,     -- personal number
  record   BLOB    NOT NULL,     -- the bytes that were hashed
  salt     BLOB    NOT NULL      -- 32 bytes
) STRICT;

-- Records of a contract on a day.
CREATE TABLE quota (
  day      INTEGER NOT NULL,
  contract TEXT    NOT NULL,
  used     INTEGER NOT NULL,
  PRIMARY KEY (day, contract)
) STRICT, WITHOUT ROWID;

-- The end of the log, one row.
CREATE TABLE head (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  size       INTEGER NOT NULL,   -- number of records
  peaks      BLOB    NOT NULL,   -- roots of the perfect subtrees, largest first, 32 bytes each
  checkpoint TEXT    NOT NULL,   -- signed note
  newest_us  INTEGER NOT NULL    -- time of the newest record, microseconds since 1970 UTC
) STRICT;
