//! What every handler works with. Put together once, in the binary.

use dancu_core::{Clock, Entropy};
use std::sync::Arc;
use url::Url;

/// The parts behind the doors.
pub struct AppState {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Where the pages live, e.g. `http://localhost:8080`; passkeys are bound to its host name.
    pub public_origin: Url,
}
