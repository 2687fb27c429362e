-- From where a copy into this database is under way, one row; none once it is complete.
CREATE TABLE store_copy (source text NOT NULL);

-- A copy reads the outbox by its sequence alone.
CREATE INDEX outbox_by_sequence ON outbox (sequence);
