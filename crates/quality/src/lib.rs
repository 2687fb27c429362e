//! Persons of any two files made comparable and matched.
//!
//! [`normal`] says what a messy field means; [`schema`] which columns are compared and how; [`table`] holds two files as
//! columns of numbers; [`map`] says which column is what; [`link`] finds who is the same person, with weights that [`model`] learns and freezes. The room names
//! no file and no store: rows come in as texts and go out as numbers of rows.

mod block;
mod compare;
pub mod link;
pub mod map;
pub mod model;
pub mod normal;
pub mod schema;
pub mod table;

pub use block::BlockReport;
pub use compare::Levels;
