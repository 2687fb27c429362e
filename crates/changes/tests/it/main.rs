//! Rules and services over a register in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail where they stand")]

mod civil_birth;
mod civil_desk;
mod civil_family;
mod civil_identity;
mod civil_life;
mod civil_marriage;
mod civil_number;
mod civil_properties;
mod corrections;
mod failing_store;
mod findings;
mod hostile;
mod people;
mod residence_absence;
mod residence_households;
mod residence_moves;
mod residence_properties;
mod residence_temporary;
mod residence_town;
mod residence_units;
mod rule_tables;
