//! The most memory of its own that this process held: without the database files that it maps, which are the system's
//! cache of the disk and given back whenever somebody needs the space.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// Between two looks.
const STEP: Duration = Duration::from_millis(20);

/// Looks at the memory until it is told to end.
pub struct Peak {
    ended: Arc<AtomicBool>,
    most_kib: Arc<AtomicU64>,
    looker: Option<JoinHandle<()>>,
}

impl Peak {
    /// Begins to look.
    pub fn start() -> Self {
        let (ended, most_kib) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (end, most) = (Arc::clone(&ended), Arc::clone(&most_kib));
        let looker = thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                most.fetch_max(anonymous_kib(), Ordering::Relaxed);
                thread::sleep(STEP);
            }
        });
        Self { ended, most_kib, looker: Some(looker) }
    }

    /// The most that was seen, MiB.
    #[expect(clippy::cast_precision_loss, reason = "a size")]
    pub fn end(mut self) -> f64 {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(looker) = self.looker.take() {
            let _ = looker.join();
        }
        self.most_kib.load(Ordering::Relaxed).max(anonymous_kib()) as f64 / 1024.0
    }
}

/// Resident memory of this process that no file stands behind.
fn anonymous_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}
