//! A file has at most 500 lines and a function at most 70, unless a comment gives the reason.

use crate::{problem::Problem, rust_tokens, sources::Source, typescript};

/// Lines of a file.
const FILE_LINES_MAX: usize = 500;
/// Lines of a function, from its first to its closing brace.
const FUNCTION_LINES_MAX: usize = 70;
/// Lines at the head of a file where its exception may stand.
const HEAD_LINES: usize = 10;
/// A reason shorter than this says nothing.
const REASON_CHARS_MIN: usize = 12;
const FILE_EXCEPTION: &str = "// tidy: allow long file:";
const FUNCTION_EXCEPTION: &str = "// tidy: allow long function:";

/// Checks one Rust, TypeScript or JavaScript source; other files pass.
pub fn check(source: &Source) -> Vec<Problem> {
    let functions = if source.ends_in(&[".rs"]) {
        match rust_tokens::parse(&source.text) {
            Ok(stream) => rust_tokens::functions(&stream),
            Err(error) => {
                let what = format!("cannot be read as Rust: {error}");
                return vec![Problem::new(&source.path, 0, what, "make it compile")];
            }
        }
    } else if source.ends_in(&[".ts", ".js", ".mjs"]) {
        typescript::functions(&source.text)
    } else {
        return Vec::new();
    };
    let lines: Vec<&str> = source.text.lines().collect();
    let mut problems = Vec::new();
    if lines.len() > FILE_LINES_MAX
        && !lines.iter().take(HEAD_LINES).any(|line| excused(line, FILE_EXCEPTION))
    {
        let what = format!("{} lines, at most {FILE_LINES_MAX} are allowed", lines.len());
        let remedy = format!("split the file, or give the reason in its head: `{FILE_EXCEPTION} <reason>`");
        problems.push(Problem::new(&source.path, 0, what, remedy));
    }
    for function in functions {
        if function.lines > FUNCTION_LINES_MAX && !function_excused(&lines, function.line) {
            let what = format!(
                "function `{}` has {} lines, at most {FUNCTION_LINES_MAX} are allowed",
                function.name, function.lines
            );
            let remedy =
                format!("split it, or give the reason on the line before: `{FUNCTION_EXCEPTION} <reason>`");
            problems.push(Problem::new(&source.path, function.line, what, remedy));
        }
    }
    problems
}

fn excused(line: &str, exception: &str) -> bool {
    line.trim()
        .strip_prefix(exception)
        .is_some_and(|reason| reason.trim().chars().count() >= REASON_CHARS_MIN)
}

/// Looks through the comments and attributes that stand directly above line `line` (from 1).
fn function_excused(lines: &[&str], line: usize) -> bool {
    lines[..line - 1]
        .iter()
        .rev()
        .take_while(|above| above.trim().starts_with("//") || above.trim().starts_with('#'))
        .any(|above| excused(above, FUNCTION_EXCEPTION))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function_of(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    step();\n".repeat(lines - 2))
    }

    fn whats(path: &str, text: &str) -> Vec<String> {
        check(&Source::new(path, text)).into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn a_function_of_70_lines_passes_and_of_71_fails() {
        assert_eq!(whats("a.rs", &function_of(70)), Vec::<String>::new());
        assert_eq!(whats("a.rs", &function_of(71)), ["function `long` has 71 lines, at most 70 are allowed"]);
        let typescript = format!("function long() {{\n{}}}\n", "  step();\n".repeat(69));
        assert_eq!(whats("a.ts", &typescript), ["function `long` has 71 lines, at most 70 are allowed"]);
    }

    #[test]
    fn a_file_of_500_lines_passes_and_of_501_fails() {
        assert_eq!(whats("a.rs", &"\n".repeat(500)), Vec::<String>::new());
        assert_eq!(whats("a.rs", &"\n".repeat(501)), ["501 lines, at most 500 are allowed"]);
        assert_eq!(whats("a.md", &"\n".repeat(501)), Vec::<String>::new());
    }

    #[test]
    fn an_exception_needs_a_reason() {
        let long = function_of(80);
        let reasoned =
            format!("// tidy: allow long function: one table, read from top to bottom\n#[test]\n{long}");
        assert_eq!(whats("a.rs", &reasoned), Vec::<String>::new());
        assert_eq!(whats("a.rs", &format!("// tidy: allow long function:\n{long}")).len(), 1);
        assert_eq!(whats("a.rs", &format!("{reasoned}\n{long}")).len(), 1, "it holds for one function");
        let file = format!("// tidy: allow long file: a table of the law\n{}", "\n".repeat(600));
        assert_eq!(whats("a.rs", &file), Vec::<String>::new());
    }

    #[test]
    fn broken_rust_is_named() {
        assert!(whats("a.rs", "fn a( {")[0].starts_with("cannot be read as Rust"));
    }
}
