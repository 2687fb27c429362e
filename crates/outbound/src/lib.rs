//! What leaves the house by HTTP on our own initiative: deliveries to webhooks.
//!
//! Whoever names a webhook must not be able to have us knock at the doors of our own network (server-side request
//! forgery), nor hold us up, nor fill our memory. May use `feed`.

mod addresses;
mod webhooks;

pub use addresses::{AllowedNetworks, is_public};
pub use webhooks::{WebhookLimits, WebhookPostman};
