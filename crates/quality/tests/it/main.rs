//! The matcher as a whole, on files that are made here.

mod matching;
mod support;
