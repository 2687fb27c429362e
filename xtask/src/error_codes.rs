//! Every error code stands once in the sources, and `docs/ERRORS.md`, written from them, lists them all.

use crate::{
    problem::Problem,
    rust_tokens,
    sources::{self, Source},
};
use proc_macro2::TokenTree;
use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

const LIST_FILE: &str = "docs/ERRORS.md";
const HEAD: &str = "# Mã lỗi · Error codes\n\n\
    Written by `cargo xtask errors` from the sources: change the sentences there, not here.\n\
    What stands in braces is filled in when the error is said.\n";
const REMEDY: &str = "run `cargo xtask errors` and commit docs/ERRORS.md";

/// A code where the product says it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Code {
    file: String,
    line: usize,
    /// The Vietnamese and the English sentence, empty where they are put together from parts.
    sentences: [String; 2],
}

/// Checks that codes are unique and that the list is as written from the sources.
pub fn check(sources: &[Source]) -> Vec<Problem> {
    let codes = codes(sources);
    let mut problems = Vec::new();
    for (code, places) in &codes {
        for again in &places[1..] {
            let first = &places[0];
            let what = format!("code {code} is said already at {}:{}", first.file, first.line);
            let remedy = "give this error its own code, or name the code in one constant";
            problems.push(Problem::new(&again.file, again.line, what, remedy));
        }
    }
    let listed = sources::text_of(sources, LIST_FILE);
    if !codes.is_empty() && listed != list(&codes) {
        let missing: Vec<&str> = codes
            .keys()
            .filter(|code| !listed.contains(&format!("| {code} |")))
            .map(String::as_str)
            .collect();
        let what = match missing.as_slice() {
            [] => "the list of error codes differs from the sources".to_owned(),
            missing => format!("the list of error codes lacks {}", missing.join(", ")),
        };
        problems.push(Problem::new(LIST_FILE, 0, what, REMEDY));
    }
    problems
}

/// Writes the list below `root`.
pub fn write(root: &Path) -> Result<String, String> {
    let sources = sources::read_all(root).map_err(|error| format!("cannot read the sources: {error}"))?;
    let codes = codes(&sources);
    fs::write(root.join(LIST_FILE), list(&codes))
        .map_err(|error| format!("cannot write {LIST_FILE}: {error}"))?;
    Ok(format!("{LIST_FILE}: {} codes", codes.len()))
}

fn codes(sources: &[Source]) -> BTreeMap<String, Vec<Code>> {
    let mut codes: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for source in sources.iter().filter(|source| source.ends_in(&[".rs"]) && !source.is_test()) {
        let Ok(stream) = rust_tokens::parse(&source.text) else { continue };
        rust_tokens::visit_product(&stream, &mut |tokens| {
            for (index, token) in tokens.iter().enumerate() {
                let Some(code) = rust_tokens::string_literal(token).filter(|text| is_code(text)) else {
                    continue;
                };
                let line = token.span().start().line;
                let sentences = sentences_after(&tokens[index + 1..]);
                codes.entry(code).or_default().push(Code { file: source.path.clone(), line, sentences });
            }
        });
    }
    codes
}

/// `DANCU-ROOM-001`: the room in capitals (and digits), then a number of three digits.
fn is_code(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [start, room @ .., number] = parts.as_slice() else { return false };
    *start == "DANCU"
        && !room.is_empty()
        && room.iter().all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        })
        && number.len() == 3
        && number.chars().all(|c| c.is_ascii_digit())
}

/// The first string in each of the two arguments that follow a code.
fn sentences_after(tokens: &[TokenTree]) -> [String; 2] {
    let mut arguments = tokens.split(|token| rust_tokens::is_mark(token, ',')).skip(1);
    [(); 2].map(|()| arguments.next().and_then(first_string).unwrap_or_default())
}

fn first_string(argument: &[TokenTree]) -> Option<String> {
    argument.iter().find_map(|token| match token {
        TokenTree::Group(group) => first_string(&group.stream().into_iter().collect::<Vec<_>>()),
        token => rust_tokens::string_literal(token),
    })
}

fn list(codes: &BTreeMap<String, Vec<Code>>) -> String {
    let mut text = HEAD.to_owned();
    let mut room_before = "";
    for (code, places) in codes {
        let room = code.rsplit_once('-').map_or("", |(room, _)| room);
        if room != room_before {
            let _ = write!(text, "\n## {room}\n\n| mã · code | tiếng Việt | English |\n|---|---|---|\n");
            room_before = room;
        }
        let [vi, en] = places[0].sentences.clone().map(|sentence| as_cell(&sentence));
        let _ = writeln!(text, "| {code} | {vi} | {en} |");
    }
    text
}

/// A string as written in Rust, as the cell of a table: on one line, quotes plain, bars escaped.
fn as_cell(sentence: &str) -> String {
    let plain = sentence.replace("\\\"", "\"").replace("\\\n", " ").replace("\\n", " ").replace('|', "\\|");
    let words: Vec<&str> = plain.split_whitespace().collect();
    if words.is_empty() { "—".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "fn explain() {\n    match e {\n        A => Explanation::new(\"DANCU-CORE-001\", \
                       format!(\"Số {n} | sai.\"), format!(\"The \\\"number\\\" {n} is wrong.\")),\n        \
                       B => Explanation::new(CODE, vi, en),\n    }\n}\n\
                       const CODE: &str = \"DANCU-STORE-SQLITE-010\";\n\
                       #[cfg(test)]\nmod tests { const A: &str = \"DANCU-CORE-001\"; }\n";

    fn with_list(mut sources: Vec<Source>) -> Vec<Source> {
        let text = list(&codes(&sources));
        sources.push(Source::new(LIST_FILE, &text));
        sources
    }

    #[test]
    fn codes_that_stand_once_and_are_listed_pass() {
        let sources = with_list(vec![Source::new("crates/core/src/a.rs", TWO)]);
        assert_eq!(check(&sources), []);
        let text = sources::text_of(&sources, LIST_FILE);
        assert!(
            text.contains("| DANCU-CORE-001 | Số {n} \\| sai. | The \"number\" {n} is wrong. |\n"),
            "{text}"
        );
        assert!(text.contains("## DANCU-STORE-SQLITE\n"), "{text}");
        assert!(text.contains("| DANCU-STORE-SQLITE-010 | — | — |\n"), "{text}");
    }

    #[test]
    fn a_code_said_twice_is_named() {
        let other = "const CODE: &str = \"DANCU-CORE-001\";\n";
        let sources = with_list(vec![
            Source::new("crates/core/src/a.rs", TWO),
            Source::new("crates/core/src/b.rs", other),
        ]);
        let problems = check(&sources);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].file, "crates/core/src/b.rs");
        assert_eq!(problems[0].what, "code DANCU-CORE-001 is said already at crates/core/src/a.rs:3");
    }

    #[test]
    fn a_code_that_is_not_listed_is_named() {
        let problems = check(&[Source::new("crates/core/src/a.rs", TWO)]);
        assert_eq!(problems[0].what, "the list of error codes lacks DANCU-CORE-001, DANCU-STORE-SQLITE-010");
        let mut stale = with_list(vec![Source::new("crates/core/src/a.rs", TWO)]);
        stale[1].text.push_str("| DANCU-CORE-999 | gone | gone |\n");
        assert_eq!(check(&stale)[0].what, "the list of error codes differs from the sources");
    }

    #[test]
    fn codes_in_test_files_do_not_count() {
        assert_eq!(
            check(&[Source::new("crates/core/tests/it/main.rs", "const A: &str = \"DANCU-CORE-001\";")]),
            []
        );
    }

    #[test]
    fn tells_codes_from_other_strings() {
        assert!(is_code("DANCU-CORE-001") && is_code("DANCU-STORE-SQLITE-010"));
        for other in
            ["DANCU-001", "DANCU-core-001", "DANCU-CORE-01", "DANCU-CORE-001.", "DANCU--001", "X-CORE-001"]
        {
            assert!(!is_code(other), "{other}");
        }
    }
}
