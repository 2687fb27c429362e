//! The levels of a pair, four bits a slot.

/// One level for each slot; 0 where one side does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Levels(u128);

impl Levels {
    /// The level of a slot.
    pub const fn of(self, slot: usize) -> u8 {
        (self.0 >> (4 * slot) & 15) as u8
    }

    pub(crate) fn set(&mut self, slot: usize, level: u8) {
        let shift = 4 * slot;
        self.0 = self.0 & !(15 << shift) | u128::from(level & 15) << shift;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_do_not_touch_each_other() {
        let mut levels = Levels::default();
        levels.set(0, 8);
        levels.set(23, 15);
        levels.set(1, 3);
        levels.set(0, 2);
        assert_eq!((levels.of(0), levels.of(1), levels.of(2), levels.of(23)), (2, 3, 0, 15));
    }
}
