//! Sorted runs of entries in blocks, as in a log-structured store: see `V6__search.sql`.

use dancu_search::{ENTRY_BYTES, EntryBytes};
use rusqlite::{Connection, Result};

/// Entries that are collected before they become a run: their table stays within some hundred pages, which the cache
/// keeps.
const NEW_MAX: u64 = 32_768;
/// Runs of one level that become one of the next. A million entries pack in some tenths of a second.
const RUNS_MAX: usize = 32;
/// Levels: runs of the last one stay. A hundred million persons make some hundred and fifty of them.
const LEVEL_LAST: u8 = 1;
/// Of so many entries one has the collected ones counted. To count them takes as long as some hundred changes of one
/// person; which entries do it lies in their bytes, so that the same facts give the same file.
const COUNT_EACH: u8 = 128;
/// Entries of a block: with the row's head they fill a page of 4 KiB.
const BLOCK_ENTRIES: usize = 220;

/// Puts entries in, and packs what has become many. `collected` is sorted, each once.
pub(crate) fn add(connection: &Connection, collected: &[EntryBytes]) -> Result<()> {
    if collected.is_empty() {
        return Ok(());
    }
    let mut statement = connection.prepare_cached("INSERT OR IGNORE INTO search_new (entry) VALUES (?1)")?;
    for entry in collected {
        statement.execute([&entry[..]])?;
    }
    let mixed =
        |entry: &EntryBytes| entry.iter().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(*byte));
    if !collected.iter().any(|entry| mixed(entry).is_multiple_of(COUNT_EACH)) {
        return Ok(());
    }
    let count: u64 = connection
        .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM search_new LIMIT ?1)")?
        .query_row([NEW_MAX], |row| row.get(0))?;
    if count >= NEW_MAX { pack(connection) } else { Ok(()) }
}

/// Makes a run of the collected entries, and one of the runs when there are enough.
fn pack(connection: &Connection) -> Result<()> {
    let mut entries = Vec::new();
    let mut statement = connection.prepare_cached("SELECT entry FROM search_new ORDER BY entry")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        entries.extend(row.get_ref(0)?.as_blob()?.as_chunks::<ENTRY_BYTES>().0);
    }
    write(connection, 0, &entries)?;
    connection.execute("DELETE FROM search_new", [])?;
    for level in 0..LEVEL_LAST {
        let runs: Vec<i64> = connection
            .prepare_cached("SELECT run FROM search_run WHERE level = ?1")?
            .query_map([level], |row| row.get(0))?
            .collect::<Result<_>>()?;
        if runs.len() >= RUNS_MAX {
            merge(connection, level + 1, &runs)?;
        }
    }
    Ok(())
}

/// One run of many. Runs are few and fit into memory, where sorting what is sorted in stretches is quick.
#[expect(clippy::stable_sort_primitive, reason = "the stable sort merges stretches that are sorted already")]
fn merge(connection: &Connection, level: u8, runs: &[i64]) -> Result<()> {
    let mut entries: Vec<EntryBytes> = Vec::new();
    for run in runs {
        let mut statement = connection.prepare_cached(
            "SELECT entries FROM search_place JOIN search_block ON id = block WHERE run = ?1 ORDER BY first",
        )?;
        let mut rows = statement.query([run])?;
        while let Some(row) = rows.next()? {
            entries.extend(row.get_ref(0)?.as_blob()?.as_chunks::<ENTRY_BYTES>().0);
        }
    }
    entries.sort();
    entries.dedup();
    for run in runs {
        for sql in [
            "DELETE FROM search_block WHERE id IN (SELECT block FROM search_place WHERE run = ?1)",
            "DELETE FROM search_place WHERE run = ?1",
            "DELETE FROM search_run WHERE run = ?1",
        ] {
            connection.prepare_cached(sql)?.execute([run])?;
        }
    }
    write(connection, level, &entries)
}

fn write(connection: &Connection, level: u8, entries: &[EntryBytes]) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO search_run (level, entries) VALUES (?1, ?2)")?
        .execute((level, entries.len()))?;
    let run = connection.last_insert_rowid();
    let mut block = connection.prepare_cached("INSERT INTO search_block (entries) VALUES (?1)")?;
    let mut place =
        connection.prepare_cached("INSERT INTO search_place (run, first, block) VALUES (?1, ?2, ?3)")?;
    for chunk in entries.chunks(BLOCK_ENTRIES) {
        block.execute([chunk.as_flattened()])?;
        place.execute((run, &chunk[0][..], connection.last_insert_rowid()))?;
    }
    Ok(())
}

/// Gives every entry between two ends, both included, to `take`, run by run, until it says that it has enough. An entry
/// may stand in several runs.
pub(crate) fn range(
    connection: &Connection,
    runs: &[i64],
    (from, to): (&EntryBytes, &EntryBytes),
    mut take: impl FnMut(&EntryBytes) -> bool,
) -> Result<bool> {
    let mut collected =
        connection.prepare_cached("SELECT entry FROM search_new WHERE entry BETWEEN ?1 AND ?2")?;
    let mut rows = collected.query((&from[..], &to[..]))?;
    while let Some(row) = rows.next()? {
        for entry in row.get_ref(0)?.as_blob()?.as_chunks::<ENTRY_BYTES>().0 {
            if !take(entry) {
                return Ok(false);
            }
        }
    }
    // The block before the first that begins within the range may end within it.
    let mut blocks = connection.prepare_cached(
        "SELECT entries FROM search_place JOIN search_block ON id = block
         WHERE run = ?1 AND first <= ?3 AND first >= coalesce(
             (SELECT max(first) FROM search_place WHERE run = ?1 AND first <= ?2), ?2)
         ORDER BY first",
    )?;
    for run in runs {
        let mut rows = blocks.query((run, &from[..], &to[..]))?;
        while let Some(row) = rows.next()? {
            let entries = row.get_ref(0)?.as_blob()?.as_chunks::<ENTRY_BYTES>().0;
            let first = entries.partition_point(|entry| entry < from);
            for entry in entries[first..].iter().take_while(|entry| *entry <= to) {
                if !take(entry) {
                    return Ok(false);
                }
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn database() -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        crate::register_migrations().run(&mut connection).unwrap();
        connection
    }

    fn entry(value: u32) -> EntryBytes {
        let mut entry = [7; ENTRY_BYTES];
        entry[..4].copy_from_slice(&value.to_be_bytes());
        entry
    }

    fn between(connection: &Connection, from: u32, to: u32) -> Vec<u32> {
        let runs: Vec<i64> = connection
            .prepare("SELECT run FROM search_run")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_>>()
            .unwrap();
        let mut found = Vec::new();
        let mut to = entry(to);
        to[4..].fill(u8::MAX);
        let take = |entry: &EntryBytes| {
            found.push(u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]));
            true
        };
        range(connection, &runs, (&entry(from), &to), take).unwrap();
        found.sort_unstable();
        found.dedup();
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// However entries are spread over collected ones, small runs and large ones, all of a range are found.
        #[test]
        fn a_range_holds_what_was_put_in(
            parts in prop::collection::vec((prop::collection::vec(0_u32..3_000, 0..600), 0_u8..3), 1..8),
            from in 0_u32..3_000,
            length in 0_u32..800,
        ) {
            let connection = database();
            let mut all = Vec::new();
            for (values, then) in parts {
                let mut entries: Vec<EntryBytes> = values.iter().copied().map(entry).collect();
                entries.sort_unstable();
                entries.dedup();
                add(&connection, &entries).unwrap();
                all.extend(values);
                if then > 0 {
                    pack(&connection).unwrap();
                }
                if then > 1 {
                    let mut statement = connection.prepare("SELECT run FROM search_run").unwrap();
                    let runs: Vec<i64> =
                        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_>>().unwrap();
                    merge(&connection, 1, &runs).unwrap();
                }
            }
            all.sort_unstable();
            all.dedup();
            all.retain(|value| (from..=from + length).contains(value));
            prop_assert_eq!(between(&connection, from, from + length), all);
        }
    }

    #[test]
    fn many_small_runs_become_a_large_one() {
        let connection = database();
        for run in 0..32 {
            write(&connection, 0, &[entry(run), entry(run + 100)]).unwrap();
        }
        add(&connection, &[entry(5_000)]).unwrap();
        pack(&connection).unwrap();
        let runs: Vec<(u8, u64)> = connection
            .prepare("SELECT level, entries FROM search_run")
            .unwrap()
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_>>()
            .unwrap();
        assert_eq!(runs, [(1, 65)]);
        assert_eq!(between(&connection, 31, 100), [31, 100]);
    }
}
