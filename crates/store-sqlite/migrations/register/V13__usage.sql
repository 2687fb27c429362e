-- What was used of each product, counted from a log's records behind a cursor. Days are whole numbers yyyymmdd.
CREATE TABLE product_usage (
    log      TEXT    NOT NULL,
    contract TEXT    NOT NULL,
    day      INTEGER NOT NULL,
    product  TEXT    NOT NULL,
    answers  INTEGER NOT NULL,
    fields   INTEGER NOT NULL,
    PRIMARY KEY (log, contract, day, product)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_usage_by_contract ON product_usage (contract, day);

CREATE TABLE usage_cursor (
    log     TEXT    NOT NULL PRIMARY KEY,
    counted INTEGER NOT NULL
) STRICT;
