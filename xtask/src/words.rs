//! Nothing is left for later, and a lint is silenced only with a reason.

use crate::{problem::Problem, rust_tokens, sources::Source};

/// Checks the words of one source. Guides may name the marks that code may not carry.
pub fn check(source: &Source) -> Vec<Problem> {
    if source.ends_in(&[".md", ".txt"]) {
        return Vec::new();
    }
    let mut problems = marks_left(source);
    if source.ends_in(&[".rs"])
        && let Ok(stream) = rust_tokens::parse(&source.text)
    {
        for name in ["todo", "unimplemented"] {
            for line in rust_tokens::macro_calls(&stream, name) {
                problems.push(left_for_later(source, line, &format!("`{name}!`")));
            }
        }
        for line in rust_tokens::silenced_without_reason(&stream) {
            let remedy = "say why: `#[expect(the_lint, reason = \"…\")]`, or mend what the lint found";
            problems.push(Problem::new(&source.path, line, "a lint is silenced without a reason", remedy));
        }
    }
    problems
}

fn marks_left(source: &Source) -> Vec<Problem> {
    // Put together here, so that this file does not carry them.
    let marks = [["TO", "DO"].concat(), ["FIX", "ME"].concat()];
    let mut problems = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        for mark in &marks {
            if line.split(|c: char| !c.is_alphanumeric()).any(|word| word == mark) {
                problems.push(left_for_later(source, index + 1, &format!("`{mark}`")));
            }
        }
    }
    problems
}

fn left_for_later(source: &Source, line: usize, what: &str) -> Problem {
    let remedy = "do it now, or leave it out and file an issue";
    Problem::new(&source.path, line, format!("{what} leaves work for later"), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Source::new(path, text)).into_iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn finds_marks_as_whole_words() {
        let mark = ["FIX", "ME"].concat();
        assert_eq!(lines("a.sql", &format!("select 1;\n-- {mark}: later\n")), [2]);
        assert_eq!(lines("a.rs", &format!("const {mark}S: u8 = 1;\n")), Vec::<usize>::new());
        assert_eq!(lines("a.md", &mark), Vec::<usize>::new());
    }

    #[test]
    fn finds_macros_that_leave_work() {
        assert_eq!(lines("a.rs", "fn a() {\n    todo!()\n}\nfn b() { unimplemented!(\"x\") }\n"), [2, 4]);
        assert_eq!(lines("a.rs", "// todo!() in words\nfn todo() {}\n"), Vec::<usize>::new());
    }

    #[test]
    fn a_silenced_lint_needs_a_reason() {
        assert_eq!(lines("a.rs", "#[allow(dead_code)]\nfn a() {}\n"), [1]);
        assert_eq!(
            lines("a.rs", "#[allow(dead_code, reason = \"kept for x\")]\nfn a() {}\n"),
            Vec::<usize>::new()
        );
    }
}
