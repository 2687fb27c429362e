//! Rules and services over a register in memory.

mod corrections;
mod failing_store;
mod people;
