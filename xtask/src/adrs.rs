//! A decision fits on one page.

use crate::{problem::Problem, sources::Source};

const ADR_LINES_MAX: usize = 80;

/// Checks the length of a decision in `docs/adr/`; other files pass.
pub fn check(source: &Source) -> Option<Problem> {
    let lines = source.text.lines().count();
    let is_adr = source.path.starts_with("docs/adr/") && source.ends_in(&[".md"]);
    (is_adr && lines > ADR_LINES_MAX).then(|| {
        let what = format!("{lines} lines, a decision has at most {ADR_LINES_MAX}");
        Problem::new(&source.path, 0, what, "keep the decision, its reasons and figures; drop the rest")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_of_80_lines_passes_and_of_81_fails() {
        assert_eq!(check(&Source::new("docs/adr/0001-store.md", &"\n".repeat(80))), None);
        let problem = check(&Source::new("docs/adr/0001-store.md", &"\n".repeat(81)));
        assert_eq!(problem.expect("one line too many").what, "81 lines, a decision has at most 80");
        assert_eq!(check(&Source::new("docs/guide.md", &"\n".repeat(81))), None);
    }
}
