//! What the tests of every room share: a clock that stands until it is moved, entropy from a seed, and one
//! contract suite per store port, which every store must pass.

mod doubles;

pub use doubles::{FakeClock, SeededEntropy};
