//! Rules and services over a register in memory.

mod civil_birth;
mod civil_desk;
mod corrections;
mod failing_store;
mod people;
