//! Slips of the hand.

use crate::draw::Draw;

/// One digit is another, or two neighbours changed places.
pub fn in_digits(draw: &mut Draw, digits: &str) -> String {
    let mut signs: Vec<char> = digits.chars().collect();
    let at: Vec<usize> = (0..signs.len()).filter(|at| signs[*at].is_ascii_digit()).collect();
    if at.is_empty() {
        return digits.to_owned();
    }
    let chosen = *draw.pick(&at);
    let next = signs.get(chosen + 1).is_some_and(|next| next.is_ascii_digit() && *next != signs[chosen]);
    if next && draw.chance(4_000) {
        signs.swap(chosen, chosen + 1);
    } else {
        let digit = signs[chosen].to_digit(10).unwrap_or_default();
        let other = (digit + 1 + draw.below(9)) % 10;
        signs[chosen] = char::from_digit(other, 10).unwrap_or('0');
    }
    signs.into_iter().collect()
}

/// A letter lost, doubled, exchanged with its neighbour or changed for one beside it on the keyboard.
pub fn in_letters(draw: &mut Draw, text: &str) -> String {
    let mut signs: Vec<char> = text.chars().collect();
    let letters: Vec<usize> = (1..signs.len()).filter(|at| signs[*at].is_alphabetic()).collect();
    if letters.is_empty() {
        return text.to_owned();
    }
    let at = *draw.pick(&letters);
    match draw.below(4) {
        0 => drop(signs.remove(at)),
        1 => signs.insert(at, signs[at]),
        2 if signs.get(at + 1).is_some_and(|next| next.is_alphabetic()) => signs.swap(at, at + 1),
        _ => signs[at] = beside(draw, signs[at]),
    }
    signs.into_iter().collect()
}

fn beside(draw: &mut Draw, letter: char) -> char {
    const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
    let row = ROWS.iter().find(|row| row.contains(letter)).unwrap_or(&ROWS[1]);
    let keys: Vec<char> = row.chars().collect();
    let at = keys.iter().position(|key| *key == letter).unwrap_or(4);
    let step = if at == 0 || at + 1 < keys.len() && draw.chance(5_000) { at + 1 } else { at - 1 };
    keys[step]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_changes_little_and_never_nothing_in_digits() {
        let mut draw = Draw::for_block(1, 1);
        for _ in 0..500 {
            let slipped = in_digits(&mut draw, "001085000001");
            assert_eq!(slipped.len(), 12);
            assert_ne!(slipped, "001085000001");
            let name = in_letters(&mut draw, "Nguyễn Văn An");
            assert!(name.chars().count().abs_diff(13) <= 1);
        }
    }
}
