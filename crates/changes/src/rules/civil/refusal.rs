//! Why a rule of civil status refuses.

use dancu_core::{Explain, Explanation};

/// A rule of civil status refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CivilRefusal {
    /// A parent would have been too young at the birth.
    #[error("a parent would have been too young: {field}")]
    ParentTooYoung {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// The mother would have been too old.
    #[error("the mother would have been too old")]
    MotherTooOld,
    /// The mother was dead, or the father long dead, when the child was born.
    #[error("a parent was dead at the birth: {field}")]
    ParentDead {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// The sex of a parent does not fit.
    #[error("the sex does not fit: {field}")]
    ParentSex {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// Another child of the mother was born too shortly before or after.
    #[error("another child of the mother was born too shortly before or after")]
    SiblingTooClose,
    /// The same person seems to be registered already.
    #[error("the same person seems to be registered already")]
    PossibleDuplicate,
    /// No parent belongs to the household.
    #[error("no parent belongs to the household")]
    HouseholdOfNeither,
    /// A child is no head of a household.
    #[error("a newborn child is no head of a household")]
    ChildAsHead,
    /// No free number was drawn.
    #[error("no free number was drawn")]
    NumbersExhausted,
    /// The three digits are no province or country of the lists.
    #[error("the place of the number is in no list")]
    NumberPlace,
    /// A number has no room for the birth year.
    #[error("no number can be formed")]
    NumberNotFormed,
    /// Others name the number as a relative, or the household would lose its head.
    #[error("others still name the number")]
    StillNamed,
    /// The number agrees with sex and birth year.
    #[error("the number agrees with sex and birth year")]
    NumberAgrees,
    /// One number stands in two places.
    #[error("one number stands in two places: {field}")]
    SamePerson {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// Another father or mother is registered.
    #[error("another parent is registered: {field}")]
    ParentKnown {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// A person would be their own ancestor.
    #[error("a person would be their own ancestor: {field}")]
    AncestorOfOneself {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// Nobody adopts.
    #[error("nobody adopts")]
    NoAdopter,
    /// The two are not married to each other.
    #[error("the two are not married to each other")]
    NotSpouses,
    /// The adopter is not old enough for the child.
    #[error("the adopter is not old enough: {field}")]
    AdopterTooYoung {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// A married person adopts together with the spouse.
    #[error("a married person adopts with the spouse")]
    AdoptTogether,
    /// The child is too old to be adopted.
    #[error("the child is too old to be adopted")]
    AdoptedTooOld,
    /// Parents, grandparents, brothers and sisters do not adopt.
    #[error("too close kin to adopt: {field}")]
    AdoptionOfKin {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// The two are too closely related to marry.
    #[error("too close kin to marry")]
    MarriageOfKin,
    /// One is too young to marry.
    #[error("too young to marry: {field}")]
    TooYoungToMarry {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// One is married on that day or after it.
    #[error("married on that day or after it: {field}")]
    Married {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// The person is declared missing.
    #[error("declared missing: {field}")]
    IsMissing {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// The law does not recognise a marriage of two persons of one sex.
    #[error("two persons of one sex")]
    SameSex,
    /// The guardian is a minor or has a guardian.
    #[error("the guardian is a minor or has a guardian")]
    GuardianUnfit,
    /// An adult has a guardian only by judgment.
    #[error("an adult has a guardian only by judgment")]
    WardIsAdult,
    /// The ward has as many guardians as the law allows.
    #[error("as many guardians as the law allows")]
    GuardiansFull,
    /// The person is not the ward's guardian.
    #[error("not the ward's guardian")]
    NotGuardian,
    /// No field is given.
    #[error("no field is given")]
    NoField,
    /// The field does not change in a life; it is corrected.
    #[error("only corrected, never changed: {field}")]
    OnlyCorrected {
        /// The field that names the person or the value.
        field: &'static str,
    },
    /// What would be believed contradicts what else is held.
    #[error("contradicts: {what}")]
    Contradicts {
        /// The kind of fact, in the API's word.
        what: &'static str,
    },
    /// Too little time has passed without news.
    #[error("too little time without news")]
    MissingTooShort,
    /// Nobody declared the person missing or dead.
    #[error("not declared missing or dead")]
    NotDeclared,
    /// A sensitive value has not the form of its kind.
    #[error("not of the form of its kind: {kind}")]
    SensitiveForm {
        /// The kind, in the API's word.
        kind: &'static str,
    },
}

impl Explain for CivilRefusal {
    // tidy: allow long function: one table of sentences, read from top to bottom
    #[expect(clippy::too_many_lines, reason = "one table of sentences, read from top to bottom")]
    fn explain(&self) -> Explanation {
        match self {
            Self::ParentTooYoung { field } => Explanation::new(
                "DANCU-CHANGE-100",
                format!(
                    "Người ở trường `{field}` còn quá trẻ vào ngày sinh của con. Hãy kiểm tra số định danh và ngày sinh."
                ),
                format!(
                    "The person in `{field}` would have been too young when the child was born. Check the number and the birth dates."
                ),
            ),
            Self::MotherTooOld => Explanation::new(
                "DANCU-CHANGE-101",
                "Người mẹ quá lớn tuổi vào ngày sinh của con. Hãy kiểm tra số định danh và ngày sinh.",
                "The mother would have been too old when the child was born. Check the number and the birth dates.",
            ),
            Self::ParentDead { field } => Explanation::new(
                "DANCU-CHANGE-102",
                format!(
                    "Người ở trường `{field}` đã chết trước ngày sinh của con. Hãy kiểm tra ngày sinh hoặc ngày chết."
                ),
                format!(
                    "The person in `{field}` had died before the child was born. Check the days of birth and death."
                ),
            ),
            Self::ParentSex { field } => Explanation::new(
                "DANCU-CHANGE-103",
                format!("Giới tính của người ở trường `{field}` không phù hợp với vai trò cha hoặc mẹ."),
                format!("The sex of the person in `{field}` does not fit a father or a mother."),
            ),
            Self::SiblingTooClose => Explanation::new(
                "DANCU-CHANGE-104",
                "Người mẹ có con khác sinh cách ngày này dưới sáu tháng. Hãy kiểm tra ngày sinh và số định danh của mẹ.",
                "The mother has another child born less than six months from that day. Check the birth date and the mother's number.",
            ),
            Self::PossibleDuplicate => Explanation::new(
                "DANCU-CHANGE-105",
                "Có thể người này đã được đăng ký. Hãy xem các con của cha mẹ; nếu là người khác thì xác nhận rồi gửi lại.",
                "This person may be registered already. Look at the parents' children; if it is another one, confirm that and send again.",
            ),
            Self::HouseholdOfNeither => Explanation::new(
                "DANCU-CHANGE-106",
                "Cha mẹ không thuộc hộ này. Hãy chọn hộ của cha hoặc mẹ, hoặc kèm văn bản đồng ý.",
                "No parent belongs to this household. Choose a parent's household, or add the consent of its head.",
            ),
            Self::ChildAsHead => Explanation::new(
                "DANCU-CHANGE-107",
                "Trẻ mới sinh không thể là chủ hộ hoặc vợ, chồng của chủ hộ. Hãy sửa quan hệ với chủ hộ.",
                "A newborn child cannot be the head of a household or the head's spouse. Correct the relation.",
            ),
            Self::NumbersExhausted => Explanation::new(
                "DANCU-CHANGE-108",
                "Chưa tìm được số định danh còn trống. Hãy gửi lại; nếu lặp lại, báo trung tâm.",
                "No free number was found. Send again; if that repeats, tell the centre.",
            ),
            Self::NumberPlace => Explanation::new(
                "DANCU-CHANGE-109",
                "Ba số đầu không có trong danh mục tỉnh hoặc quốc gia. Hãy chọn nơi đăng ký khai sinh.",
                "The three first digits stand for no province or country of the lists. Choose where the birth was registered.",
            ),
            Self::NumberNotFormed => Explanation::new(
                "DANCU-CHANGE-110",
                "Năm sinh phải từ 1900. Hãy kiểm tra ngày sinh.",
                "The birth year must be 1900 or later. Check the birth date.",
            ),
            Self::StillNamed => Explanation::new(
                "DANCU-CHANGE-111",
                "Số này còn là cha, mẹ, vợ, chồng, người giám hộ hoặc chủ hộ của người khác. Hãy sửa hồ sơ của họ trước.",
                "Others name this number as parent, spouse, guardian or head of household. Set their records right first.",
            ),
            Self::NumberAgrees => Explanation::new(
                "DANCU-CHANGE-112",
                "Số định danh đã phù hợp với giới tính và năm sinh. Hãy cải chính trước nếu hai mục đó sai.",
                "The number agrees with sex and birth year already. Correct these first if they are wrong.",
            ),
            Self::SamePerson { field } => Explanation::new(
                "DANCU-CHANGE-113",
                format!("Số ở trường `{field}` trùng với người kia. Hãy kiểm tra lại."),
                format!("The number in `{field}` is the other person's too. Check it."),
            ),
            Self::ParentKnown { field } => Explanation::new(
                "DANCU-CHANGE-114",
                format!("Đã có `{field}` khác trong hồ sơ. Cần bản án xác định cha, mẹ."),
                format!("Another `{field}` is registered. A judgment on parenthood is needed."),
            ),
            Self::AncestorOfOneself { field } => Explanation::new(
                "DANCU-CHANGE-115",
                format!("Người ở trường `{field}` là con, cháu của người kia. Hãy kiểm tra số định danh."),
                format!("The person in `{field}` descends from the other one. Check the numbers."),
            ),
            Self::NoAdopter => Explanation::new(
                "DANCU-CHANGE-116",
                "Chưa ghi cha nuôi hoặc mẹ nuôi. Hãy ghi ít nhất một người.",
                "Neither an adoptive father nor a mother is given. Give at least one.",
            ),
            Self::NotSpouses => Explanation::new(
                "DANCU-CHANGE-117",
                "Hai người không phải vợ chồng của nhau vào ngày đó. Hãy kiểm tra số định danh và ngày.",
                "The two are not each other's spouses on that day. Check the numbers and the day.",
            ),
            Self::AdopterTooYoung { field } => Explanation::new(
                "DANCU-CHANGE-118",
                format!("Người ở trường `{field}` phải hơn con nuôi từ 20 tuổi trở lên."),
                format!("The person in `{field}` must be at least 20 years older than the child."),
            ),
            Self::AdoptTogether => Explanation::new(
                "DANCU-CHANGE-119",
                "Người có vợ hoặc chồng phải cùng nhận con nuôi. Hãy ghi cả hai người.",
                "A married person adopts together with the spouse. Give both.",
            ),
            Self::AdoptedTooOld => Explanation::new(
                "DANCU-CHANGE-120",
                "Người được nhận làm con nuôi đã quá tuổi theo luật.",
                "The child is older than the law allows for an adoption.",
            ),
            Self::AdoptionOfKin { field } => Explanation::new(
                "DANCU-CHANGE-121",
                format!(
                    "Người ở trường `{field}` là cha, mẹ, ông, bà, anh, chị hoặc em của con; luật không cho nhận làm con nuôi."
                ),
                format!(
                    "The person in `{field}` is the child's parent, grandparent, brother or sister; the law lets these not adopt."
                ),
            ),
            Self::MarriageOfKin => Explanation::new(
                "DANCU-CHANGE-122",
                "Hai người có quan hệ họ hàng hoặc nuôi dưỡng mà luật cấm kết hôn.",
                "The two are related, by blood or adoption, in a way for which the law forbids marriage.",
            ),
            Self::TooYoungToMarry { field } => Explanation::new(
                "DANCU-CHANGE-123",
                format!("Người ở trường `{field}` chưa đủ tuổi kết hôn vào ngày đó."),
                format!("The person in `{field}` has not reached the age of marriage on that day."),
            ),
            Self::Married { field } => Explanation::new(
                "DANCU-CHANGE-124",
                format!(
                    "Người ở trường `{field}` đang có vợ hoặc chồng, hoặc kết hôn sau ngày đó. Hãy ghi chú ly hôn hoặc khai tử trước."
                ),
                format!(
                    "The person in `{field}` is married on that day or after it. Record the divorce or death first."
                ),
            ),
            Self::IsMissing { field } => Explanation::new(
                "DANCU-CHANGE-125",
                format!("Người ở trường `{field}` đang bị tuyên bố mất tích. Cần hủy tuyên bố trước."),
                format!(
                    "The person in `{field}` is declared missing. The declaration must be reversed first."
                ),
            ),
            Self::SameSex => Explanation::new(
                "DANCU-CHANGE-126",
                "Luật không thừa nhận hôn nhân giữa hai người cùng giới tính. Hãy kiểm tra số định danh.",
                "The law does not recognise a marriage of two persons of one sex. Check the numbers.",
            ),
            Self::GuardianUnfit => Explanation::new(
                "DANCU-CHANGE-127",
                "Người giám hộ chưa thành niên hoặc đang được người khác giám hộ.",
                "The guardian is a minor or has a guardian.",
            ),
            Self::WardIsAdult => Explanation::new(
                "DANCU-CHANGE-128",
                "Người được giám hộ đã thành niên: cần bản án của tòa án.",
                "The ward is an adult: a court's judgment is needed.",
            ),
            Self::GuardiansFull => Explanation::new(
                "DANCU-CHANGE-129",
                "Người được giám hộ đã có đủ người giám hộ. Hãy chấm dứt giám hộ cũ trước.",
                "The ward has as many guardians as the law allows. End an earlier guardianship first.",
            ),
            Self::NotGuardian => Explanation::new(
                "DANCU-CHANGE-130",
                "Người này không phải là người giám hộ vào ngày đó. Hãy kiểm tra số định danh và ngày.",
                "The person is not the guardian on that day. Check the numbers and the day.",
            ),
            Self::NoField => Explanation::new(
                "DANCU-CHANGE-131",
                "Chưa có trường nào được sửa. Hãy ghi ít nhất một trường.",
                "No field is given. Give at least one.",
            ),
            Self::OnlyCorrected { field } => Explanation::new(
                "DANCU-CHANGE-132",
                format!(
                    "Trường `{field}` chỉ được cải chính, không thay đổi theo ngày. Hãy dùng việc cải chính."
                ),
                format!(
                    "The field `{field}` is corrected from birth, not changed from a day on. Use a correction."
                ),
            ),
            Self::Contradicts { what } => Explanation::new(
                "DANCU-CHANGE-133",
                format!("Sau khi sửa, hồ sơ mâu thuẫn với `{what}`. Hãy kiểm tra và sửa mục đó trước."),
                format!("It would contradict `{what}` in the register. Check that and set it right first."),
            ),
            Self::MissingTooShort => Explanation::new(
                "DANCU-CHANGE-134",
                "Chưa đủ thời gian biệt tích theo luật để tuyên bố mất tích.",
                "Less time has passed without news than the law asks for.",
            ),
            Self::NotDeclared => Explanation::new(
                "DANCU-CHANGE-135",
                "Người này không bị tuyên bố mất tích hoặc chết. Khai tử nhầm thì thu hồi sự kiện khai tử.",
                "The person was not declared missing or dead. A death that was registered in error is taken back instead.",
            ),
            Self::SensitiveForm { kind } => Explanation::new(
                "DANCU-CHANGE-136",
                format!("Giá trị `{kind}` không đúng danh mục, dạng hoặc kích thước."),
                format!("The value of `{kind}` is not in its list, or has not the right form or size."),
            ),
        }
    }
}
