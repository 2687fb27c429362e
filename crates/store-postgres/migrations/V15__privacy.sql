-- Requests of persons about their data, as cases with last days.
CREATE TABLE privacy_case (
    id          bytea   PRIMARY KEY,
    number      bigint  NOT NULL,
    contract    text    COLLATE "C" NOT NULL,
    received_us bigint  NOT NULL,
    is_open     boolean NOT NULL,
    due         integer NOT NULL,
    restricts   boolean NOT NULL,
    moves       bigint  NOT NULL,
    body        text    NOT NULL
);
CREATE INDEX privacy_case_by_person ON privacy_case (number, received_us, id);
CREATE INDEX privacy_case_by_due ON privacy_case (is_open, due, id);
CREATE INDEX privacy_case_restricting ON privacy_case (contract, number) WHERE restricts;
