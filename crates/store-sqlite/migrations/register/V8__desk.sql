-- The events of a commune's own officers in the order of their time, for its desk. Stays are left out: they tell where
-- somebody sleeps, and their events are removed with them.
CREATE TABLE commune_event (
    commune     INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    event       BLOB    NOT NULL,
    PRIMARY KEY (commune, recorded_at, event)
) STRICT, WITHOUT ROWID;

-- An officer's commune stands in the event as five digits; the centre has none.
INSERT INTO commune_event (commune, recorded_at, event)
SELECT CAST(json_extract(body, '$.actor.commune') AS INTEGER) AS commune, recorded_at, id
FROM event
WHERE kind <> 'notify_stay' AND json_extract(body, '$.actor.commune') IS NOT NULL
ORDER BY commune, recorded_at, id;
