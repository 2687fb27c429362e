//! Whether a card is in force on a day.

use dancu_register::{Card, CardState};
use jiff::civil::Date;

/// What a card is worth on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardStanding {
    /// In its owner's hands and not past its last day.
    InForce,
    /// Past its last day.
    Expired,
    /// Made, but not yet handed over.
    NotHandedOver,
    /// Asked for or being made.
    InProduction,
    /// Reported lost.
    Lost,
    /// Damaged.
    Damaged,
    /// Kept by an authority.
    Held,
    /// Taken back.
    Revoked,
    /// Made void.
    Cancelled,
    /// The person has no card.
    NoCard,
}

impl CardStanding {
    /// The word in the API and in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Expired => "expired",
            Self::NotHandedOver => "not_handed_over",
            Self::InProduction => "in_production",
            Self::Lost => "lost",
            Self::Damaged => "damaged",
            Self::Held => "held",
            Self::Revoked => "revoked",
            Self::Cancelled => "cancelled",
            Self::NoCard => "no_card",
        }
    }

    /// Words on a page, Vietnamese and English.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::InForce => ("Còn hiệu lực", "In force"),
            Self::Expired => ("Đã hết hạn", "Expired"),
            Self::NotHandedOver => ("Chưa trả cho công dân", "Not yet handed over"),
            Self::InProduction => ("Đang sản xuất", "In production"),
            Self::Lost => ("Đã báo mất", "Reported lost"),
            Self::Damaged => ("Đã báo hỏng", "Reported damaged"),
            Self::Held => ("Đang bị tạm giữ", "Held by an authority"),
            Self::Revoked => ("Đã bị thu hồi", "Revoked"),
            Self::Cancelled => ("Đã bị hủy", "Cancelled"),
            Self::NoCard => ("Chưa có thẻ", "No card"),
        }
    }
}

/// The standing of a person's card on a day. A card is good through its last day.
pub fn standing(card: Option<&Card>, day: Date) -> CardStanding {
    let Some(card) = card else { return CardStanding::NoCard };
    match card.state {
        CardState::HandedOver if card.expires.is_some_and(|last| last < day) => CardStanding::Expired,
        CardState::HandedOver => CardStanding::InForce,
        CardState::Issued => CardStanding::NotHandedOver,
        CardState::Requested | CardState::InProduction => CardStanding::InProduction,
        CardState::Expired => CardStanding::Expired,
        CardState::Lost => CardStanding::Lost,
        CardState::Damaged => CardStanding::Damaged,
        CardState::Held => CardStanding::Held,
        CardState::Revoked => CardStanding::Revoked,
        CardState::Cancelled => CardStanding::Cancelled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_card_is_good_through_its_last_day() {
        let card = |expires| Card {
            issued: Some(date(2021, 6, 15)),
            expires,
            state: CardState::HandedOver,
            issued_by: None,
        };
        let last = date(2031, 6, 15);
        assert_eq!(standing(Some(&card(Some(last))), last), CardStanding::InForce);
        assert_eq!(standing(Some(&card(Some(last))), date(2031, 6, 16)), CardStanding::Expired);
        assert_eq!(standing(Some(&card(None)), date(2099, 1, 1)), CardStanding::InForce);
        assert_eq!(standing(None, last), CardStanding::NoCard);
    }

    #[test]
    fn only_a_card_in_its_owners_hands_is_in_force() {
        for state in CardState::ALL {
            let card =
                Card { issued: Some(date(2021, 6, 15)), expires: None, state: *state, issued_by: None };
            let in_force = standing(Some(&card), date(2026, 1, 1)) == CardStanding::InForce;
            assert_eq!(in_force, *state == CardState::HandedOver);
        }
    }
}
