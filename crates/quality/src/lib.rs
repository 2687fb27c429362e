//! Persons of any two files made comparable and matched.
//!
//! [`normal`] says what a messy field means. It names no file and no store: rows come in as texts.

pub mod normal;
