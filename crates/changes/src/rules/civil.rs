//! Civil status.

use super::Ruled;
use crate::{Decision, Envelope, World, refusal::Common};
use dancu_core::{Entropy, Explain, Explanation};

/// A rule of civil status refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CivilRefusal {
    /// The parents are too young.
    #[error("a parent would have been too young")]
    ParentTooYoung,
}

impl Explain for CivilRefusal {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-CHANGE-100",
            "Cha hoặc mẹ còn quá trẻ.",
            "A parent would have been too young.",
        )
    }
}

pub(super) async fn decide(_: &Envelope, _: &mut World<'_>, _: &dyn Entropy) -> Ruled<Decision> {
    Err(Common::NotThisOffice.into())
}
