//! Persons at whom many look, found in a fixed amount of memory.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Cells of one row: a day of the whole country's looks leaves most of them to one person.
const CELLS: usize = 1 << 21;
/// Rows; a person is told from others who share a cell in one of them by the others.
const ROWS: usize = 3;
/// Marks of one cell.
const MARKS: u32 = 32;

/// For each person an estimate of how many different ones looked: a mark a looker in a cell a row. Whoever shares a cell
/// makes the estimate larger, never smaller; two lookers on one mark make it smaller, which is why a candidate is one from
/// five eighths of the number on: that eight leave fewer than five marks happens once in a thousand times, and then the
/// ninth is seen. What is a candidate is counted exactly afterwards.
pub(crate) struct LookerSketch(Vec<u32>);

impl LookerSketch {
    /// Nobody was looked at. Twenty-four mebibytes, of which the system gives those that are written to.
    pub fn new() -> Self {
        Self(vec![0; CELLS * ROWS])
    }

    /// Notes a look, and tells how many marks the person has.
    pub fn note(&mut self, person: u64, looker: &impl Hash) -> u32 {
        let mark = 1_u32 << (hash(&looker) % u64::from(MARKS));
        let mut marks = u32::MAX;
        for row in 0..ROWS {
            let cell = usize::try_from(hash(&(row, person)) % CELLS as u64).unwrap_or(0) + row * CELLS;
            self.0[cell] |= mark;
            marks = marks.min(self.0[cell].count_ones());
        }
        marks
    }

    /// Marks from which a person is to be counted exactly.
    pub fn candidate_from(lookers_min: u32) -> u32 {
        (lookers_min * 5).div_ceil(8).clamp(2, MARKS / 2)
    }
}

fn hash(value: &impl Hash) -> u64 {
    // Keys of the standard hasher without a seed are fixed: the same after every start.
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_who_look_at_one_person_are_seen_among_a_whole_days_looks() {
        let mut sketch = LookerSketch::new();
        // A day of 300,000 persons, each looked at by two of 400 desks.
        let mut false_candidates = 0;
        for person in 0..300_000_u64 {
            for turn in 0..2 {
                let marks = sketch.note(person, &((person * 7 + turn) % 400));
                false_candidates += u32::from(marks >= LookerSketch::candidate_from(8));
            }
        }
        assert!(false_candidates < 300, "{false_candidates}");
        let mut marks = 0;
        for desk in 0..8_u64 {
            marks = sketch.note(u64::MAX, &desk);
        }
        assert!(marks >= LookerSketch::candidate_from(8), "{marks}");
    }

    #[test]
    fn one_who_looks_often_is_one() {
        let mut sketch = LookerSketch::new();
        let marks: Vec<u32> = (0..100).map(|_| sketch.note(7, &"desk")).collect();
        assert_eq!(marks, vec![1; 100]);
    }
}
