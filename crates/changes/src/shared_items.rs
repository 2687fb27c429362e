//! The closed list of what other databases may share of a person (group 26 of the record).

/// The list: code, Vietnamese name, English name, database, legal basis. Copied into the program.
const LIST: &str = include_str!("../../../data/shared_items.csv");

/// Whether a code is in the list.
pub fn is_listed(code: &str) -> bool {
    codes().any(|listed| listed == code)
}

/// Every code in its order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    LIST.lines().skip(1).filter_map(|line| line.split(',').next())
}
