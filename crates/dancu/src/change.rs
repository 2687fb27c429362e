//! `dancu change`: commands of a file, one after the other, each durable before the next. For the centre and for trying
//! out; offices have their pages, and communes the API.

use crate::{cli::ChangeArgs, export::two_operators, failure::Failure, platform::Platform};
use dancu_changes::{ChangeReceipt, Envelope, Evidence, EvidenceKind};
use dancu_core::{Explain, Explanation};
use std::{
    io::{BufReader, Read},
    path::Path,
};

/// Commands of one file at most, and bytes of it.
const COMMANDS_MAX: usize = 100_000;
const BYTES_MAX: u64 = 256 << 20;

/// Runs every command of the file. Those that are refused are told and passed over; the command then ends with a failure.
/// Run again, the same file changes nothing twice: every command has its identifier.
pub async fn run(platform: &Platform, args: &ChangeArgs) -> Result<(), Failure> {
    let operators = operators(platform, args).await?;
    let envelopes = read(&args.file)?;
    let (mut accepted, mut known, mut refused) = (0_u64, 0_u64, 0_u64);
    for mut envelope in envelopes {
        let word = envelope.command.word();
        if platform.state.changes.alters_identity(&envelope.command).await? {
            let Some(operators) = &operators else {
                refused += 1;
                tell_refusal(word, &envelope, &one_alone(), args.json);
                continue;
            };
            let service = &platform.state.changes;
            if service.store().event(envelope.id).await?.is_none()
                && let Err(error) = service.check(&envelope).await
            {
                // The two are no paper by which the rules would be satisfied.
                refused += 1;
                tell_refusal(word, &envelope, &error.explain(), args.json);
                continue;
            }
            envelope.evidence.push(operators.clone());
        }
        let envelope = &envelope;
        match platform.state.changes.execute(envelope).await {
            Ok(receipt) => {
                known += u64::from(receipt.was_known);
                accepted += u64::from(!receipt.was_known);
                tell(word, &receipt, args.json);
            }
            Err(error) => {
                refused += 1;
                tell_refusal(word, envelope, &error.explain(), args.json);
            }
        }
    }
    eprintln!("nhận / accepted {accepted}, đã có / known {known}, từ chối / refused {refused}");
    if refused == 0 {
        return Ok(());
    }
    Err(Failure::new(
        "DANCU-CLI-090",
        format!("{refused} yêu cầu bị từ chối; xem lý do ở trên."),
        format!("{refused} commands were refused; the reasons stand above."),
    ))
}

/// Who orders and who approves, as a paper of the event: it stands there for ever, and a repetition by the same two is known.
async fn operators(platform: &Platform, args: &ChangeArgs) -> Result<Option<Evidence>, Failure> {
    let (Some(ordered_by), Some(approved_by)) = (&args.ordered_by, &args.approved_by) else {
        return Ok(None);
    };
    two_operators(platform, ordered_by, approved_by).await?;
    let reference = format!("dancu change: {ordered_by} + {approved_by}");
    Ok(Some(Evidence { kind: EvidenceKind::Request, reference, issued_on: None, sha256: None }))
}

fn one_alone() -> Explanation {
    Explanation::new(
        "DANCU-CLI-093",
        "Thay đổi thông tin nhân thân cần hai nhân viên vận hành khác nhau: --ordered-by và --approved-by.",
        "A change of identity needs two different operators: --ordered-by and --approved-by.",
    )
}

#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
fn tell(word: &str, receipt: &ChangeReceipt, json: bool) {
    let event = &receipt.event;
    if json {
        let line = serde_json::json!({
            "command": word, "event": event.id, "recorded_at": event.recorded_at, "was_known": receipt.was_known,
            "issued": event.issued, "household": event.household, "findings": receipt.findings,
        });
        println!("{line}");
        return;
    }
    let issued = event.issued.map_or_else(String::new, |number| format!("  số / number {number}"));
    let household = event
        .household
        .as_ref()
        .map_or_else(String::new, |household| format!("  hộ / household {household}"));
    let findings = match receipt.findings.len() {
        0 => String::new(),
        count => format!("  lưu ý / findings {count}"),
    };
    println!("{word}  {}{issued}{household}{findings}", event.id);
}

#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
fn tell_refusal(word: &str, envelope: &Envelope, said: &Explanation, json: bool) {
    if json {
        let line = serde_json::json!({
            "command": word, "id": envelope.id, "refused": said.code, "vi": said.vi, "en": said.en,
        });
        println!("{line}");
    } else {
        println!("{word}  {}\n  {}\n  {}\n  [{}]", envelope.id, said.vi, said.en, said.code);
    }
}

/// One envelope, an array of them, or one after the other; `-` is standard input.
fn read(file: &Path) -> Result<Vec<Envelope>, Failure> {
    let failed = |error: &std::io::Error| Failure::file(file, error);
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().lock().take(BYTES_MAX).read_to_string(&mut text).map_err(|error| failed(&error))?;
    } else {
        let open = std::fs::File::open(file).map_err(|error| failed(&error))?;
        BufReader::new(open.take(BYTES_MAX)).read_to_string(&mut text).map_err(|error| failed(&error))?;
    }
    // The place of the fault and no more: what stands there may be somebody's name.
    let unreadable = |error: &serde_json::Error| {
        Failure::new(
            "DANCU-CLI-091",
            format!(
                "{}, dòng {} cột {}: không phải yêu cầu hợp lệ.",
                file.display(),
                error.line(),
                error.column()
            ),
            format!(
                "{}, line {} column {}: not a valid command.",
                file.display(),
                error.line(),
                error.column()
            ),
        )
    };
    let envelopes: Vec<Envelope> = if text.trim_start().starts_with('[') {
        serde_json::from_str(&text).map_err(|error| unreadable(&error))?
    } else {
        let stream = serde_json::Deserializer::from_str(&text).into_iter();
        stream.take(COMMANDS_MAX + 1).collect::<Result<_, _>>().map_err(|error| unreadable(&error))?
    };
    if envelopes.len() > COMMANDS_MAX {
        return Err(Failure::new(
            "DANCU-CLI-092",
            format!("{} có hơn {COMMANDS_MAX} yêu cầu. Hãy chia nhỏ tệp.", file.display()),
            format!("{} has more than {COMMANDS_MAX} commands. Split the file.", file.display()),
        ));
    }
    Ok(envelopes)
}
