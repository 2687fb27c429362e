//! `dancu load`: persons from a CSV, XLSX or Parquet file into the register, with a progress bar.

use crate::{cli::LoadArgs, failure::Failure, ledger::progress_bar, platform::Platform, unfinished};
use dancu_bulk::{Format, to_csv};
use dancu_places::Places;
use dancu_register::load::{LoadPhase, LoadReport, LoadRequest, load};
use std::{
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Loads a file as of today. Run again after an interruption, it goes on; loaded already, it changes nothing.
pub async fn run(platform: &Platform, file: &Path, quiet: bool) -> Result<(), Failure> {
    run_request(platform, LoadRequest::new(file, platform.state.clock.today()), quiet).await
}

/// Loads a file as the command line says.
pub async fn run_args(platform: &Platform, args: &LoadArgs) -> Result<(), Failure> {
    let effective = args.effective.unwrap_or_else(|| platform.state.clock.today());
    let batch_rows = usize::try_from(args.batch_rows).unwrap_or(usize::MAX);
    let rows = rows_of(&args.file)?;
    let request = LoadRequest { batch_rows, ..LoadRequest::new(&rows, effective) };
    let outcome = run_request(platform, request, args.quiet).await;
    if rows == args.file {
        return outcome;
    }
    // It holds everybody's data in the clear, and whoever loads the file again makes it again.
    let removed = std::fs::remove_file(&rows).map_err(|error| Failure::file(&rows, &error));
    outcome.and(removed)
}

/// The CSV that is loaded: the file itself, or what a workbook or a Parquet file becomes, beside it for the time of the load. The same file
/// becomes the same bytes, so a load that was broken off goes on, and line `n` of the CSV is row `n` of the sheet.
fn rows_of(file: &Path) -> Result<PathBuf, Failure> {
    let format = Format::of_file(file)?;
    if format == Format::Csv {
        return Ok(file.to_owned());
    }
    let mut rows = file.as_os_str().to_owned();
    rows.push(".rows.csv");
    let rows = PathBuf::from(rows);
    let mut unfinished = unfinished::beside(&rows)?;
    let mut out = BufWriter::with_capacity(1 << 20, unfinished.as_file_mut());
    to_csv(file, format, &mut out)?;
    out.flush().map_err(|error| Failure::file(&rows, &error))?;
    drop(out);
    unfinished.persist(&rows).map_err(|error| Failure::file(&rows, &error.error))?;
    Ok(rows)
}

async fn run_request(platform: &Platform, request: LoadRequest, quiet: bool) -> Result<(), Failure> {
    let state = &platform.state;
    let request = LoadRequest { seals: Some(Arc::clone(&platform.seals)), ..request };
    let bar = progress_bar();
    let report = load(&*platform.store, &*state.clock, Places::national(), &request, &mut |step| {
        bar.set_length(step.bytes_total);
        bar.set_position(step.bytes);
        bar.set_message(match step.phase {
            LoadPhase::Identify => "nhận dạng tệp / identifying".to_owned(),
            LoadPhase::Load => format!("{} dòng / rows, {} bị loại / rejected", step.rows, step.rejected),
        });
    })
    .await?;
    bar.finish_and_clear();
    if !quiet {
        tell(&report);
    }
    // A script that goes on behind a file of another kind should stop here.
    if report.progress.rows == 0 && report.progress.rejected > 0 {
        let why = report.rejects_file.as_ref().map_or(String::new(), |file| file.display().to_string());
        return Err(Failure::new(
            "DANCU-CLI-124",
            format!("Mọi dòng của tệp đều bị loại; không có gì được nạp. Lý do: {why}."),
            format!("Every row of the file was rejected; nothing was loaded. Why: {why}."),
        ));
    }
    Ok(())
}

/// The sums go to the error stream, so that they never mix with what a command prints for programs.
fn tell(report: &LoadReport) {
    let progress = report.progress;
    if report.already_loaded {
        eprintln!(
            "Tệp này đã được nạp trước đó; không có gì thay đổi. / This file was loaded before; nothing changed."
        );
    }
    if let Some(byte) = report.resumed_at {
        eprintln!("Tiếp tục từ byte {byte}. / Resumed at byte {byte}.");
    }
    eprintln!(
        "{} dòng / rows; mới / new {}, đổi / changed {}, như cũ / unchanged {}; bị loại / rejected {}; lưu ý / warnings {}",
        progress.rows, report.added, report.changed, report.unchanged, progress.rejected, progress.warnings
    );
    if !report.unknown_columns.is_empty() {
        eprintln!("Cột không dùng / columns not used: {}", report.unknown_columns.join(", "));
    }
    if let Some(file) = &report.rejects_file {
        eprintln!("Các dòng bị loại / rejected rows: {}", file.display());
    }
    if report.contradicted > 0 {
        eprintln!(
            "Trái với sự kiện đã đăng ký / against registered events: {}. Sự kiện được giữ; xem cảnh báo. / The events stand; see the findings.",
            report.contradicted
        );
    }
    if report.moved_in_time > 0 {
        eprintln!("Đồng hồ đã lùi / the clock had stepped back: {} persons", report.moved_in_time);
    }
}
