//! What proves an exchange to somebody who trusts neither us nor our program: time-stamps of other people over the log's
//! checkpoints ([RFC 3161](https://www.rfc-editor.org/rfc/rfc3161)), and a bundle that is verified with openssl alone.
//!
//! May use `core`, `ledger`. Names no store, no web; who asks a time-stamping authority is a port.

mod bundle;
mod keeper;
mod timestamp;
mod trust;

pub use bundle::{BundleError, Evidence};
pub use keeper::{Covering, Timestamper, TimestamperError, covering};
pub use timestamp::{AuthorityError, Query, TimestampAuthority, TimestampError};
pub use trust::{TrustError, TrustedAuthorities};
