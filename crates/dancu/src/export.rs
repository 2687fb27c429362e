//! `dancu export`: agreed fields of many persons as a file, ordered by one operator and approved by another, each person
//! with an entry in the log before a line is written.

use crate::{cli::ExportArgs, failure::Failure, ledger::progress_bar, platform::Platform, unfinished};
use dancu_bulk::{Format, Sink};
use dancu_core::PersonalNumber;
use dancu_exchange::{Caller, ClientId, EXTRACT_PAGE_MAX, VerifyError, extract_columns};
use dancu_identity::{Role, StaffId};
use dancu_register::{At, COMMUNES_MAX, Page, RegisterStore};
use std::sync::Arc;

/// Writes the file, or nothing under its name.
pub async fn run(platform: &Platform, args: &ExportArgs) -> Result<(), Failure> {
    let caller = caller(platform, &args.client)?;
    two_operators(platform, &args.ordered_by, &args.approved_by).await?;
    let reference_fits = (3..=100).contains(&args.reference.trim().chars().count())
        && !dancu_core::holds_personal_number(&args.reference);
    if !reference_fits || args.commune.len() > COMMUNES_MAX {
        return Err(Failure::new(
            "DANCU-CLI-081",
            format!(
                "Số văn bản phải có 3–100 ký tự, không chứa số định danh, và không quá {COMMUNES_MAX} mã xã."
            ),
            format!(
                "The reference must have 3–100 characters and no personal number, and at most {COMMUNES_MAX} communes are named."
            ),
        ));
    }
    if args.file.exists() {
        let exists = std::io::Error::from(std::io::ErrorKind::AlreadyExists);
        return Err(Failure::file(&args.file, &exists));
    }
    let known_at = platform.state.clock.now();
    let at = At { as_of: args.as_of.unwrap_or_else(|| platform.state.clock.today()), known_at };
    let reference = format!("{}; {} + {}", args.reference.trim(), args.ordered_by, args.approved_by);
    let unfinished = unfinished::beside(&args.file)?;
    let columns = extract_columns(caller.contract.fields);
    let mut sink = Sink::create(unfinished.path(), Format::of_name(&args.file), &columns)?;
    let (bar, mut count, mut after) = (progress_bar(), 0_u64, None);
    bar.set_length(platform.state.register.count_persons().await?);
    while let Some(numbers) = page(platform, args, at, after).await? {
        after = numbers.last().copied();
        let caller = as_it_stands(platform, &caller).await?;
        let rows = platform.state.verify.extract(&caller, &numbers, at, &reference).await.map_err(refused)?;
        for row in &rows {
            sink.row(&row.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        count += rows.len() as u64;
        bar.inc(numbers.len() as u64);
    }
    sink.finish()?;
    bar.finish_and_clear();
    unfinished.persist_noclobber(&args.file).map_err(|error| Failure::file(&args.file, &error.error))?;
    eprintln!(
        "{count} người, mỗi người một dòng nhật ký / persons, each with an entry in the log: {}",
        args.file.display()
    );
    Ok(())
}

/// The next numbers after one of them; `None` behind the last.
async fn page(
    platform: &Platform,
    args: &ExportArgs,
    at: At,
    after: Option<PersonalNumber>,
) -> Result<Option<Vec<PersonalNumber>>, Failure> {
    let register: &dyn RegisterStore = &*platform.state.register;
    let numbers = if args.commune.is_empty() {
        register.numbers(after, EXTRACT_PAGE_MAX).await?
    } else {
        let page = Page { after, length_max: EXTRACT_PAGE_MAX };
        let residents = register.residents(&args.commune, at, page).await?;
        residents.into_iter().map(|resident| resident.number).collect()
    };
    Ok((!numbers.is_empty()).then_some(numbers))
}

/// Nothing of the page was written; what was logged of it stands in the log all the same.
pub fn refused(error: VerifyError) -> Failure {
    match error {
        VerifyError::Value { reason, .. } => Failure(reason),
        VerifyError::Refused(refusal) => refusal.into(),
        VerifyError::Store(error) => error.into(),
        VerifyError::DailyLimit { .. } => Failure::new(
            "DANCU-CLI-083",
            "Hạn mức trong ngày của hợp đồng không đủ cho lần xuất này. Hãy điều chỉnh hợp đồng hoặc xuất ít hơn.",
            "The contract's daily limit is too small for this export. Change the contract, or export fewer persons.",
        ),
    }
}

/// The caller as it stands now, also where it was changed on another node since the file was begun.
async fn as_it_stands(platform: &Platform, begun: &Caller) -> Result<Arc<Caller>, Failure> {
    platform.state.directory.follow(&*platform.state.exchange_store).await?;
    let caller = platform.state.directory.caller(&begun.client.id).ok_or_else(not_connected)?;
    if caller.contract.id == begun.contract.id && caller.contract.fields == begun.contract.fields {
        return Ok(caller);
    }
    Err(Failure::new(
        "DANCU-CLI-123",
        "Hợp đồng đã thay đổi trong khi ghi tệp; không có tệp nào được ghi ra. Hãy chạy lại.",
        "The contract was changed while the file was written; no file was left. Run again.",
    ))
}

/// The client that is named on the command line.
pub fn caller(platform: &Platform, client: &str) -> Result<Arc<Caller>, Failure> {
    let id: ClientId = client.parse()?;
    platform.state.directory.caller(&id).ok_or_else(not_connected)
}

/// A client that is named on the command line has no contract.
pub fn not_connected() -> Failure {
    Failure::new(
        "DANCU-CLI-080",
        "Phần mềm này chưa được kết nối. Hãy kết nối bằng `dancu connect` trước.",
        "This client is not connected. Connect it with `dancu connect` first.",
    )
}

/// Two different operators with accounts: one orders, one approves.
pub async fn two_operators(platform: &Platform, ordered_by: &str, approved_by: &str) -> Result<(), Failure> {
    let refused = || {
        Failure::new(
            "DANCU-CLI-082",
            "Cần hai nhân viên vận hành khác nhau: một người yêu cầu (--ordered-by), một người duyệt (--approved-by).",
            "Two different operators are needed: one who orders (--ordered-by) and one who approves (--approved-by).",
        )
    };
    let (ordered_by, approved_by): (StaffId, StaffId) = (ordered_by.parse()?, approved_by.parse()?);
    if ordered_by == approved_by {
        return Err(refused());
    }
    for id in [&ordered_by, &approved_by] {
        let profile = platform.state.identity.staff(id).await?;
        if !profile.is_some_and(|profile| profile.role == Role::Operator) {
            return Err(refused());
        }
    }
    Ok(())
}
