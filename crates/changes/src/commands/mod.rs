//! Everything that can be asked to change in the register. The JSON of a command is the same at the API, in the queue of
//! a commune that is offline, and in the stored event.

mod civil;
mod residence;

pub use civil::{
    Adoption, Birth, Death, Guardianship, IdentityChange, IdentityCorrection, IdentityFields, Judgment,
    JudgmentMatter, Marriage, Missing, NationalityChange, NumberCancellation, NumberIssue, NumberReplacement,
    OtherNameStatement, Parent, Reappearance, Recognition, Sensitive, SensitiveKind, SensitiveStatement,
    Separation,
};
pub use residence::{
    AbsenceNotice, Address, CurrentPlaceStatement, DeletionGround, HeadChange, HouseholdCreation,
    HouseholdMerge, HouseholdSplit, Member, PermanentMove, PersonOn, ResidenceDeletion, StayNotice,
    TemporaryStay,
};

use dancu_core::{CommuneCode, PersonalNumber};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Telephone and e-mail change.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactChange {
    /// Whose.
    pub number: PersonalNumber,
    /// Telephone number; `None` for none.
    #[serde(default)]
    pub phone: Option<String>,
    /// E-mail address; `None` for none.
    #[serde(default)]
    pub email: Option<String>,
    /// From when.
    pub on: Date,
}

/// Another database shares items about a person (group 26).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedStatement {
    /// About whom.
    pub number: PersonalNumber,
    /// Code in the closed list, and value. Items that are not named stay.
    pub items: Vec<(String, String)>,
    /// From when.
    pub on: Date,
}

/// Units of the country are merged into one. Nothing written before changes; the old codes resolve to the new one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitMerge {
    /// Communes that end.
    pub from: Vec<CommuneCode>,
    /// Commune that takes their place; one of them, or a new one.
    pub into: CommuneCode,
    /// Its name from then on, with its kind: `Phường Ba Đình`.
    pub name: String,
    /// First day.
    pub on: Date,
}

/// An earlier event is taken back. It stays in the history.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compensation {
    /// The event.
    pub event: crate::CommandId,
    /// Why, for the history.
    pub reason: String,
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident($body:ty) = $word:literal $vi:literal $en:literal,)*) => {
        /// A command.
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(tag = "command")]
        pub enum Command {
            $($(#[$doc])* #[serde(rename = $word)] $name($body),)*
        }

        impl Command {
            /// The words of all commands in a fixed order.
            pub const WORDS: &[&str] = &[$($word,)*];

            /// The word in the API and in stored events.
            pub const fn word(&self) -> &'static str {
                match self { $(Self::$name(_) => $word,)* }
            }

            /// What the event is called on pages, in Vietnamese and English.
            pub const fn title(&self) -> (&'static str, &'static str) {
                match self { $(Self::$name(_) => ($vi, $en),)* }
            }

            /// What the event of a command's word is called.
            pub fn title_of(word: &str) -> Option<(&'static str, &'static str)> {
                match word { $($word => Some(($vi, $en)),)* _ => None }
            }
        }
    };
}

commands! {
    /// Birth.
    RegisterBirth(Birth) = "register_birth" "Đăng ký khai sinh" "Birth registered",
    /// Number issued.
    IssueNumber(NumberIssue) = "issue_number" "Cấp số định danh" "Personal number issued",
    /// Number cancelled.
    CancelNumber(NumberCancellation) = "cancel_number" "Hủy số định danh" "Personal number cancelled",
    /// Number re-issued.
    ReplaceNumber(NumberReplacement) = "replace_number" "Cấp lại số định danh" "Personal number replaced",
    /// Parent or child recognised.
    RecogniseParent(Recognition) = "recognise_parent" "Đăng ký nhận cha, mẹ, con" "Parent recognised",
    /// Adoption.
    RegisterAdoption(Adoption) = "register_adoption" "Đăng ký nuôi con nuôi" "Adoption registered",
    /// Guardian appointed.
    AppointGuardian(Guardianship) = "appoint_guardian" "Đăng ký giám hộ" "Guardian appointed",
    /// Guardianship ended.
    EndGuardianship(Guardianship) = "end_guardianship" "Chấm dứt giám hộ" "Guardianship ended",
    /// Marriage.
    RegisterMarriage(Marriage) = "register_marriage" "Đăng ký kết hôn" "Marriage registered",
    /// Divorce.
    RecordDivorce(Separation) = "record_divorce" "Ghi chú ly hôn" "Divorce recorded",
    /// Marriage annulled.
    AnnulMarriage(Separation) = "annul_marriage" "Hủy việc kết hôn trái pháp luật" "Marriage annulled",
    /// Identity corrected.
    CorrectIdentity(IdentityCorrection) = "correct_identity" "Cải chính hộ tịch" "Civil status corrected",
    /// Identity changed.
    ChangeIdentity(IdentityChange) = "change_identity" "Thay đổi hộ tịch" "Civil status changed",
    /// Nationality gained or lost.
    ChangeNationality(NationalityChange) = "change_nationality" "Thay đổi quốc tịch" "Nationality changed",
    /// Death.
    RegisterDeath(Death) = "register_death" "Đăng ký khai tử" "Death registered",
    /// Declared dead by a court.
    DeclareDead(Death) = "declare_dead" "Tuyên bố chết" "Declared dead",
    /// Declared missing.
    DeclareMissing(Missing) = "declare_missing" "Tuyên bố mất tích" "Declared missing",
    /// Back.
    ReverseDeclaration(Reappearance) = "reverse_declaration" "Hủy tuyên bố mất tích hoặc chết" "Declaration reversed",
    /// Judgment noted.
    NoteJudgment(Judgment) = "note_judgment" "Ghi chú bản án" "Judgment noted",
    /// Sensitive value stated.
    StateSensitive(SensitiveStatement) = "state_sensitive" "Ghi nhận dữ liệu nhạy cảm" "Sensitive value stated",
    /// Other name stated.
    StateOtherName(OtherNameStatement) = "state_other_name" "Ghi nhận tên gọi khác" "Other name stated",
    /// Permanent residence.
    RegisterPermanentResidence(PermanentMove) = "register_permanent_residence" "Đăng ký thường trú" "Permanent residence registered",
    /// Temporary residence.
    RegisterTemporaryResidence(TemporaryStay) = "register_temporary_residence" "Đăng ký tạm trú" "Temporary residence registered",
    /// Temporary residence ended.
    EndTemporaryResidence(PersonOn) = "end_temporary_residence" "Xóa đăng ký tạm trú" "Temporary residence ended",
    /// Absence.
    DeclareAbsence(AbsenceNotice) = "declare_absence" "Khai báo tạm vắng" "Absence declared",
    /// Return.
    EndAbsence(PersonOn) = "end_absence" "Kết thúc tạm vắng" "Absence ended",
    /// Stay.
    NotifyStay(StayNotice) = "notify_stay" "Thông báo lưu trú" "Stay notified",
    /// Permanent residence deleted.
    DeleteResidence(ResidenceDeletion) = "delete_residence" "Xóa đăng ký thường trú" "Permanent residence deleted",
    /// Current place.
    StateCurrentPlace(CurrentPlaceStatement) = "state_current_place" "Khai báo nơi ở hiện tại" "Current place stated",
    /// Household created.
    CreateHousehold(HouseholdCreation) = "create_household" "Lập hộ" "Household created",
    /// Household split.
    SplitHousehold(HouseholdSplit) = "split_household" "Tách hộ" "Household split",
    /// Households merged.
    MergeHouseholds(HouseholdMerge) = "merge_households" "Nhập hộ" "Households merged",
    /// Head changed.
    ChangeHead(HeadChange) = "change_head" "Thay đổi chủ hộ" "Head of household changed",
    /// Contact changed.
    ChangeContact(ContactChange) = "change_contact" "Cập nhật thông tin liên hệ" "Contact changed",
    /// Shared items stated.
    StateShared(SharedStatement) = "state_shared" "Ghi nhận dữ liệu chia sẻ" "Shared data stated",
    /// Units merged.
    MergeUnits(UnitMerge) = "merge_units" "Nhập đơn vị hành chính" "Units merged",
    /// Event taken back.
    Compensate(Compensation) = "compensate" "Thu hồi sự kiện" "Event taken back",
}

// A command is full of personal data.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({})", self.word())
    }
}

impl Command {
    /// Whether it alters who a person is: a second officer approves such a change before it is made.
    pub const fn alters_identity(&self) -> bool {
        matches!(self, Self::CorrectIdentity(_) | Self::ChangeIdentity(_))
    }
}
