//! What agreement is worth: shares of levels among pairs of one person and among others, learned and frozen.

mod chance;
mod learn;
mod score;

pub(crate) use chance::{count_chances, drawn};
pub(crate) use learn::{Sample, SampledRow, learn, ratio};
pub(crate) use score::{BIT, Scorer, bits};

use crate::schema::{Schema, SlotKind};
use serde::{Deserialize, Serialize};

/// Version of the file of a model.
pub const MODEL_FORMAT: u32 = 1;

/// The levels of one slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotModel {
    /// What is compared.
    pub kind: SlotKind,
    /// Name of the slot; empty in a model that is for all slots of a kind.
    #[serde(default)]
    pub name: String,
    /// Shares of the levels among pairs that are one person; their sum is 1.
    pub same_person: Vec<f64>,
    /// Shares of the levels among pairs that are two; empty in a model that takes them from the files. Where a level is
    /// "the same value", how common that value is in the files counts in their place.
    #[serde(default)]
    pub others: Vec<f64>,
}

/// A frozen model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// [`MODEL_FORMAT`].
    pub format: u32,
    /// Where it comes from, in words.
    pub origin: String,
    /// Share of rows that have their person in the other file; in one file, partners of a row.
    pub match_rate: f64,
    /// One for each slot or kind.
    pub slots: Vec<SlotModel>,
}

/// Why a model cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No JSON of a model, or of another version.
    #[error("no model of format {MODEL_FORMAT}")]
    Shape,
    /// Its slots or levels are not those of the files.
    #[error("the model is for other columns")]
    OtherColumns,
}

impl Model {
    /// The model that the program brings along, for slots by their kind.
    pub fn shipped() -> Self {
        Self::parse(include_str!("../../../../data/match_model.json"))
            .expect("a test reads the shipped model")
    }

    /// Reads a model.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let model: Self = serde_json::from_str(text).map_err(|_| ModelError::Shape)?;
        let is_share = |share: &f64| share.is_finite() && (0.0..=1.0).contains(share);
        let is_sound = |slot: &SlotModel| {
            let levels = slot.kind.levels().len();
            slot.same_person.len() == levels
                && (slot.others.is_empty() || slot.others.len() == levels)
                && slot.same_person.iter().chain(&slot.others).all(is_share)
        };
        let fits = model.format == MODEL_FORMAT
            && model.slots.iter().all(is_sound)
            && model.match_rate.is_finite()
            && model.match_rate > 0.0;
        if fits { Ok(model) } else { Err(ModelError::Shape) }
    }

    /// The file of the model.
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("numbers and words are JSON")
    }

    /// One model for each slot of a schema, by name, else by kind.
    pub fn for_schema(&self, schema: &Schema) -> Result<Self, ModelError> {
        let of_slot = |kind: SlotKind, name: &str| {
            let named = self.slots.iter().find(|slot| slot.kind == kind && slot.name == name);
            named.or_else(|| self.slots.iter().find(|slot| slot.kind == kind && slot.name.is_empty()))
        };
        let slots = schema.slots().iter().map(|slot| {
            let found = of_slot(slot.kind, &slot.name).ok_or(ModelError::OtherColumns)?;
            Ok(SlotModel { name: slot.name.clone(), ..found.clone() })
        });
        let slots = slots.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { slots, ..self.clone() })
    }

    /// Whether it says everything itself, so that nothing has to be learned.
    pub fn is_frozen(&self) -> bool {
        self.slots.iter().all(|slot| !slot.others.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_model_has_every_kind_and_shares_that_sum_to_one() {
        let model = Model::shipped();
        for slot in &model.slots {
            let sum: f64 = slot.same_person.iter().sum();
            assert!((sum - 1.0).abs() < 1e-6, "{:?} {sum}", slot.kind);
        }
        assert_eq!(model.slots.len(), 11);
        assert_eq!(Model::parse(&model.to_text()), Ok(model));
        assert_eq!(Model::parse("{}"), Err(ModelError::Shape));
    }
}
