-- Where each subscriber of the change feed stands, what is on its way, and what could not be delivered. Not sharded.

CREATE TABLE feed_cursor (
    client          text COLLATE "C" PRIMARY KEY,
    major           bigint NOT NULL,
    minor           bigint NOT NULL,
    failures        bigint NOT NULL,
    first_failed_us bigint,
    last_failure    text,
    next_try_us     bigint,
    delivered_us    bigint,
    stopped         text,
    version         bigint NOT NULL
);

CREATE TABLE feed_batch (
    client        text COLLATE "C" PRIMARY KEY,
    id            bytea  NOT NULL,
    body          bytea  NOT NULL,
    length        bigint NOT NULL,
    after_major   bigint NOT NULL,
    after_minor   bigint NOT NULL,
    through_major bigint NOT NULL,
    through_minor bigint NOT NULL,
    replays       bytea,
    terms         text   NOT NULL
);

CREATE TABLE feed_dead (
    id            bytea  PRIMARY KEY,
    client        text   NOT NULL,
    after_major   bigint NOT NULL,
    after_minor   bigint NOT NULL,
    through_major bigint NOT NULL,
    through_minor bigint NOT NULL,
    length        bigint NOT NULL,
    died_us       bigint NOT NULL,
    attempts      bigint NOT NULL,
    failure       text   NOT NULL,
    state         text   NOT NULL
);
CREATE INDEX feed_dead_by_client ON feed_dead (client, state, id);
