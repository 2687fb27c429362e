//! Legal values change by adding a row, never by editing code.

use jiff::civil::Date;
use std::str::FromStr;

/// One value with the days on which it is law, and where the law says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated<T> {
    /// The value itself.
    pub value: T,
    /// First day on which the value holds.
    pub valid_from: Date,
    /// First day on which it no longer holds; `None` while it stands.
    pub valid_to: Option<Date>,
    /// Law, decree or decision, with its article.
    pub legal_reference: String,
}

impl<T> Dated<T> {
    /// Whether it is law on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }
}

/// A history of one legal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatedTable<T> {
    rows: Vec<Dated<T>>,
}

impl<T> DatedTable<T> {
    /// Orders the rows by their first day. Overlapping rows are refused: two laws cannot both hold.
    pub fn new(mut rows: Vec<Dated<T>>) -> Result<Self, String> {
        rows.sort_by_key(|row| row.valid_from);
        for pair in rows.windows(2) {
            let open_or_late = pair[0].valid_to.is_none_or(|end| end > pair[1].valid_from);
            if open_or_late {
                return Err(format!(
                    "{} and {} both hold on {}",
                    pair[0].legal_reference, pair[1].legal_reference, pair[1].valid_from
                ));
            }
        }
        Ok(Self { rows })
    }

    /// The value that holds on a day, if any.
    pub fn on(&self, day: Date) -> Option<&Dated<T>> {
        self.rows.iter().rev().find(|row| row.holds_on(day))
    }
}

impl<T: FromStr> DatedTable<T> {
    /// The rows of one rule in a table of the columns `rule,value,valid_from,valid_to,legal_reference`, the first line of
    /// which names them. Only the last column may hold commas, in quotation marks.
    pub fn of_rule(table: &str, rule: &str) -> Result<Self, String> {
        let lines = table.lines().skip(1).filter(|line| line.split(',').next() == Some(rule));
        let rows = lines.map(|line| dated(line).ok_or_else(|| format!("cannot be read: {line}")));
        Self::new(rows.collect::<Result<_, _>>()?)
    }
}

fn dated<T: FromStr>(line: &str) -> Option<Dated<T>> {
    let mut fields = line.splitn(5, ',').skip(1);
    let value = fields.next()?.parse().ok()?;
    let valid_from = fields.next()?.parse().ok()?;
    let valid_to = match fields.next()? {
        "" => None,
        day => Some(day.parse().ok()?),
    };
    let legal_reference = fields.next()?.trim_matches('"').to_owned();
    Some(Dated { value, valid_from, valid_to, legal_reference })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn row(value: u8, from: Date, to: Option<Date>) -> Dated<u8> {
        Dated { value, valid_from: from, valid_to: to, legal_reference: format!("law {value}") }
    }

    #[test]
    fn a_value_holds_from_its_first_day_until_the_day_before_its_end() {
        let table = DatedTable::new(vec![
            row(2, date(2024, 7, 1), None),
            row(1, date(2016, 1, 1), Some(date(2024, 7, 1))),
        ])
        .unwrap();
        assert_eq!(table.on(date(2024, 6, 30)).unwrap().value, 1);
        assert_eq!(table.on(date(2024, 7, 1)).unwrap().value, 2);
        assert!(table.on(date(2015, 12, 31)).is_none());
    }

    #[test]
    fn the_rows_of_a_rule_are_read_from_a_table() {
        let table = "rule,value,valid_from,valid_to,legal_reference\n\
                     days,7,2016-01-01,2024-07-01,\"Law, art. 1\"\nhours,9,2016-01-01,,Law\ndays,8,2024-07-01,,Law\n";
        let days = DatedTable::<u8>::of_rule(table, "days").unwrap();
        assert_eq!(days.on(date(2024, 6, 30)).unwrap().legal_reference, "Law, art. 1");
        assert_eq!(days.on(date(2026, 1, 1)).unwrap().value, 8);
        assert!(DatedTable::<u8>::of_rule("rule\ndays,x,2016-01-01,,Law", "days").is_err());
    }

    #[test]
    fn two_rows_that_hold_on_one_day_are_refused() {
        let rows = vec![row(1, date(2016, 1, 1), None), row(2, date(2024, 7, 1), None)];
        assert!(DatedTable::new(rows).is_err());
    }
}
