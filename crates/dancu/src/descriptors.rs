//! File descriptors: each connection of a client needs one, and a login's usual limit is 1,024.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are kept for databases, tiles and the log's files.
const OTHERS: u64 = 256;

/// Raises the process's limit as far as it needs and may, and gives the connections that fit.
///
/// Without it the server would run out of descriptors long before its own limit of connections, and could then
/// open neither files nor connections for anybody.
pub fn make_room(connections_max: usize) -> usize {
    let wanted = u64::try_from(connections_max).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let limits = getrlimit(Resource::Nofile);
    let soft = limits.current.unwrap_or(u64::MAX);
    if soft >= wanted {
        return connections_max;
    }
    let raised = wanted.min(limits.maximum.unwrap_or(u64::MAX));
    let fits = match setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum: limits.maximum }) {
        Ok(()) => raised,
        Err(error) => {
            tracing::warn!(%error, "the limit of descriptors cannot be raised");
            soft
        }
    };
    let connections = usize::try_from(fits.saturating_sub(OTHERS).max(1)).unwrap_or(usize::MAX);
    if connections < connections_max {
        tracing::warn!(
            connections,
            connections_max,
            "the machine allows fewer connections than the settings"
        );
    }
    connections.min(connections_max)
}
