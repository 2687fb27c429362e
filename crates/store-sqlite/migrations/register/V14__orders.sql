-- Orders of courts behind which a person does not see a disclosure. Days are whole numbers yyyymmdd.
CREATE TABLE court_order (
    id        BLOB    NOT NULL PRIMARY KEY,
    number    INTEGER NOT NULL,
    contract  TEXT    NOT NULL,
    is_open   INTEGER NOT NULL,
    withholds INTEGER NOT NULL,
    from_day  INTEGER NOT NULL,
    until_day INTEGER NOT NULL,
    moves     INTEGER NOT NULL,
    -- The order as JSON.
    body      TEXT    NOT NULL
) STRICT;
CREATE INDEX court_order_by_day ON court_order (is_open, until_day, id);
-- A person has one open order under a contract at most.
CREATE UNIQUE INDEX court_order_open ON court_order (number, contract) WHERE is_open;
