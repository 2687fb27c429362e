-- What was used of each product, counted from a log's records behind a cursor. Days are whole numbers yyyymmdd.
CREATE TABLE product_usage (
    log      text    COLLATE "C" NOT NULL,
    contract text    COLLATE "C" NOT NULL,
    day      integer NOT NULL,
    product  text    COLLATE "C" NOT NULL,
    answers  bigint  NOT NULL,
    fields   bigint  NOT NULL,
    PRIMARY KEY (log, contract, day, product)
);
CREATE INDEX product_usage_by_contract ON product_usage (contract, day);

CREATE TABLE usage_cursor (
    log     text   COLLATE "C" NOT NULL PRIMARY KEY,
    counted bigint NOT NULL
);
