//! Why a rule of residence refuses.

use dancu_core::{Explain, Explanation};

/// A rule of residence refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResidenceRefusal {
    /// Not exactly one of a new household is its head.
    #[error("a household has exactly one head")]
    NotOneHead,
    /// The head leaves a household in which others stay.
    #[error("the head leaves and others stay")]
    HeadLeaves,
    /// What was loaded of a household names two heads, or none.
    #[error("the household has two heads or none")]
    HouseholdInDisorder,
    /// The permanent residence, or the place in a household, changes again on a later day.
    #[error("a later change of permanent residence is registered: {field}")]
    LaterResidence {
        /// The field that names it.
        field: &'static str,
    },
    /// Later changes of the household would leave it without exactly one head.
    #[error("later changes of the household build on its state")]
    LaterHousehold,
    /// Nobody belongs to a household on that day.
    #[error("no such household on that day: {field}")]
    NoSuchHousehold {
        /// The field that names it.
        field: &'static str,
    },
    /// Somebody would join a household as its head.
    #[error("whoever joins a household is not its head")]
    HeadJoins,
    /// The address is not that of the household.
    #[error("the household lives at another address")]
    HouseholdElsewhere,
    /// The person is in the household already.
    #[error("already a member: {field}")]
    AlreadyMember {
        /// The field that names it.
        field: &'static str,
    },
    /// The person is not in the household on that day.
    #[error("not a member: {field}")]
    NotMember {
        /// The field that names it.
        field: &'static str,
    },
    /// Not every member is named, or somebody else is.
    #[error("not every member is named once: {field}")]
    MembersIncomplete {
        /// The field that names it.
        field: &'static str,
    },
    /// Everyone would leave; that is no split.
    #[error("everyone would leave")]
    NobodyStays,
    /// The person is in a household already.
    #[error("in another household: {field}")]
    InAHousehold {
        /// The field that names it.
        field: &'static str,
    },
    /// The persons or households are not registered at one address.
    #[error("not at one address")]
    NotOneAddress,
    /// The person has the permanent residence there already.
    #[error("already there: {field}")]
    AlreadyThere {
        /// The field that names it.
        field: &'static str,
    },
    /// Somebody without full capacity would be the head of others who have it.
    #[error("the head has not full capacity")]
    HeadTooYoung,
    /// Nobody is named, too many are, or somebody twice.
    #[error("nobody, too many persons, or one of them twice: {field}")]
    PersonsForm {
        /// The field that names it.
        field: &'static str,
        /// Persons that it may name.
        persons_max: usize,
    },
    /// The temporary residence is longer than the law allows at a time.
    #[error("longer than a temporary residence may last")]
    TemporaryTooLong {
        /// Months that the law sets.
        months: u16,
    },
    /// The temporary residence is so short that it is a stay.
    #[error("shorter than a temporary residence")]
    TemporaryTooShort {
        /// Days that the law sets.
        days: u16,
    },
    /// There is another temporary residence on some of the days.
    #[error("another temporary residence on those days: {field}")]
    OverlapsTemporary {
        /// The field that names it.
        field: &'static str,
    },
    /// The temporary residence is at the permanent one.
    #[error("the permanent residence itself: {field}")]
    SameAsPermanent {
        /// The field that names it.
        field: &'static str,
    },
    /// There is no temporary residence on that day.
    #[error("no temporary residence on that day")]
    NoTemporary,
    /// An absence is declared for some of the days.
    #[error("declared away on those days")]
    AlreadyAway,
    /// No absence is declared for that day.
    #[error("no absence on that day")]
    NotAway,
    /// The stay is so long that it is a temporary residence.
    #[error("longer than a stay")]
    StayTooLong {
        /// Days that the law sets.
        days: u16,
    },
    /// The stay ended so long ago that the book no longer keeps it.
    #[error("the book no longer keeps such a stay")]
    StayOver,
    /// The place is the person's own registered residence.
    #[error("the registered residence itself")]
    AtHome,
    /// There is no permanent residence on that day.
    #[error("no permanent residence on that day: {field}")]
    NoPermanent {
        /// The field that names it.
        field: &'static str,
    },
    /// The person declared where they are, so the residence stays.
    #[error("the absence was declared")]
    AbsenceExplained,
    /// The permanent residence itself is younger than the absence that would end it.
    #[error("resident for less than the months of absence")]
    AbsenceTooShort {
        /// Months that the law sets.
        months: u16,
    },
    /// The register holds the nationality that is said to be lost.
    #[error("nationality is held")]
    StillNational,
    /// It would begin too far ahead.
    #[error("too far ahead: {field}")]
    TooFarAhead {
        /// The field that names it.
        field: &'static str,
        /// Days that the law sets.
        days: u16,
    },
    /// The merge would begin before the last one recorded.
    #[error("before the last merge of units")]
    BeforeLastMerge,
    /// The new code was another unit's.
    #[error("the code belonged to another unit")]
    UnitCodeUsed,
    /// The units lie in different provinces.
    #[error("units of two provinces")]
    UnitsOfTwoProvinces,
    /// No unit is named, too many, or one twice.
    #[error("no unit, too many, or one twice: {field}")]
    UnitsForm {
        /// The field that names it.
        field: &'static str,
    },
    /// The table of limits has no law for today.
    #[error("no law of residence on this day")]
    NoLaw,
    /// A household would become part of itself.
    #[error("one household")]
    SameHousehold,
    /// Taking the event back would leave a household without exactly one head.
    #[error("the household was changed on the ground of this event")]
    BuiltUpon,
}

impl Explain for ResidenceRefusal {
    #[expect(clippy::too_many_lines, reason = "one table of sentences, read from top to bottom")]
    // tidy: allow long function: one table of sentences, read from top to bottom
    fn explain(&self) -> Explanation {
        match self {
            Self::NotOneHead => Explanation::new(
                "DANCU-CHANGE-200",
                "Hộ phải có đúng một chủ hộ. Hãy ghi `head` cho đúng một người.",
                "A household has exactly one head. Put `head` with exactly one person.",
            ),
            Self::HeadLeaves => Explanation::new(
                "DANCU-CHANGE-201",
                "Chủ hộ rời đi trong khi còn thành viên ở lại. Hãy đăng ký thay đổi chủ hộ trước.",
                "The head leaves while others stay. Register a change of head first.",
            ),
            Self::HouseholdInDisorder => Explanation::new(
                "DANCU-CHANGE-202",
                "Dữ liệu của hộ có hai chủ hộ hoặc không có chủ hộ. Hãy đăng ký thay đổi chủ hộ trước.",
                "The data of the household name two heads or none. Register a change of head first.",
            ),
            Self::LaterResidence { field } => Explanation::new(
                "DANCU-CHANGE-203",
                format!(
                    "Người ở trường `{field}` đã có thay đổi thường trú hoặc hộ sau ngày này. Hãy thu hồi thay đổi sau trước, hoặc chọn ngày muộn hơn."
                ),
                format!(
                    "The person in `{field}` has a change of residence or household after this day. Take that one back first, or choose a later day."
                ),
            ),
            Self::LaterHousehold => Explanation::new(
                "DANCU-CHANGE-204",
                "Các thay đổi sau ngày này của hộ sẽ làm hộ không còn đúng một chủ hộ. Hãy chọn ngày muộn hơn hoặc thu hồi thay đổi sau trước.",
                "Changes of the household after this day would leave it without exactly one head. Choose a later day, or take those back first.",
            ),
            Self::NoSuchHousehold { field } => Explanation::new(
                "DANCU-CHANGE-205",
                format!("Vào ngày đó không có ai thuộc hộ ở trường `{field}`. Hãy kiểm tra số hộ và ngày."),
                format!(
                    "Nobody belongs to the household in `{field}` on that day. Check its number and the day."
                ),
            ),
            Self::HeadJoins => Explanation::new(
                "DANCU-CHANGE-206",
                "Người nhập vào hộ không thể là chủ hộ. Hãy ghi quan hệ với chủ hộ, rồi đăng ký thay đổi chủ hộ nếu cần.",
                "Whoever joins a household is not its head. State the relation, then register a change of head if one is wanted.",
            ),
            Self::HouseholdElsewhere => Explanation::new(
                "DANCU-CHANGE-207",
                "Hộ này ở địa chỉ khác. Hãy bỏ trống địa chỉ hoặc ghi đúng địa chỉ của hộ.",
                "This household lives at another address. Leave the address out, or give the household's own.",
            ),
            Self::AlreadyMember { field } => Explanation::new(
                "DANCU-CHANGE-208",
                format!("Người ở trường `{field}` đã thuộc hộ này."),
                format!("The person in `{field}` belongs to this household already."),
            ),
            Self::NotMember { field } => Explanation::new(
                "DANCU-CHANGE-209",
                format!(
                    "Người ở trường `{field}` không thuộc hộ này vào ngày đó. Hãy kiểm tra danh sách thành viên."
                ),
                format!(
                    "The person in `{field}` does not belong to this household on that day. Check the list of members."
                ),
            ),
            Self::MembersIncomplete { field } => Explanation::new(
                "DANCU-CHANGE-210",
                format!(
                    "Trường `{field}` phải ghi mỗi thành viên còn sống của hộ đúng một lần và không có ai khác."
                ),
                format!(
                    "The field `{field}` must name every living member of the household once, and nobody else."
                ),
            ),
            Self::NobodyStays => Explanation::new(
                "DANCU-CHANGE-211",
                "Tách hộ phải còn người ở lại hộ cũ. Nếu tất cả chuyển đi, hãy đăng ký thường trú.",
                "After a split somebody stays in the old household. When all leave, register a permanent residence.",
            ),
            Self::InAHousehold { field } => Explanation::new(
                "DANCU-CHANGE-212",
                format!("Người ở trường `{field}` đang thuộc một hộ khác. Hãy đăng ký tách hộ."),
                format!("The person in `{field}` belongs to another household. Register a split instead."),
            ),
            Self::NotOneAddress => Explanation::new(
                "DANCU-CHANGE-213",
                "Những người này không thường trú cùng một địa chỉ. Hãy đăng ký thường trú trước.",
                "They have no permanent residence at one address. Register the permanent residence first.",
            ),
            Self::AlreadyThere { field } => Explanation::new(
                "DANCU-CHANGE-214",
                format!(
                    "Người ở trường `{field}` đã thường trú tại địa chỉ này. Hãy dùng lập hộ, tách hộ hoặc nhập hộ."
                ),
                format!(
                    "The person in `{field}` resides at this address already. Create, split or join a household instead."
                ),
            ),
            Self::HeadTooYoung => Explanation::new(
                "DANCU-CHANGE-215",
                "Chủ hộ chưa đủ tuổi trong khi hộ có người đủ tuổi. Hãy chọn người đủ tuổi làm chủ hộ.",
                "The head is under age while another member is of age. Name a member who is of age.",
            ),
            Self::PersonsForm { field, persons_max } => Explanation::new(
                "DANCU-CHANGE-216",
                format!("Trường `{field}` phải có từ 1 đến {persons_max} người, mỗi người một lần."),
                format!("The field `{field}` must name 1 to {persons_max} persons, each once."),
            ),
            Self::TemporaryTooLong { months } => Explanation::new(
                "DANCU-CHANGE-217",
                format!("Thời hạn tạm trú tối đa là {months} tháng. Hãy rút ngắn, rồi gia hạn khi hết hạn."),
                format!(
                    "A temporary residence lasts at most {months} months. Shorten it, and extend it when it ends."
                ),
            ),
            Self::TemporaryTooShort { days } => Explanation::new(
                "DANCU-CHANGE-218",
                format!("Ở dưới {days} ngày là lưu trú. Hãy thông báo lưu trú."),
                format!("Less than {days} days is a stay. Notify a stay instead."),
            ),
            Self::OverlapsTemporary { field } => Explanation::new(
                "DANCU-CHANGE-219",
                format!(
                    "Người ở trường `{field}` đã có tạm trú trong thời gian này. Hãy kết thúc tạm trú đó trước."
                ),
                format!(
                    "The person in `{field}` has a temporary residence on some of these days. End that one first."
                ),
            ),
            Self::SameAsPermanent { field } => Explanation::new(
                "DANCU-CHANGE-220",
                format!(
                    "Người ở trường `{field}` thường trú tại chính địa chỉ này nên không đăng ký tạm trú."
                ),
                format!(
                    "The person in `{field}` has the permanent residence at this very address; no temporary one is registered there."
                ),
            ),
            Self::NoTemporary => Explanation::new(
                "DANCU-CHANGE-221",
                "Vào ngày đó không có tạm trú. Hãy kiểm tra ngày.",
                "There is no temporary residence on that day. Check the day.",
            ),
            Self::AlreadyAway => Explanation::new(
                "DANCU-CHANGE-222",
                "Đã có khai báo tạm vắng trong thời gian này. Hãy kết thúc khai báo đó trước.",
                "An absence is declared for some of these days. End that one first.",
            ),
            Self::NotAway => Explanation::new(
                "DANCU-CHANGE-223",
                "Vào ngày đó không có khai báo tạm vắng. Hãy kiểm tra ngày.",
                "No absence is declared for that day. Check the day.",
            ),
            Self::StayTooLong { days } => Explanation::new(
                "DANCU-CHANGE-224",
                format!("Lưu trú tối đa {days} ngày. Ở lâu hơn thì đăng ký tạm trú."),
                format!("A stay lasts at most {days} days. Register a temporary residence for more."),
            ),
            Self::StayOver => Explanation::new(
                "DANCU-CHANGE-225",
                "Lưu trú này đã kết thúc quá lâu, sổ lưu trú không còn giữ.",
                "This stay ended so long ago that the book of stays no longer keeps it.",
            ),
            Self::AtHome => Explanation::new(
                "DANCU-CHANGE-226",
                "Đây là nơi thường trú hoặc tạm trú đã đăng ký của người này; không cần khai báo.",
                "This is the person's own registered residence; nothing is to be declared.",
            ),
            Self::NoPermanent { field } => Explanation::new(
                "DANCU-CHANGE-227",
                format!("Người ở trường `{field}` không có thường trú vào ngày đó."),
                format!("The person in `{field}` has no permanent residence on that day."),
            ),
            Self::AbsenceExplained => Explanation::new(
                "DANCU-CHANGE-228",
                "Người này đã khai báo tạm vắng hoặc đăng ký tạm trú nơi khác, nên không xóa thường trú vì vắng mặt.",
                "The person declared the absence or a temporary residence elsewhere, so the permanent one is not deleted for absence.",
            ),
            Self::AbsenceTooShort { months } => Explanation::new(
                "DANCU-CHANGE-229",
                format!("Thường trú chưa đủ {months} tháng vào ngày đó, nên chưa thể xóa vì vắng mặt."),
                format!(
                    "The permanent residence is not {months} months old on that day, so it cannot be deleted for absence yet."
                ),
            ),
            Self::StillNational => Explanation::new(
                "DANCU-CHANGE-230",
                "Theo dữ liệu người này còn quốc tịch Việt Nam. Hãy ghi thay đổi quốc tịch trước.",
                "The register holds Vietnamese nationality. Record the change of nationality first.",
            ),
            Self::TooFarAhead { field, days } => Explanation::new(
                "DANCU-CHANGE-231",
                format!("Ngày ở trường `{field}` chỉ được sau hôm nay tối đa {days} ngày."),
                format!("The day in `{field}` may lie at most {days} days ahead."),
            ),
            Self::BeforeLastMerge => Explanation::new(
                "DANCU-CHANGE-232",
                "Đã có lần nhập đơn vị hành chính sau ngày này. Hãy chọn ngày không sớm hơn lần đó.",
                "Units were merged after this day. Choose a day that is not before that merge.",
            ),
            Self::UnitCodeUsed => Explanation::new(
                "DANCU-CHANGE-233",
                "Mã mới đã thuộc một đơn vị khác. Hãy dùng mã của một đơn vị được nhập hoặc mã chưa dùng.",
                "The new code was another unit's. Use the code of a merged unit, or one that was never used.",
            ),
            Self::UnitsOfTwoProvinces => Explanation::new(
                "DANCU-CHANGE-234",
                "Các đơn vị được nhập phải cùng một tỉnh, thành phố.",
                "Units that are merged must lie in one province.",
            ),
            Self::UnitsForm { field } => Explanation::new(
                "DANCU-CHANGE-235",
                format!(
                    "Trường `{field}` phải có các đơn vị khác nhau; một đơn vị gồm tối đa 64 mã cũ và mới."
                ),
                format!(
                    "The field `{field}` must name different units; one unit gathers at most 64 codes, old and new."
                ),
            ),
            Self::NoLaw => Explanation::new(
                "DANCU-CHANGE-236",
                "Bảng giới hạn không có luật cư trú hiệu lực hôm nay. Hãy báo trung tâm kiểm tra ngày của máy chủ.",
                "The table of limits has no law of residence for today. Tell the centre to check the server's date.",
            ),
            Self::SameHousehold => Explanation::new(
                "DANCU-CHANGE-237",
                "Hai số hộ giống nhau. Hãy ghi hai hộ khác nhau.",
                "Both numbers are one household's. Name two households.",
            ),
            Self::BuiltUpon => Explanation::new(
                "DANCU-CHANGE-238",
                "Thu hồi sự kiện này sẽ làm một hộ không còn đúng một chủ hộ. Hãy thu hồi các thay đổi sau của hộ trước.",
                "Taking this back would leave a household without exactly one head. Take back the later changes of the household first.",
            ),
        }
    }
}
