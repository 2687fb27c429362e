//! What leaves the house by HTTP on our own initiative: deliveries to webhooks, questions to a time-stamping authority,
//! checkpoints to witnesses.
//!
//! Whoever names a webhook must not be able to have us knock at the doors of our own network (server-side request
//! forgery), nor hold us up, nor fill our memory. May use `feed`, `evidence`, `witness`.

mod addresses;
mod answers;
mod timestamps;
mod webhooks;
mod witnesses;

pub use addresses::{AllowedNetworks, is_public};
pub use timestamps::HttpTimestampAuthority;
pub use webhooks::{WebhookLimits, WebhookPostman};
pub use witnesses::HttpWitness;
