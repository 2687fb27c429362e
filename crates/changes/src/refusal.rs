//! Why a command is refused.

use dancu_core::{Explain, Explanation, LegacyText};
use dancu_register::FactKind;

/// What is wrong with the time at which the desk says that it took the command in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Intake {
    /// It has not come.
    #[error("taken in in the future")]
    InTheFuture,
    /// It lies longer ago than a commune may be out of reach.
    #[error("taken in more than {days} days ago")]
    TooLongAgo {
        /// Days.
        days: i64,
    },
    /// A day that the command tells of lies after it.
    #[error("taken in before the day that it tells of: {field}")]
    BeforeTheDay {
        /// The field.
        field: &'static str,
    },
}

impl Explain for Intake {
    fn explain(&self) -> Explanation {
        match self {
            Self::InTheFuture => Explanation::new(
                "DANCU-CHANGE-021",
                "Giờ tiếp nhận (`taken_at`) ở tương lai. Hãy chỉnh đồng hồ của nơi tiếp nhận rồi gửi lại.",
                "The time of intake (`taken_at`) lies in the future. Set the clock of the desk and send it again.",
            ),
            Self::TooLongAgo { days } => Explanation::new(
                "DANCU-CHANGE-022",
                format!(
                    "Hồ sơ được tiếp nhận đã quá {days} ngày trước khi bàn giao. Hãy tiếp nhận lại với ngày hôm nay."
                ),
                format!(
                    "This was taken in more than {days} days before it was handed over. Take it in anew, with today's time."
                ),
            ),
            Self::BeforeTheDay { field } => Explanation::new(
                "DANCU-CHANGE-023",
                format!(
                    "Ngày ở trường `{field}` sau ngày tiếp nhận. Hãy kiểm tra ngày này và giờ tiếp nhận."
                ),
                format!("The day in `{field}` lies after the day of intake. Check both."),
            ),
        }
    }
}

/// A refusal that any command can meet. The rules of civil status and of residence have theirs beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Common {
    /// The identifier of the command was used for another command.
    #[error("the identifier belongs to another command")]
    IdentifierUsed,
    /// Too many papers, or one without a reference.
    #[error("the evidence has not the form it should have")]
    EvidenceForm,
    /// A paper that the law asks for is missing.
    #[error("evidence is missing: {kind}")]
    EvidenceMissing {
        /// Which, in the API's word.
        kind: &'static str,
    },
    /// Somebody else's commune has to do it.
    #[error("outside the officer's commune")]
    OutsideCommune,
    /// Only the centre may do it, or only a commune.
    #[error("not a command of this office")]
    NotThisOffice,
    /// The register holds nobody under a number.
    #[error("a number is not held: {field}")]
    NotHeld {
        /// The field that names the person.
        field: &'static str,
    },
    /// A person is dead.
    #[error("a person is dead: {field}")]
    Dead {
        /// The field that names the person.
        field: &'static str,
    },
    /// The number is out of use.
    #[error("a number is out of use: {field}")]
    OutOfUse {
        /// The field that names the person.
        field: &'static str,
    },
    /// A day lies in the future.
    #[error("a day lies in the future: {field}")]
    InTheFuture {
        /// The field.
        field: &'static str,
    },
    /// A day lies before the person's birth.
    #[error("a day lies before birth: {field}")]
    BeforeBirth {
        /// The field that names the person.
        field: &'static str,
    },
    /// A day lies after another one that should follow it.
    #[error("days out of order: {field}")]
    OutOfOrder {
        /// The field of the later day.
        field: &'static str,
    },
    /// No unit bore a code on that day.
    #[error("unknown commune: {field}")]
    UnknownCommune {
        /// The field.
        field: &'static str,
    },
    /// A text is empty, too long, or has not the form it should have.
    #[error("a text has not the form it should have: {field}")]
    Text {
        /// The field.
        field: &'static str,
    },
    /// The time of intake is none that can be.
    #[error(transparent)]
    Intake(#[from] Intake),
    /// Nothing would change.
    #[error("all of it is known already")]
    NothingNew,
    /// A household or a circle of relatives is larger than any real one.
    #[error("a household or family is too large")]
    BeyondBounds,
    /// The event to be taken back is unknown.
    #[error("no such event")]
    NoSuchEvent,
    /// It was taken back already.
    #[error("taken back already")]
    TakenBack,
    /// Later events build on it.
    #[error("later events changed {}", .kind.as_str())]
    ChangedSince {
        /// The kind of fact that they changed.
        kind: FactKind,
    },
}

impl Explain for Common {
    // tidy: allow long function: one table of sentences, read from top to bottom
    fn explain(&self) -> Explanation {
        match self {
            Self::IdentifierUsed => Explanation::new(
                "DANCU-CHANGE-001",
                "Mã yêu cầu này đã dùng cho một yêu cầu khác. Hãy gửi lại với mã mới.",
                "This identifier was used for another command. Send it again under a new one.",
            ),
            Self::EvidenceForm => Explanation::new(
                "DANCU-CHANGE-002",
                "Giấy tờ kèm theo không đúng dạng: tối đa 20, mỗi giấy có số hiệu 1–200 ký tự.",
                "The evidence has not the right form: at most 20 papers, each with a reference of 1–200 characters.",
            ),
            Self::EvidenceMissing { kind } => Explanation::new(
                "DANCU-CHANGE-003",
                format!("Thiếu giấy tờ bắt buộc: `{kind}`. Hãy bổ sung rồi gửi lại."),
                format!("A required paper is missing: `{kind}`. Add it and send again."),
            ),
            Self::OutsideCommune => Explanation::new(
                "DANCU-CHANGE-004",
                "Việc này thuộc xã, phường khác. Hãy chuyển hồ sơ đến nơi cư trú hoặc nơi xảy ra sự kiện.",
                "Another commune has to do this. Hand it to the commune of residence or of the event.",
            ),
            Self::NotThisOffice => Explanation::new(
                "DANCU-CHANGE-005",
                "Cơ quan của bạn không được thực hiện việc này.",
                "Your office may not do this.",
            ),
            Self::NotHeld { field } => Explanation::new(
                "DANCU-CHANGE-006",
                format!("Không có ai mang số ở trường `{field}`. Hãy kiểm tra lại số định danh."),
                format!("Nobody has the number in `{field}`. Check the personal number."),
            ),
            Self::Dead { field } => Explanation::new(
                "DANCU-CHANGE-007",
                format!("Người ở trường `{field}` đã được khai tử vào ngày đó."),
                format!("The person in `{field}` is registered as dead on that day."),
            ),
            Self::OutOfUse { field } => Explanation::new(
                "DANCU-CHANGE-008",
                format!("Số định danh ở trường `{field}` không còn dùng. Hãy dùng số thay thế."),
                format!("The number in `{field}` is out of use. Use the one that replaced it."),
            ),
            Self::InTheFuture { field } => Explanation::new(
                "DANCU-CHANGE-009",
                format!("Ngày ở trường `{field}` ở tương lai."),
                format!("The day in `{field}` lies in the future."),
            ),
            Self::BeforeBirth { field } => Explanation::new(
                "DANCU-CHANGE-010",
                format!(
                    "Ngày đã ghi trước ngày sinh của người ở trường `{field}`. Hãy kiểm tra ngày và số định danh."
                ),
                format!(
                    "The stated day lies before the birth of the person in `{field}`. Check the day and the number."
                ),
            ),
            Self::OutOfOrder { field } => Explanation::new(
                "DANCU-CHANGE-011",
                format!("Ngày ở trường `{field}` phải sau ngày bắt đầu."),
                format!("The day in `{field}` must lie after the first day."),
            ),
            Self::UnknownCommune { field } => Explanation::new(
                "DANCU-CHANGE-012",
                format!("Không có đơn vị nào mang mã ở trường `{field}` vào ngày đó."),
                format!("No unit bore the code in `{field}` on that day."),
            ),
            Self::Text { field } => Explanation::new(
                "DANCU-CHANGE-013",
                format!("Trường `{field}` trống, quá dài hoặc không đúng dạng."),
                format!("The field `{field}` is empty, too long or has not the right form."),
            ),
            Self::Intake(fault) => fault.explain(),
            Self::NothingNew => Explanation::new(
                "DANCU-CHANGE-014",
                "Cơ sở dữ liệu đã có đúng như vậy; không có gì thay đổi.",
                "The register says so already; nothing would change.",
            ),
            Self::BeyondBounds => Explanation::new(
                "DANCU-CHANGE-015",
                "Hộ hoặc gia đình có trên 1.000 người: dữ liệu có lỗi, hãy báo trung tâm.",
                "The household or family has more than 1,000 persons: the data are at fault, tell the centre.",
            ),
            Self::NoSuchEvent => Explanation::new(
                "DANCU-CHANGE-016",
                "Không có sự kiện mang mã này.",
                "There is no event under this identifier.",
            ),
            Self::TakenBack => Explanation::new(
                "DANCU-CHANGE-017",
                "Sự kiện này đã được thu hồi trước đó.",
                "This event was taken back before.",
            ),
            Self::ChangedSince { kind } => Explanation::new(
                "DANCU-CHANGE-018",
                format!("Sự kiện sau đã thay đổi `{}`. Hãy thu hồi sự kiện sau trước.", kind.as_str()),
                format!("A later event changed `{}`. Take that one back first.", kind.as_str()),
            ),
        }
    }
}

/// Why a command is refused. The register is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Any command can meet this.
    #[error(transparent)]
    Common(#[from] Common),
    /// A text is in a code table of before Unicode.
    #[error("{field}: {text}")]
    Legacy {
        /// The field.
        field: String,
        /// Which table.
        text: LegacyText,
    },
    /// A rule of civil status.
    #[error(transparent)]
    Civil(#[from] crate::rules::CivilRefusal),
    /// A rule of residence.
    #[error(transparent)]
    Residence(#[from] crate::rules::ResidenceRefusal),
}

impl Explain for Refusal {
    fn explain(&self) -> Explanation {
        match self {
            Self::Common(refusal) => refusal.explain(),
            Self::Legacy { field, text } => {
                let table = text.0.as_str();
                Explanation::new(
                    "DANCU-CHANGE-020",
                    format!(
                        "Trường `{field}` viết theo bảng mã {table}, không phải Unicode. Hãy chuyển sang Unicode rồi gửi lại."
                    ),
                    format!(
                        "The field `{field}` is written in {table} and not in Unicode. Convert it to Unicode and send it again."
                    ),
                )
            }
            Self::Civil(refusal) => refusal.explain(),
            Self::Residence(refusal) => refusal.explain(),
        }
    }
}
