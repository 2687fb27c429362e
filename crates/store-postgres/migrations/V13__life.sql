-- What was done to connections, by whom and when: their steps from draft to end, and the reviews.
CREATE TABLE connection_act (
    contract text COLLATE "C" NOT NULL REFERENCES contract (id),
    sequence bigint  NOT NULL,
    at_us    bigint  NOT NULL,
    -- Where a step led to; NULL for what is no step.
    stage    text,
    body     text    NOT NULL,
    PRIMARY KEY (contract, sequence)
);

-- Files that were attached to a review, by the act that attached them.
CREATE TABLE connection_file (
    contract text COLLATE "C" NOT NULL,
    sequence bigint  NOT NULL,
    content  bytea   NOT NULL,
    PRIMARY KEY (contract, sequence),
    FOREIGN KEY (contract, sequence) REFERENCES connection_act (contract, sequence)
);

-- Contracts that are there were in use before there were reviews, and stay in use.
INSERT INTO connection_act (contract, sequence, at_us, stage, body)
SELECT id, 1, extract(epoch FROM now())::bigint * 1000000, 'official',
       '{"by":{"id":"dancu","name":"Dancu","side":"release"},"deed":"step","to":"official","ground":"Đã vận hành từ trước khi có thẩm định / in use before reviews existed"}'
FROM contract;
