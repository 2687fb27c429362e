//! The system's clock and randomness: the one place where they are touched.

use dancu_core::{Clock, Entropy};
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The kernel's random generator, asked for a page at a time: a salt for each answer would be a system call each.
#[derive(Debug, Clone, Copy)]
pub struct SystemEntropy;

/// Bytes that the kernel gave and nobody has used yet.
struct Page {
    bytes: [u8; 4096],
    used: usize,
}

static PAGE: Mutex<Page> = Mutex::new(Page { bytes: [0; 4096], used: 4096 });

impl Page {
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness is drawn")]
    fn refill(&mut self) {
        getrandom::fill(&mut self.bytes)
            .expect("the kernel gives random bytes; without them nothing may be signed or salted");
        self.used = 0;
    }

    /// Hands bytes out once and wipes them here.
    fn take(&mut self, into: &mut [u8]) {
        for chunk in into.chunks_mut(self.bytes.len()) {
            if self.bytes.len() - self.used < chunk.len() {
                self.refill();
            }
            let taken = &mut self.bytes[self.used..self.used + chunk.len()];
            chunk.copy_from_slice(taken);
            taken.fill(0);
            self.used += chunk.len();
        }
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        PAGE.lock().unwrap_or_else(PoisonError::into_inner).take(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bytes_are_handed_out_twice_or_left_behind() {
        let mut page = Page { bytes: [0; 4096], used: 4096 };
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1000 {
            let mut salt = [0; 32];
            page.take(&mut salt);
            assert!(seen.insert(salt));
            assert!(page.bytes[..page.used].iter().all(|byte| *byte == 0));
        }
        let mut long = [0; 10_000];
        page.take(&mut long);
        assert!(long.chunks(64).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
    }
}
