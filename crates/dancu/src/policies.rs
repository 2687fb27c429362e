//! What decides under the contracts: the program's own policies and, where a file is named, the rules of the house.

use crate::{config::Config, failure::Failure};
use dancu_exchange::Policies;
use std::{fs, sync::Arc};

/// The policies of a node. A file that cannot be taken keeps it from starting: a rule must never be left out silently.
pub fn policies(config: &Config) -> Result<Arc<Policies>, Failure> {
    let Some(file) = &config.house_rules else { return Ok(Policies::built_in()) };
    let text = fs::read_to_string(file).map_err(|error| Failure::file(file, &error))?;
    let policies = Policies::with_house_rules(&text)?;
    tracing::info!(rules = policies.house_rules(), "rules of the house are in force");
    Ok(Arc::new(policies))
}
