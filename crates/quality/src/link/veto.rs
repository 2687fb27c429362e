//! What no weight outvotes: persons of one family agree in nearly everything.

use super::{ReviewReason, Run};
use crate::compare::{
    Levels, NAME_CUT, NAME_DIFFERS, NAME_MARKS_MISSING, NAME_OTHER_MARKS, NAME_SIMILAR, NAME_SLIP,
};
use crate::table::Table;

/// Level of a number that is the other's with one slip.
const NUMBER_SLIP: u8 = 2;
/// A word is somebody's name when so many in a hundred thousand bear it, and not a slip of the pen.
const NAME_PER_100_000: u64 = 1;
/// And at least so many in the files.
const NAME_ROWS_MIN: u64 = 4;

impl Run<'_> {
    /// Why a pair is never linked without a look.
    pub(crate) fn veto(&self, levels: Levels, i: u32, j: u32) -> Option<ReviewReason> {
        self.veto_between(levels, (self.left, i), (self.right, j))
    }

    /// The same for two rows of one file.
    pub(crate) fn veto_in(&self, table: &Table, levels: Levels, i: u32, j: u32) -> Option<ReviewReason> {
        self.veto_between(levels, (table, i), (table, j))
    }

    fn veto_between(&self, levels: Levels, one: (&Table, u32), other: (&Table, u32)) -> Option<ReviewReason> {
        if !self.vetoes {
            return None;
        }
        let comparer = &self.scorer.comparer;
        let numbers = || comparer.numbers.iter().map(|slot| levels.of(*slot)).filter(|level| *level != 0);
        let is_confirmed = numbers().any(|level| level == 1);
        if !is_confirmed
            && numbers().any(|level| level > NUMBER_SLIP)
            && !numbers().any(|level| level == NUMBER_SLIP)
        {
            return Some(ReviewReason::NumberDiffers);
        }
        let given = comparer.given.map_or(0, |slot| levels.of(slot));
        let is_other_name = matches!(given, NAME_OTHER_MARKS | NAME_SLIP | NAME_SIMILAR)
            || given == NAME_MARKS_MISSING && !self.is_written_bare(one) && !self.is_written_bare(other);
        let same_day = comparer.day.is_some_and(|slot| matches!(levels.of(slot), 1 | 2));
        let same_surname = comparer.surname.is_none_or(|slot| levels.of(slot) <= NAME_CUT);
        // A short name with a slip differs as a whole; but then nobody else bears what stands there.
        let is_slip = is_confirmed && same_day && same_surname && !self.are_names(one, other);
        if given == NAME_DIFFERS && !is_slip {
            return Some(ReviewReason::GivenNameDiffers);
        }
        if is_other_name && same_day && same_surname && !is_confirmed && self.are_names(one, other) {
            return Some(ReviewReason::MayBeTwin);
        }
        None
    }

    /// Whether a whole name stands there without a mark, as on a keyboard without Vietnamese. A bare word among others with
    /// marks is a word of its own: `Trần Quỳnh Thu` is no unfinished `Thư`.
    fn is_written_bare(&self, (table, row): (&Table, u32)) -> bool {
        let names =
            self.scorer.comparer.values.iter().enumerate().filter(|(_, values)| values.kind.is_name());
        names.into_iter().all(|(slot, values)| values.text(table.value(slot, row)).is_ascii())
    }

    /// Whether both given names are borne by others, too.
    fn are_names(&self, one: (&Table, u32), other: (&Table, u32)) -> bool {
        let Some(slot) = self.scorer.comparer.given else {
            return false;
        };
        let values = &self.scorer.comparer.values[slot];
        let is_name = |value: u32| {
            let count = u64::from(values.counts[value as usize]);
            count >= NAME_ROWS_MIN && count * 100_000 >= values.told * NAME_PER_100_000
        };
        is_name(one.0.value(slot, one.1)) && is_name(other.0.value(slot, other.1))
    }
}
