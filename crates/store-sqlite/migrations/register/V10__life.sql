-- What was done to connections, by whom and when: their steps from draft to end, and the reviews.
CREATE TABLE connection_act (
    contract TEXT    NOT NULL REFERENCES contract (id),
    sequence INTEGER NOT NULL,
    at_us    INTEGER NOT NULL,
    -- Where a step led to; NULL for what is no step.
    stage    TEXT,
    body     TEXT    NOT NULL,
    PRIMARY KEY (contract, sequence)
) STRICT, WITHOUT ROWID;

-- Files that were attached to a review, by the act that attached them.
CREATE TABLE connection_file (
    contract TEXT    NOT NULL,
    sequence INTEGER NOT NULL,
    content  BLOB    NOT NULL,
    PRIMARY KEY (contract, sequence),
    FOREIGN KEY (contract, sequence) REFERENCES connection_act (contract, sequence)
) STRICT;

-- Contracts that are there were in use before there were reviews, and stay in use.
INSERT INTO connection_act (contract, sequence, at_us, stage, body)
SELECT id, 1, CAST(strftime('%s', 'now') AS INTEGER) * 1000000, 'official',
       '{"by":{"id":"dancu","name":"Dancu","side":"release"},"deed":"step","to":"official","ground":"Đã vận hành từ trước khi có thẩm định / in use before reviews existed"}'
FROM contract;
