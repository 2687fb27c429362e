//! The watch over a log of the test's own, with the register and the alarms in files.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail where they stand")]

mod watch;
mod world;
