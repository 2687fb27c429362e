-- Looks that fall outside of the work for which somebody may look.
CREATE TABLE alarm (
    id            bytea   PRIMARY KEY,
    organisation  text    COLLATE "C",
    is_open       boolean NOT NULL,
    raised_us     bigint  NOT NULL,
    notice_due_us bigint,
    given_us      bigint,
    deliver_us    bigint,
    looks         bigint  NOT NULL,
    version       bigint  NOT NULL,
    found         text    NOT NULL,
    evidence      text    NOT NULL,
    care          text    NOT NULL
);
CREATE INDEX alarm_by_time ON alarm (is_open, raised_us, id);
CREATE INDEX alarm_by_notice ON alarm (notice_due_us, id) WHERE notice_due_us IS NOT NULL;
CREATE INDEX alarm_by_agency ON alarm (organisation, given_us, id) WHERE given_us IS NOT NULL;
CREATE INDEX alarm_to_deliver ON alarm (deliver_us) WHERE deliver_us IS NOT NULL;

-- How far the watch is in each log.
CREATE TABLE alarm_cursor (
    log       text    COLLATE "C" PRIMARY KEY,
    day       integer NOT NULL,
    day_start bigint  NOT NULL,
    next      bigint  NOT NULL
);

-- The personal number of a member of staff, read by the watch alone.
CREATE TABLE staff_number (
    staff  text   COLLATE "C" PRIMARY KEY,
    number bigint NOT NULL
);

-- Limits that were lowered for a time are acts of a connection; the directory asks for these alone.
CREATE INDEX connection_act_ceiling ON connection_act (contract, sequence)
    WHERE (body::jsonb ->> 'deed') = 'ceiling';
