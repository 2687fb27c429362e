//! What the matcher says of a pair, in words that an officer reads.

use crate::views::Words;

/// From how many thousandths of a bit on a field says something, and says much: twice and thirty times as likely.
const SAYS_SOMETHING: i32 = 1_000;
const SAYS_MUCH: i32 = 5_000;

/// Why somebody has to look.
pub(super) fn reason_words(reason: &str) -> Words {
    match reason {
        "unsure" => ("Chưa đủ chắc", "Not sure enough"),
        "rival" => ("Có người khác giống như vậy", "Another person is as likely"),
        "given_name_differs" => ("Khác tên gọi", "The given name is another"),
        "may_be_twin" => ("Có thể là sinh đôi", "May be a twin"),
        "number_differs" => ("Số của hai người", "The numbers are two persons'"),
        _ => return Words::same(reason.to_owned()),
    }
    .into()
}

/// What is compared; a column of the file by its own name.
pub(super) fn slot_words(slot: &str) -> Words {
    match slot {
        "number" => ("Số định danh", "Personal number"),
        "old_number" => ("Số CMND 9 số", "Old number"),
        "surname" => ("Họ", "Surname"),
        "middle_name" => ("Chữ đệm", "Middle name"),
        "given_name" => ("Tên", "Given name"),
        _ => return Words::same(slot.to_owned()),
    }
    .into()
}

/// How far two values agree.
pub(super) fn level_words(level: &str) -> Words {
    match level {
        "same" => ("giống hệt", "the same"),
        "one_slip" => ("sai một ký tự", "one slip"),
        "two_slips" => ("sai hai ký tự", "two slips"),
        "differs" => ("khác", "differs"),
        "marks_missing" => ("thiếu dấu", "marks are missing"),
        "other_marks" => ("khác dấu", "other marks"),
        "cut_short" => ("viết tắt", "cut short"),
        "similar" => ("gần giống", "similar"),
        "exchanged" => ("đổi chỗ", "exchanged"),
        "same_first_of_january" => ("cùng ngày 1 tháng 1", "the same 1 January"),
        "day_month_exchanged" => ("ngày và tháng đổi chỗ", "day and month exchanged"),
        "same_as_far_as_known" => ("giống ở phần đã biết", "the same as far as known"),
        "two_of_three_parts" => ("giống hai trong ba phần", "two of three parts"),
        "same_year" => ("cùng năm", "the same year"),
        "same_commune" => ("cùng xã", "the same commune"),
        "same_province" => ("cùng tỉnh", "the same province"),
        "close" => ("rất gần", "close"),
        _ => return Words::same(level.to_owned()),
    }
    .into()
}

/// What that is worth, and whether it speaks for one person; nothing where it says little.
pub(super) fn weight_words(weight: i32) -> (Words, Option<bool>) {
    let (words, speaks_for) = match weight {
        SAYS_MUCH.. => (("nghiêng hẳn về một người", "strongly for one person"), Some(true)),
        SAYS_SOMETHING.. => (("nghiêng về một người", "for one person"), Some(true)),
        weight if weight <= -SAYS_MUCH => {
            (("nghiêng hẳn về hai người", "strongly for two persons"), Some(false))
        }
        weight if weight <= -SAYS_SOMETHING => (("nghiêng về hai người", "for two persons"), Some(false)),
        _ => (("không nói lên nhiều", "says little"), None),
    };
    (words.into(), speaks_for)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_speaks_for_one_or_two_or_says_little() {
        let speaks = |weight| weight_words(weight).1;
        assert_eq!(
            [9_000, 1_000, 999, 0, -999, -1_000, -9_000].map(speaks),
            [Some(true), Some(true), None, None, None, Some(false), Some(false)]
        );
        assert_ne!(weight_words(-5_000).0.en, weight_words(-4_999).0.en);
    }
}
