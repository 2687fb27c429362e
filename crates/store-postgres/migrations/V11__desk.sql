-- The events of a commune's own officers in the order of their time, for its desk. Stays are left out: they tell where
-- somebody sleeps, and their events are removed with them.
CREATE TABLE commune_event (
    commune     integer NOT NULL,
    recorded_at bigint  NOT NULL,
    event       bytea   NOT NULL,
    PRIMARY KEY (commune, recorded_at, event)
);

-- An officer's commune stands in the event as five digits; the centre has none.
INSERT INTO commune_event (commune, recorded_at, event)
SELECT (body::json -> 'actor' ->> 'commune')::integer, recorded_at, id
FROM event
WHERE kind <> 'notify_stay' AND body::json -> 'actor' ->> 'commune' IS NOT NULL;
