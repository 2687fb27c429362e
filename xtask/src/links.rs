//! Every relative link of a Markdown file leads to a file or folder that exists.

use crate::{problem::Problem, sources::Source};

/// Checks the links of one Markdown file; `exists` tells whether a path below the root is there.
pub fn check(source: &Source, exists: impl Fn(&str) -> bool) -> Vec<Problem> {
    if !source.ends_in(&[".md"]) {
        return Vec::new();
    }
    let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut problems = Vec::new();
    for (line, target) in targets(&source.text) {
        let path = target.split(['#', '?']).next().unwrap_or_default();
        if path.is_empty() || is_elsewhere(&target) {
            continue;
        }
        let found = resolve(folder, path).is_some_and(|resolved| exists(&resolved));
        if !found {
            let what = format!("the link `{target}` leads nowhere");
            problems.push(Problem::new(&source.path, line, what, "correct the link or add the file"));
        }
    }
    problems
}

/// An address with a scheme, such as `https://…` or `mailto:…`.
fn is_elsewhere(target: &str) -> bool {
    target.split_once(':').is_some_and(|(scheme, _)| scheme.chars().all(|c| c.is_ascii_alphanumeric()))
}

/// `path` seen from `folder`, without `.` and `..`; `None` when it leaves the repository.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let start = if path.starts_with('/') { "" } else { folder };
    let mut parts: Vec<&str> = start.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The targets of links and images with their lines, outside code.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            in_code = !in_code;
        } else if !in_code {
            found.extend(targets_of_line(line).into_iter().map(|target| (index + 1, target)));
        }
    }
    found
}

fn targets_of_line(line: &str) -> Vec<String> {
    // Every second part lies between backticks, where links are only shown.
    let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let first_word =
        |text: &str| text.trim().trim_start_matches('<').split([' ', '>']).next().map(str::to_owned);
    let mut found: Vec<String> =
        prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter_map(first_word).collect();
    let is_reference = prose.trim_start().starts_with('[');
    if let (true, Some((_, target))) = (is_reference, prose.split_once("]: ")) {
        found.extend(first_word(target));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(path: &str, text: &str) -> Vec<String> {
        let there = ["README.md", "docs", "docs/ARCHITECTURE.md", "docs/guide/first-hour.md"];
        let problems = check(&Source::new(path, text), |path| there.contains(&path));
        problems.into_iter().map(|problem| format!("{} {}", problem.line, problem.what)).collect()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "[a](ARCHITECTURE.md#rooms) ![b](guide/first-hour.md \"title\") [c](../README.md) [d](#here)\n\
                    [e](https://example.org/x.md) [f](mailto:a@example.org) [g](/docs/) [h](./ARCHITECTURE.md)\n\
                    [i]: guide/first-hour.md\n";
        assert_eq!(broken("docs/ERRORS.md", text), Vec::<String>::new());
    }

    #[test]
    fn links_that_lead_nowhere_are_named() {
        let text = "ok\n[a](gone.md) [b](README.md)\n[c]: ../../x.md\n";
        assert_eq!(
            broken("docs/ERRORS.md", text),
            [
                "2 the link `gone.md` leads nowhere",
                "2 the link `README.md` leads nowhere",
                "3 the link `../../x.md` leads nowhere"
            ]
        );
    }

    #[test]
    fn links_in_code_are_no_links() {
        assert_eq!(broken("a.md", "`[a](gone.md)`\n```\n[b](gone.md)\n```\n"), Vec::<String>::new());
        assert_eq!(broken("a.rs", "// [a](gone.md)"), Vec::<String>::new());
    }
}
