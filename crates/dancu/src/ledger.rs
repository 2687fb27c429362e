//! `dancu ledger …`: verify or rebuild the log from its files.

use crate::{
    cli::LedgerCommand,
    config::Config,
    failure::Failure,
    stores::{OpenLedger, open_ledger_of},
};
use dancu_core::{Explain, Explanation};
use dancu_ledger::{CheckReport, LedgerError, LogVerifier, check, public_key_file, repair};
use dancu_store_sqlite::lock_data_folder;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

/// Runs `dancu ledger …`. The public key is enough: whoever checks needs no secret.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub fn run(command: &LedgerCommand, config: &Config) -> Result<(), Failure> {
    if config.store_url.text().is_none() && !config.data_dir.join("ledger.db").exists() {
        return Err(Failure::new(
            "DANCU-CLI-030",
            format!(
                "Không có nhật ký trong {}. Hãy chọn đúng thư mục bằng --data.",
                config.data_dir.display()
            ),
            format!("There is no log in {}. Name the right folder with --data.", config.data_dir.display()),
        ));
    }
    let _lock = lock_data_folder(&config.data_dir)?;
    let verifier = read_verifier(config)?;
    let OpenLedger { store: _writer, parts, .. } = open_ledger_of(config)?;
    match command {
        LedgerCommand::Repair => {
            repair(&parts, &verifier)?;
            println!("Đã dựng lại nhật ký công khai và chỉ mục. / The public log and the index are rebuilt.");
            Ok(())
        }
        LedgerCommand::Check { json } => {
            let bar = progress_bar();
            let report = check(&parts, &verifier, &mut |progress| {
                bar.set_length(progress.total);
                bar.set_position(progress.done);
            })?;
            bar.finish_and_clear();
            print(&report, *json);
            if report.is_sound() && !json {
                println!("Nhật ký đúng. / The log is sound.");
            }
            if report.is_sound() { Ok(()) } else { Err(unsound()) }
        }
    }
}

#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
fn print(report: &CheckReport, json: bool) {
    let findings: Vec<Explanation> = report.findings.iter().map(Explain::explain).collect();
    if json {
        let findings: Vec<Value> = findings
            .into_iter()
            .map(|said| json!({ "code": said.code, "title_vi": said.vi, "title_en": said.en }))
            .collect();
        let all = json!({
            "sound": report.is_sound(), "records": report.records, "published": report.published,
            "files": report.files, "daily_counts": report.quotas, "indexed": report.indexed,
            "findings": findings, "findings_omitted": report.findings_omitted,
        });
        println!("{all}");
        return;
    }
    println!(
        "bản ghi / records {}, đã công bố / published {}, tệp / files {}, bộ đếm ngày / daily counts {}, chỉ mục / indexed {}",
        report.records, report.published, report.files, report.quotas, report.indexed
    );
    for said in findings {
        println!("[{}] {}\n    {}", said.code, said.vi, said.en);
    }
    if report.findings_omitted > 0 {
        println!("… +{}", report.findings_omitted);
    }
}

fn unsound() -> Failure {
    Failure::new(
        "DANCU-CLI-031",
        "Nhật ký có sai lệch. Hãy đọc các dòng ở trên: mỗi dòng nêu tệp và cách khắc phục.",
        "The log is not sound. Read the lines above: each names the file and the remedy.",
    )
}

fn read_verifier(config: &Config) -> Result<LogVerifier, Failure> {
    let file = config.keys_dir.join(public_key_file(&config.node));
    let text = std::fs::read_to_string(&file).map_err(|error| Failure::file(&file, &error))?;
    let wrong = || LedgerError::Key { file: file.clone(), origin: config.node.origin(&config.log_origin) };
    Ok(LogVerifier::new(text.trim()).ok_or_else(wrong)?)
}

/// A bar that shows on a terminal only.
pub fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {percent} %  {msg}  {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(1).with_style(style)
}
