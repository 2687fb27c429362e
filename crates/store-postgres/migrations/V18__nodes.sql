-- Several nodes over one database, each with a log of its own. A record's idx is the number of its node's log in the
-- bits from the 40th on, and the index of its leaf below: so the records of the node that was alone keep theirs, and so
-- does everything that names one.
CREATE TABLE node (
    number   integer          PRIMARY KEY CHECK (number BETWEEN 0 AND 4095),
    name     text COLLATE "C" NOT NULL UNIQUE,
    verifier text,            -- verifier key of its log; nothing until it has started once
    keys     text             -- tells whether two nodes hold the same keys, and nothing of them
);
INSERT INTO node (number, name) SELECT 0, 'main' FROM head;

-- The end of each log.
ALTER TABLE head DROP CONSTRAINT head_id_check;
ALTER TABLE head RENAME COLUMN id TO node;
UPDATE head SET node = 0;

-- What each node has used of a day, and how many places of the day's limit it holds for that.
ALTER TABLE quota ADD COLUMN node integer NOT NULL DEFAULT 0;
ALTER TABLE quota ADD COLUMN leased bigint NOT NULL DEFAULT 0;
UPDATE quota SET leased = used;
ALTER TABLE quota ALTER COLUMN node DROP DEFAULT, ALTER COLUMN leased DROP DEFAULT;
ALTER TABLE quota DROP CONSTRAINT quota_pkey, ADD PRIMARY KEY (day, contract, node), ADD CHECK (used <= leased);

ALTER TABLE disclosure_cursor ADD COLUMN node integer NOT NULL DEFAULT 0;
ALTER TABLE disclosure_cursor ALTER COLUMN node DROP DEFAULT;
ALTER TABLE disclosure_cursor ADD PRIMARY KEY (node);

-- Moves on with every change of what each node keeps in memory of connections, in the transaction that makes it: so
-- whoever sees the number sees the change.
CREATE TABLE directory_version (version bigint NOT NULL);
INSERT INTO directory_version VALUES (0);
CREATE FUNCTION directory_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE directory_version SET version = version + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON organisation
    FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();
CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON client
    FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();
CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON contract
    FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();
CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON connection_act
    FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();
CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON privacy_case
    FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();
CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON court_order
    FOR EACH STATEMENT EXECUTE FUNCTION directory_changed();
