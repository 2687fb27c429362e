//! Lists that are shown a page at a time.

/// Cuts a list that was asked for with one row more than a page holds. The last row that stays, when others follow it: the next
/// page begins behind it.
pub(in crate::pages) fn cut<T>(rows: &mut Vec<T>, page_length: usize) -> Option<&T> {
    let has_more = rows.len() > page_length;
    rows.truncate(page_length);
    rows.last().filter(|_| has_more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_row_of_a_page_is_told_only_when_another_follows() {
        for (length, left, last) in [(0, 0, None), (2, 2, None), (3, 2, Some(2)), (9, 2, Some(2))] {
            let mut rows: Vec<usize> = (1..=length).collect();
            assert_eq!(cut(&mut rows, 2).copied(), last);
            assert_eq!(rows.len(), left);
        }
    }
}
