//! The watch over a log of the test's own, with the register and the alarms in files.

mod watch;
mod world;
