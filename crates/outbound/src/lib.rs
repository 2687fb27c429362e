//! What leaves the house on our own initiative: deliveries to webhooks and into a stream of NATS, questions to a
//! time-stamping authority, checkpoints to witnesses.
//!
//! Whoever names a webhook must not be able to have us knock at the doors of our own network (server-side request
//! forgery), nor hold us up, nor fill our memory. May use `feed`, `evidence`, `witness`.

mod addresses;
mod answers;
mod jetstream;
mod postmen;
mod timestamps;
mod webhooks;
mod witnesses;

pub use addresses::{AllowedNetworks, is_public};
pub use jetstream::{JetStreamPostman, JetStreamServer};
pub use postmen::Postmen;
pub use timestamps::HttpTimestampAuthority;
pub use webhooks::{WebhookLimits, WebhookPostman};
pub use witnesses::HttpWitness;
