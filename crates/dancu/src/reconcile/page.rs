//! `report.html`: the report to read, print and sign. Without scripts, and with nothing from elsewhere.

use serde_json::Value;
use std::fmt::Write as _;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#0b0c0c}\
table{border-collapse:collapse;margin:0 0 2rem;width:100%}caption{text-align:left;font-weight:700;padding:.5rem 0}\
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #b1b4b6;overflow-wrap:anywhere}\
td.count{text-align:right;font-variant-numeric:tabular-nums}";

/// The page of a report.
pub fn html(report: &Value) -> String {
    let mut page = String::new();
    let text = |pointer: &str| escaped(&plain(report.pointer(pointer).unwrap_or(&Value::Null)));
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Đối soát / Matching: {file}</title><style>{STYLE}</style></head><body><main>\
         <h1>Đối soát với sổ đăng ký / Matching against the register</h1>\
         <p>{file} · SHA-256 <code>{sha256}</code></p>\
         <p>Hợp đồng / contract {contract} ({client}) · công văn / letter {reference} · lần chạy / run {id} · \
         sổ đăng ký ngày / register as of {as_of}</p>",
        file = text("/run/file"),
        sha256 = text("/run/sha256"),
        contract = text("/run/contract"),
        client = text("/run/client"),
        reference = text("/run/reference"),
        id = text("/run/id"),
        as_of = text("/run/as_of"),
    );
    table(
        &mut page,
        "Các dòng / rows",
        [
            ("Trong tệp / in the file", "/rows/rows_in"),
            ("Khớp / matched", "/rows/matched"),
            ("Loại / rejected", "/rows/rejected"),
            ("Không có / none", "/rows/none"),
            (
                "Trong số không có, chờ cán bộ xem (làm tròn xuống) / of none, officers have to look (rounded down)",
                "/rows/in_doubt",
            ),
        ]
        .map(|(name, pointer)| (name.to_owned(), report.pointer(pointer).cloned().unwrap_or_default())),
    );
    let rejected = entries(report, "/rejected_reasons");
    table(&mut page, "Lý do loại / reasons for rejection", rejected);
    for (column, reasons) in entries(report, "/set_aside") {
        let caption = format!("Giá trị bỏ qua / values set aside: {column}");
        table(&mut page, &caption, entries(&reasons, ""));
    }
    for (field, counts) in entries(report, "/agreement_of_matched_rows") {
        let caption = format!("Các dòng khớp: trường / matched rows: field {field}");
        table(&mut page, &caption, entries(&counts, ""));
    }
    examples(&mut page, report);
    page.push_str("</main></body></html>\n");
    page
}

fn entries(value: &Value, pointer: &str) -> Vec<(String, Value)> {
    let found = value.pointer(pointer).and_then(Value::as_object);
    found
        .map(|found| found.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
        .unwrap_or_default()
}

/// A table of names and counts; nothing when there is none.
fn table(page: &mut String, caption: &str, rows: impl IntoIterator<Item = (String, Value)>) {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = write!(page, "<table><caption>{}</caption><tbody>", escaped(caption));
    for (name, count) in rows {
        let _ = write!(
            page,
            "<tr><th scope=\"row\">{}</th><td class=\"count\">{}</td></tr>",
            escaped(&name),
            escaped(&plain(&count))
        );
    }
    page.push_str("</tbody></table>");
}

fn examples(page: &mut String, report: &Value) {
    let all = report.pointer("/examples").and_then(Value::as_array).cloned().unwrap_or_default();
    if all.is_empty() {
        return;
    }
    page.push_str(
        "<table><caption>Ví dụ, tên đã che / examples, names masked</caption><thead><tr>\
         <th scope=\"col\">Danh sách / list</th><th scope=\"col\">Khóa / key</th>\
         <th scope=\"col\">Tên trong tệp / name in the file</th>\
         <th scope=\"col\">Khớp, hoặc lý do / agrees, or reason</th></tr></thead><tbody>",
    );
    for example in all {
        page.push_str("<tr>");
        for part in ["list", "key", "name", "what"] {
            let _ = write!(page, "<td>{}</td>", escaped(&plain(&example[part])));
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table>");
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Text of a file is text in the page, whatever it holds.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_file_holds_is_text_in_the_page() {
        let report = json!({
            "run": { "file": "<script>x</script>.csv" },
            "rows": { "rows_in": 1 },
            "examples": [{ "list": "matched", "key": "=HYPERLINK(\"a\")<b>", "name": "N.", "what": "" }],
        });
        let page = html(&report);
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("&lt;script&gt;") && page.contains("&quot;a&quot;"));
    }
}
