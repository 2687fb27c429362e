//! A table of dated whole numbers, `rule,value,valid_from,valid_to,legal_reference`, all its rules by name.

use crate::{Dated, DatedTable};
use jiff::civil::Date;
use std::collections::HashMap;

/// Rules by their names, each with its history.
#[derive(Debug)]
pub struct DatedRules(HashMap<&'static str, DatedTable<u32>>);

impl DatedRules {
    /// Reads a table that is built into the program. A defect in it is found by the test of whoever reads it.
    pub fn read(rows: &'static str) -> Self {
        let rules = rows.lines().skip(1).filter_map(|line| line.split(',').next());
        let table = |rule| DatedTable::of_rule(rows, rule).expect("a test reads the built-in table");
        Self(rules.map(|rule| (rule, table(rule))).collect())
    }

    /// The row that holds on a day, with its law; `None` before there was any.
    pub fn row(&self, rule: &str, day: Date) -> Option<&Dated<u32>> {
        self.0.get(rule)?.on(day)
    }

    /// The value that holds on a day; `None` before there was any.
    pub fn on(&self, rule: &str, day: Date) -> Option<u32> {
        self.row(rule, day).map(|row| row.value)
    }
}
