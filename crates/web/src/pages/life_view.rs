//! What the page of a connection shows.

use crate::{
    products::ContractProducts,
    views::{Page, PageProblem, Words},
};
use askama::Template;
use dancu_core::Explain;
use dancu_exchange::{
    AttachedFile, Author, CheckedItem, Claim, Connection, Contract, Deed, Field, Need, Part, PilotTerms,
    Side, Stage, Verdict,
};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;

#[derive(Template, Serialize)]
#[template(path = "connection.html")]
pub(super) struct LifeView {
    #[serde(skip)]
    page: Page,
    /// Address of the page, to which its forms go.
    #[serde(skip)]
    path: String,
    pub problem: Option<PageProblem>,
    organisation: Words,
    stage: Stage,
    stage_words: Words,
    pilot: Option<PilotTerms>,
    notice: Option<Notice>,
    ceiling: Option<CeilingView>,
    terms: Contract,
    #[serde(skip)]
    terms_words: TermsWords,
    keys: u64,
    /// What is still open of the review: codes of items, and of signatures.
    open: Vec<String>,
    parts: Vec<PartView>,
    /// Whether the reader answers and signs.
    is_reviewing: bool,
    /// Whether the reader exchanges the client's keys here.
    #[serde(skip)]
    may_exchange_keys: bool,
    /// Whether the reader attaches files.
    is_attaching: bool,
    openings: Vec<OpeningView>,
    /// The products of the contract, their use and cost.
    products: ContractProducts,
    history: Vec<ActView>,
}

/// The terms in words.
struct TermsWords {
    purpose: Words,
    fields: Vec<Words>,
    daily_limit: u64,
    per_second_max: u64,
}

/// What stands over the limits for a time.
#[derive(Serialize)]
struct CeilingView {
    daily_limit: u32,
    per_second_max: u32,
    until: Timestamp,
    ground: String,
    set_at: Timestamp,
}

/// What the agency was told of a suspension.
#[derive(Serialize)]
struct Notice {
    ground: String,
    given_at: Timestamp,
    due_by: Option<Timestamp>,
}

#[derive(Serialize)]
struct PartView {
    part: Part,
    words: Words,
    items: Vec<ItemView>,
    signed: Option<SignedView>,
}

#[derive(Serialize)]
struct SignedView {
    by: String,
    at: Timestamp,
}

#[derive(Serialize)]
struct ItemView {
    code: String,
    text: Words,
    legal_reference: &'static str,
    is_evidence_required: bool,
    is_found_out: bool,
    is_met: bool,
    verdict: Option<Verdict>,
    state_words: Words,
    note: String,
    by: Option<String>,
    at: Option<Timestamp>,
    files: Vec<FileView>,
}

#[derive(Serialize)]
struct FileView {
    url: String,
    name: String,
    sha256: String,
    bytes: u64,
    by: String,
    at: Timestamp,
}

#[derive(Serialize)]
struct OpeningView {
    to: Stage,
    words: Words,
    needs_ground: bool,
    obstacle: Option<Words>,
}

#[derive(Serialize)]
struct ActView {
    at: Timestamp,
    by: String,
    by_words: Words,
    what: Words,
    ground: String,
}

/// The view of a connection for somebody.
pub(super) fn of(
    page: Page,
    path: String,
    author: &Author,
    (connection, products): (&Connection, ContractProducts),
    today: Date,
) -> LifeView {
    let stage = connection.stage();
    let last = connection.steps().next_back();
    let contract = &connection.contract;
    let is_under_review = stage == Stage::Review;
    LifeView {
        problem: None,
        organisation: (connection.organisation.name_vi.clone(), connection.organisation.name_en.clone())
            .into(),
        stage,
        stage_words: stage.words().into(),
        pilot: last.and_then(|(_, step)| step.pilot),
        notice: last.filter(|_| stage == Stage::Suspended).map(|(act, step)| Notice {
            ground: step.ground.clone(),
            given_at: act.at,
            due_by: step.notify_by,
        }),
        ceiling: ceiling(connection),
        terms_words: terms_words(contract),
        terms: contract.clone(),
        keys: connection.client.keys.len() as u64,
        open: connection.open(today),
        parts: parts(&path, connection, today),
        is_reviewing: is_under_review && author.side == Side::Operator,
        may_exchange_keys: matches!(author.side, Side::Agency { .. }) && stage != Stage::Ended,
        is_attaching: is_under_review || stage.is_open(),
        openings: openings(author, connection, today),
        products,
        history: connection.acts.iter().rev().filter_map(act).collect(),
        page,
        path,
    }
}

fn ceiling(connection: &Connection) -> Option<CeilingView> {
    let (act, change) = connection.ceiling_change()?;
    let set = change.set?;
    Some(CeilingView {
        daily_limit: set.daily_limit,
        per_second_max: set.per_second_max,
        until: set.until,
        ground: change.ground.clone(),
        set_at: act.at,
    })
}

fn terms_words(contract: &Contract) -> TermsWords {
    let sealed = contract.sealed.iter().map(|group| {
        let (vi, en) = group.words();
        (format!("{vi} (niêm phong)"), format!("{en} (sealed)")).into()
    });
    // That a value is told, and not only compared, is what a reviewer must see.
    let field = |field: Field| match (contract.fetch.contains(field), field.words()) {
        (true, (vi, en)) => (format!("{vi} (cho biết giá trị)"), format!("{en} (its value is told)")).into(),
        (false, words) => words.into(),
    };
    TermsWords {
        purpose: (contract.purpose_vi.clone(), contract.purpose_en.clone()).into(),
        fields: contract.fields.iter().map(field).chain(sealed).chain(terms_of_products(contract)).collect(),
        daily_limit: contract.daily_limit.into(),
        per_second_max: contract.per_second_max.into(),
    }
}

/// What a contract's products answer beside fields: a reviewer must see each claim.
fn terms_of_products(contract: &Contract) -> impl Iterator<Item = Words> {
    let ages = contract.attest.ages.iter().map(|years| Claim::AgeAtLeast(*years));
    let places = contract.attest.places.iter().map(|place| Claim::LivesIn(*place));
    let claim = |claim: Claim| {
        let (vi, en) = claim.words();
        (format!("{vi} (có/không)"), format!("{en} (yes or no)")).into()
    };
    let household = contract.household.map(|terms| {
        let most = terms.persons_max;
        (format!("Cùng hộ, tối đa {most} người"), format!("One household, up to {most} persons")).into()
    });
    let sign_in = contract.sign_in.map(|terms| {
        let words = |language: fn((&'static str, &'static str)) -> &'static str, number: &'static str| {
            let fields = terms.fields.iter().map(|field| language(field.words()));
            terms.number.then_some(number).into_iter().chain(fields).collect::<Vec<_>>().join(", ")
        };
        let (vi, en) = (words(|words| words.0, "Số định danh"), words(|words| words.1, "Personal number"));
        (format!("Khi đăng nhập: bí danh; {vi}"), format!("At a sign-in: a pseudonym; {en}")).into()
    });
    let files = contract.file_match.map(|terms| {
        let words = |language: fn((&'static str, &'static str)) -> &'static str| {
            terms.fields.iter().map(|field| language(field.words())).collect::<Vec<_>>().join(", ")
        };
        let (vi, en, most) = (words(|words| words.0), words(|words| words.1), terms.rows_max);
        (
            format!("Đối soát tệp tối đa {most} dòng: dòng nào khớp, và có khớp không ở {vi}"),
            format!("Files of up to {most} rows matched: which rows, and whether they agree in {en}"),
        )
            .into()
    });
    let statistics = contract.statistics.map(|terms| {
        let (vi, en) = terms.area.words();
        (format!("Số người, đã làm tròn: {vi}"), format!("Numbers of persons, rounded: {en}")).into()
    });
    let beside = household.into_iter().chain(sign_in).chain(files).chain(statistics);
    ages.chain(places).map(claim).chain(beside).collect::<Vec<_>>().into_iter()
}

fn parts(path: &str, connection: &Connection, today: Date) -> Vec<PartView> {
    let checklist = connection.checklist(today);
    let signatures = connection.signatures();
    let part = |part: Part| PartView {
        part,
        words: part.words().into(),
        items: checklist
            .iter()
            .filter(|checked| checked.item.part == part)
            .map(|checked| item(path, checked))
            .collect(),
        signed: signatures
            .iter()
            .find(|signed| signed.part == part)
            .map(|signed| SignedView { by: signed.by.name.clone(), at: signed.at }),
    };
    Part::ALL.map(part).into()
}

fn item(path: &str, checked: &CheckedItem) -> ItemView {
    let (item, given) = (checked.item, checked.given.as_ref());
    let verdict = given.map(|given| given.verdict);
    let state: (&str, &str) = match (item.computed.is_some(), checked.is_met, verdict) {
        (true, true, _) => ("Đạt (hệ thống xác định)", "Met (found by the program)"),
        (true, false, _) => ("Chưa đạt (hệ thống xác định)", "Not met (found by the program)"),
        (_, true, Some(Verdict::NotApplicable)) => ("Không áp dụng", "Does not apply"),
        (_, true, _) => ("Đạt", "Met"),
        (_, false, Some(Verdict::Yes)) => ("Thiếu tệp minh chứng", "A file is missing"),
        (_, false, Some(_)) => ("Không đạt", "Not met"),
        (_, false, None) => ("Chưa xem", "Not looked at"),
    };
    ItemView {
        code: item.code.clone(),
        text: (item.text_vi.as_str(), item.text_en.as_str()).into(),
        legal_reference: checked.legal_reference,
        is_evidence_required: item.is_evidence_required,
        is_found_out: item.computed.is_some(),
        is_met: checked.is_met,
        verdict,
        state_words: state.into(),
        note: given.map(|given| given.note.clone()).unwrap_or_default(),
        by: given.map(|given| given.by.name.clone()),
        at: given.map(|given| given.at),
        files: checked.files.iter().map(|file| file_view(path, file)).collect(),
    }
}

fn file_view(path: &str, file: &AttachedFile) -> FileView {
    FileView {
        url: format!("{path}/files/{}", file.sequence),
        name: file.name.clone(),
        sha256: file.sha256.clone(),
        bytes: file.bytes.into(),
        by: file.by.name.clone(),
        at: file.at,
    }
}

fn openings(author: &Author, connection: &Connection, today: Date) -> Vec<OpeningView> {
    let view = |opening: dancu_exchange::Opening| OpeningView {
        to: opening.transition.to,
        words: step_words(connection.stage(), opening.transition.to),
        needs_ground: opening.transition.needs.contains(&Need::Ground),
        obstacle: opening.obstacle.map(|error| error.explain().into()),
    };
    connection.openings(author, today).into_iter().map(view).collect()
}

/// What a step is called by whoever takes it.
fn step_words(from: Stage, to: Stage) -> Words {
    let words: (&str, &str) = match (from, to) {
        (Stage::Review, Stage::Sandbox) => ("Trả về thử nghiệm", "Send back to the sandbox"),
        (Stage::Suspended, Stage::Pilot | Stage::Official) => ("Bỏ tạm dừng", "Lift the suspension"),
        (_, Stage::Draft) => ("Lập dự thảo", "Draft"),
        (_, Stage::Sandbox) => ("Chuyển sang thử nghiệm", "Enter the sandbox"),
        (_, Stage::Review) => ("Đề nghị thẩm định", "Ask for the review"),
        (_, Stage::Pilot) => ("Cho chạy thí điểm", "Begin the pilot"),
        (_, Stage::Official) => ("Cho chạy chính thức", "Make it official"),
        (_, Stage::Suspended) => ("Tạm dừng", "Suspend"),
        (_, Stage::Ended) => ("Chấm dứt", "End"),
    };
    words.into()
}

/// A line of the history; answers and files stand in the checklist.
fn act(act: &dancu_exchange::ConnectionAct) -> Option<ActView> {
    let what: Words = match &act.deed {
        Deed::Step(step) => {
            let (vi, en) = step.to.words();
            (format!("→ {vi}"), format!("→ {en}")).into()
        }
        Deed::Terms => ("Sửa điều khoản", "Terms written anew").into(),
        Deed::Keys { keys } => {
            (format!("Thay khóa, còn {keys} khóa"), format!("Keys exchanged, now {keys}")).into()
        }
        Deed::BoundTokens { alone: true } => {
            ("Chỉ dùng token gắn với khóa", "Works with bound tokens alone").into()
        }
        Deed::BoundTokens { alone: false } => {
            ("Thôi bắt buộc token gắn với khóa", "Need not work with bound tokens any more").into()
        }
        Deed::Signature { part } => {
            let (vi, en) = part.words();
            (format!("Ký phần {vi}"), format!("Signed: {en}")).into()
        }
        Deed::Tried { is_answered: true } => ("Thử nghiệm: được trả lời", "Sandbox: answered").into(),
        Deed::Tried { is_answered: false } => {
            ("Thử nghiệm: bị từ chối đúng", "Sandbox: rightly refused").into()
        }
        Deed::Ceiling(change) if change.set.is_some() => ("Hạ hạn mức", "Limits lowered for a time").into(),
        Deed::Ceiling(_) => ("Bỏ mức trần", "The ceiling was taken away").into(),
        Deed::Answer { .. } | Deed::Evidence { .. } => return None,
    };
    let by_words: Words = match &act.by.side {
        Side::Operator => ("đơn vị vận hành", "operators").into(),
        Side::Agency { .. } => ("đơn vị kết nối", "the agency").into(),
        Side::Console => ("máy chủ", "the server").into(),
        Side::Release => ("nâng cấp phần mềm", "an upgrade").into(),
        Side::Program => ("hệ thống", "the program").into(),
    };
    let ground = match &act.deed {
        Deed::Step(step) => step.ground.clone(),
        Deed::Ceiling(change) => change.ground.clone(),
        _ => String::new(),
    };
    Some(ActView { at: act.at, by: act.by.name.clone(), by_words, what, ground })
}
