-- Orders of courts behind which a person does not see a disclosure. Days are whole numbers yyyymmdd.
CREATE TABLE court_order (
    id        bytea   PRIMARY KEY,
    number    bigint  NOT NULL,
    contract  text    COLLATE "C" NOT NULL,
    is_open   boolean NOT NULL,
    withholds boolean NOT NULL,
    from_day  integer NOT NULL,
    until_day integer NOT NULL,
    moves     bigint  NOT NULL,
    body      text    NOT NULL
);
CREATE INDEX court_order_by_day ON court_order (is_open, until_day, id);
-- A person has one open order under a contract at most.
CREATE UNIQUE INDEX court_order_open ON court_order (number, contract) WHERE is_open;
