//! Residence and households.

use super::Ruled;
use crate::{Decision, Envelope, World, refusal::Common};
use dancu_core::{Explain, Explanation};

/// A rule of residence refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResidenceRefusal {
    /// Not exactly one head.
    #[error("a household has exactly one head")]
    NotOneHead,
}

impl Explain for ResidenceRefusal {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-CHANGE-200",
            "Hộ phải có đúng một chủ hộ.",
            "A household has exactly one head.",
        )
    }
}

pub(super) async fn decide(_: &Envelope, _: &mut World<'_>) -> Ruled<Decision> {
    Err(Common::NotThisOffice.into())
}
