-- Admissions at a desk. The person is named by the disclosure only, so that this table profiles nobody.

CREATE TABLE visit (
    organisation text COLLATE "C" NOT NULL,
    day          integer          NOT NULL,
    sequence     bigint           NOT NULL,
    at_us        bigint           NOT NULL,
    leaf_index   bigint           NOT NULL UNIQUE,
    masked_name  text             NOT NULL,
    staff        text             NOT NULL,
    PRIMARY KEY (organisation, day, sequence)
);
