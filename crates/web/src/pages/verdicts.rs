//! What the desk says to each outcome of a scan: the verdict in a few words, and what to do when it is not well.

use crate::views::{Finding, Words};
use dancu_cards::CardStanding;
use dancu_exchange::{CardAnswer, LifeAnswer, VerifyAnswer};
use dancu_reception::{Scan, Verdict};

/// The code of a verdict in JSON.
pub(super) const fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Agrees => "agrees",
        Verdict::AgreesInTheMain => "agrees_in_the_main",
        Verdict::CardNotInForce => "card_not_in_force",
        Verdict::NotAlive => "not_alive",
        Verdict::Differs => "differs",
    }
}

/// The verdict as a headline.
pub(super) fn headline(scan: &Scan) -> Words {
    match scan.verdict {
        Verdict::Agrees => ("Khớp, thẻ còn hiệu lực", "Agrees, card in force").into(),
        Verdict::AgreesInTheMain => {
            ("Khớp phần chính, thẻ còn hiệu lực", "Agrees in the main, card in force").into()
        }
        Verdict::CardNotInForce => match scan.answer.card_status {
            Some(CardAnswer::Known(standing)) if standing != CardStanding::InForce => {
                let (vi, en) = standing.words();
                (format!("Thẻ không dùng được: {}", lower(vi)), format!("Card not usable: {}", lower(en)))
                    .into()
            }
            _ => ("Thẻ không dùng được: đã được thay", "Card not usable: it was replaced").into(),
        },
        Verdict::NotAlive => ("Không tiếp nhận bằng thẻ này", "Do not admit on this card").into(),
        Verdict::Differs => ("Không khớp với sổ dân cư", "Does not agree with the register").into(),
    }
}

/// What the person at the desk is to do.
pub(super) fn advice(scan: &Scan) -> Words {
    let (vi, en) = match scan.verdict {
        // The code is not signed: that its data are right does not make its bearer the owner.
        Verdict::Agrees => {
            ("Hãy so khuôn mặt với ảnh trên thẻ.", "Compare the face with the picture on the card.")
        }
        Verdict::AgreesInTheMain => (
            "Có mục khác chút ít, thường do đổi nơi ở sau khi làm thẻ hoặc viết thiếu dấu. Hãy so khuôn mặt với ảnh trên thẻ rồi tiếp nhận.",
            "Something differs a little, usually a move after the card was made, or missing diacritics. Compare the face with the picture on the card, then admit.",
        ),
        Verdict::CardNotInForce => return card_advice(&scan.answer),
        Verdict::NotAlive => (
            "Sổ dân cư ghi người này đã mất hoặc mất tích. Hãy mời người phụ trách; nếu thông tin sai, người dân đề nghị sửa tại công an xã, phường.",
            "The register says that this person has died or is missing. Call the person in charge; if that is wrong, the commune police correct it.",
        ),
        Verdict::Differs => (
            "Hãy xem chữ in trên thẻ và quét lại một lần. Vẫn không khớp thì thẻ có thể bị sửa hoặc làm giả: không tiếp nhận bằng thẻ này, mời người phụ trách.",
            "Look at the print on the card and scan once more. If it still differs the card may be altered or forged: do not admit on it, call the person in charge.",
        ),
    };
    (vi, en).into()
}

fn card_advice(answer: &VerifyAnswer) -> Words {
    let (vi, en) = match answer.card_status {
        Some(CardAnswer::Known(CardStanding::Expired)) => (
            "Hãy xem căn cước điện tử của người này, hoặc giấy tờ khác còn hạn. Thẻ mới làm tại công an xã, phường.",
            "See the person's electronic identity, or another valid document. The commune police issue a new card.",
        ),
        Some(CardAnswer::Known(CardStanding::Lost)) => (
            "Thẻ này đã được báo mất: người cầm thẻ có thể không phải chủ thẻ. Hãy so khuôn mặt và mời người phụ trách.",
            "This card was reported lost: its bearer may not be its owner. Compare the face and call the person in charge.",
        ),
        Some(CardAnswer::Known(CardStanding::Held | CardStanding::Revoked | CardStanding::Cancelled)) => (
            "Không tiếp nhận bằng thẻ này. Hãy mời người phụ trách và xem giấy tờ khác.",
            "Do not admit on this card. Call the person in charge and see another paper.",
        ),
        Some(CardAnswer::Known(CardStanding::Damaged)) => (
            "Thẻ đã được báo hỏng. Hãy xem thẻ mới hoặc căn cước điện tử.",
            "The card was reported damaged. See the new card or the electronic identity.",
        ),
        _ => (
            "Đây không phải thẻ đang dùng của người này. Hãy hỏi thẻ mới nhất hoặc xem căn cước điện tử.",
            "This is not the person's present card. Ask for the newest one or see the electronic identity.",
        ),
    };
    (vi, en).into()
}

/// The card's standing, where the contract tells it.
pub(super) fn card(answer: &VerifyAnswer) -> Option<Finding> {
    let told = answer.card_status?;
    let text = match told {
        CardAnswer::Known(standing) => standing.words().into(),
        CardAnswer::NotConfirmed => not_confirmed(),
    };
    Some(Finding { is_good: told == CardAnswer::Known(CardStanding::InForce), code: told.as_str(), text })
}

/// Whether the person is alive, where the contract tells it.
pub(super) fn life(answer: &VerifyAnswer) -> Option<Finding> {
    let told = answer.life_status?;
    Some(Finding { is_good: told == LifeAnswer::Alive, code: told.as_str(), text: life_words(told) })
}

fn life_words(told: LifeAnswer) -> Words {
    match told {
        LifeAnswer::Alive => ("Còn sống", "Alive").into(),
        LifeAnswer::Dead => ("Đã mất", "Dead").into(),
        LifeAnswer::Missing => ("Mất tích", "Missing").into(),
        LifeAnswer::NotConfirmed => not_confirmed(),
    }
}

fn not_confirmed() -> Words {
    ("Không trả lời, vì dữ liệu không khớp", "Not answered, for the data differ").into()
}

/// A word of a disclosure's outcome for the person it is about.
pub(super) fn outcome_words(answer: &str) -> Words {
    let lives = [LifeAnswer::Alive, LifeAnswer::Dead, LifeAnswer::Missing];
    if let Some(told) = lives.into_iter().find(|told| told.as_str() == answer) {
        return life_words(told);
    }
    if let Some(standing) = STANDINGS.into_iter().find(|standing| standing.as_str() == answer) {
        return standing.words().into();
    }
    match answer {
        "match" => ("khớp", "agrees").into(),
        "match_without_diacritics" => ("khớp nếu bỏ dấu", "agrees without its marks").into(),
        "differs" => ("không khớp", "differs").into(),
        "not_held" => ("chưa có dữ liệu", "not held").into(),
        "not_confirmed" => ("không trả lời", "not answered").into(),
        "changed" => ("báo là đã thay đổi", "told that it changed").into(),
        "told" => ("đã cho biết giá trị", "value told").into(),
        "shown" => ("đã cho xem", "shown").into(),
        "held" => ("đã cho biết là có", "told that it is held").into(),
        "yes" => ("có", "yes").into(),
        "no" => ("không", "no").into(),
        "withheld" => ("không cho xem", "not shown").into(),
        other => Words::same(other.to_owned()),
    }
}

const STANDINGS: [CardStanding; 10] = [
    CardStanding::InForce,
    CardStanding::Expired,
    CardStanding::NotHandedOver,
    CardStanding::InProduction,
    CardStanding::Lost,
    CardStanding::Damaged,
    CardStanding::Held,
    CardStanding::Revoked,
    CardStanding::Cancelled,
    CardStanding::NoCard,
];

/// With a small first letter, for the middle of a sentence.
fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
