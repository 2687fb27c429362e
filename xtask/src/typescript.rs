//! Functions of TypeScript and JavaScript sources, found without a parser: comments and strings are blanked, then
//! braces are matched, and the text before a brace tells whether it opens a function.

use crate::rust_tokens::Function;

/// Words that open a block which is no function.
const NO_FUNCTION: [&str; 16] = [
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "with",
    "else",
    "do",
    "try",
    "finally",
    "class",
    "interface",
    "case",
    "return",
    "enum",
    "namespace",
];
/// Words that may stand before the name of a method.
const MODIFIERS: [&str; 12] = [
    "export",
    "default",
    "async",
    "static",
    "public",
    "private",
    "protected",
    "readonly",
    "get",
    "set",
    "override",
    "declare",
];

/// Every function with a body in braces, nested ones too, in the order of their closing braces.
pub fn functions(text: &str) -> Vec<Function> {
    let blanked = blank(text);
    let line_of = |position: usize| blanked[..position].iter().filter(|mark| **mark == '\n').count() + 1;
    let mut found = Vec::new();
    let mut open: Vec<(usize, Option<String>)> = Vec::new();
    for (position, mark) in blanked.iter().enumerate() {
        if *mark == '{' {
            let start = header_start(&blanked, position);
            let header: String = blanked[start..position].iter().collect();
            let blank_chars = header.chars().take_while(|mark| mark.is_whitespace()).count();
            open.push((start + blank_chars, function_name(&header)));
        } else if *mark == '}'
            && let Some((start, Some(name))) = open.pop()
        {
            let line = line_of(start);
            found.push(Function { name, line, lines: line_of(position) - line + 1 });
        }
    }
    found
}

/// Where the statement that ends in the brace at `brace` begins.
fn header_start(blanked: &[char], brace: usize) -> usize {
    let mut depth = 0_usize;
    for position in (0..brace).rev() {
        let after = || blanked[position + 1..brace].iter().find(|mark| !mark.is_whitespace());
        match blanked[position] {
            ')' | ']' => depth += 1,
            // The closing brace of a type such as `Promise<{ a: number }>`.
            '}' if depth > 0 || after() == Some(&'>') => depth += 1,
            '(' | '[' | '{' if depth > 0 => depth -= 1,
            ',' if depth == 0 && in_type_arguments(&blanked[position..brace]) => {}
            '(' | '[' | '{' | '}' | ';' | ',' if depth == 0 => return position + 1,
            _ => {}
        }
    }
    0
}

/// Whether `rest` closes more type arguments, as in `Map<string, number>`, than it opens.
fn in_type_arguments(rest: &[char]) -> bool {
    let opened = rest.iter().filter(|mark| **mark == '<').count();
    let closed = rest.windows(2).filter(|pair| pair[1] == '>' && pair[0] != '=').count();
    closed > opened
}

/// The name of the function that `header` opens; `None` when it opens something else.
fn function_name(header: &str) -> Option<String> {
    // Here begins a type or an object, not a body.
    if header.trim_end().ends_with(['<', ':', '|', '&', '=']) {
        return None;
    }
    let words: Vec<&str> = header
        .split(|mark: char| !(mark.is_alphanumeric() || mark == '_' || mark == '$'))
        .filter(|word| !word.is_empty())
        .collect();
    let first = words.iter().find(|word| !MODIFIERS.contains(word))?;
    if let Some(position) = words.iter().position(|word| *word == "function") {
        let named = words
            .get(position + 1)
            .filter(|_| !header.contains("function (") && !header.contains("function("));
        return Some((*named.unwrap_or(&"function")).to_owned());
    }
    if header.trim_end().ends_with("=>") {
        let is_bound = header.contains(" = ") && ["const", "let", "var"].contains(first);
        return Some(
            if is_bound { words.get(usize::from(words[0] == "export") + 1) } else { None }
                .map_or_else(|| "arrow function".to_owned(), |name| (*name).to_owned()),
        );
    }
    let (before, _) = header.split_once('(').filter(|_| header.contains(')'))?;
    let mut before: Vec<&str> = before.split_whitespace().collect();
    let name = before.pop()?.split('<').next()?.trim_start_matches(['*', '#']);
    let is_name = !name.is_empty() && name.chars().all(|mark| mark.is_alphanumeric() || "_$".contains(mark));
    let is_method =
        is_name && !NO_FUNCTION.contains(&name) && before.iter().all(|word| MODIFIERS.contains(word));
    is_method.then(|| name.to_owned())
}

/// What the reader of `blank` stands in.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Code,
    Line,
    Block,
    Quoted(char),
    Pattern { class: bool },
}

/// The text with comments, strings and regular expressions blanked; line ends and `${…}` parts stay.
fn blank(text: &str) -> Vec<char> {
    let marks: Vec<char> = text.chars().collect();
    let mut out = marks.clone();
    let mut inside = Inside::Code;
    // For each template whose `${` is open: the depth of braces in it.
    let mut templates: Vec<usize> = Vec::new();
    let mut position = 0;
    while position < marks.len() {
        let mark = marks[position];
        let pair = (mark, marks.get(position + 1).copied().unwrap_or('\0'));
        let step = match inside {
            Inside::Code => {
                inside = enter(pair, &out[..position], &mut templates);
                let opened = matches!(inside, Inside::Line | Inside::Block);
                if inside != Inside::Code {
                    blank_range(&mut out, position, 1 + usize::from(opened));
                }
                1 + usize::from(opened)
            }
            Inside::Quoted('`') if pair == ('$', '{') => {
                templates.push(0);
                inside = Inside::Code;
                blank_range(&mut out, position, 2);
                2
            }
            _ => {
                let (next, step) = leave(inside, pair);
                inside = next;
                blank_range(&mut out, position, step);
                step
            }
        };
        position += step;
    }
    out
}

fn blank_range(out: &mut [char], start: usize, length: usize) {
    let end = (start + length).min(out.len());
    out[start..end].iter_mut().filter(|mark| **mark != '\n').for_each(|mark| *mark = ' ');
}

/// From code: what begins at `pair`.
fn enter(pair: (char, char), before: &[char], templates: &mut Vec<usize>) -> Inside {
    match pair {
        ('/', '/') => return Inside::Line,
        ('/', '*') => return Inside::Block,
        ('/', _) if pattern_may_follow(before) => return Inside::Pattern { class: false },
        ('"' | '\'' | '`', _) => return Inside::Quoted(pair.0),
        ('{', _) => {
            if let Some(depth) = templates.last_mut() {
                *depth += 1;
            }
        }
        ('}', _) => match templates.last_mut() {
            Some(0) => {
                templates.pop();
                return Inside::Quoted('`');
            }
            Some(depth) => *depth -= 1,
            None => {}
        },
        _ => {}
    }
    Inside::Code
}

/// From a comment, string or pattern: what follows `pair`, and how many characters are used up.
fn leave(inside: Inside, pair: (char, char)) -> (Inside, usize) {
    match (inside, pair) {
        (Inside::Block, ('*', '/')) => (Inside::Code, 2),
        (Inside::Quoted(_) | Inside::Pattern { .. }, ('\\', _)) => (inside, 2),
        (Inside::Quoted(end), (mark, _)) if mark == end => (Inside::Code, 1),
        // A string or pattern left open ends with its line, as a comment does.
        (Inside::Line | Inside::Quoted('"' | '\'') | Inside::Pattern { .. }, ('\n', _))
        | (Inside::Pattern { class: false }, ('/', _)) => (Inside::Code, 1),
        (Inside::Pattern { .. }, ('[', _)) => (Inside::Pattern { class: true }, 1),
        (Inside::Pattern { .. }, (']', _)) => (Inside::Pattern { class: false }, 1),
        _ => (inside, 1),
    }
}

/// Whether a `/` after `before` begins a regular expression and is no division.
fn pattern_may_follow(before: &[char]) -> bool {
    let code: Vec<char> =
        before.iter().rev().skip_while(|mark| mark.is_whitespace()).take(6).copied().collect();
    let word: String = code.iter().rev().collect();
    code.first().is_none_or(|mark| "(,=:[!&|?{};<>+".contains(*mark)) || word == "return"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, usize, usize)> {
        functions(text).into_iter().map(|f| (f.name, f.line, f.lines)).collect()
    }

    fn one(name: &str, line: usize, lines: usize) -> (String, usize, usize) {
        (name.to_owned(), line, lines)
    }

    #[test]
    fn finds_every_shape_of_function() {
        assert_eq!(found("export async function load(a: string): Promise<void> {\n}\n"), [one("load", 1, 2)]);
        assert_eq!(found("\nconst add = (a: number) => {\n\n};\n"), [one("add", 2, 3)]);
        assert_eq!(found("export const add = async (a) => {\n};\n"), [one("add", 1, 2)]);
        assert_eq!(found("on(x, async ({ a, b }) => {\n});\n"), [one("arrow function", 1, 2)]);
        assert_eq!(
            found("class A {\n  private async get(x: number): Promise<Map<string, number>> {\n  }\n}\n"),
            [one("get", 2, 2)]
        );
        assert_eq!(
            found("function f({ a }: { a: string }): Promise<{ b: number }> {\n}\n"),
            [one("f", 1, 2)]
        );
        assert_eq!(found("x(function () {\n});\n"), [one("function", 1, 2)]);
    }

    #[test]
    fn takes_no_block_for_a_function() {
        let text = "if (a) {\n} else if (b) {\n} else {\n}\nfor (const x of y) {\n}\nwhile (a) {\n}\n\
                    switch (a) {\n case 1: {\n }\n}\ntry {\n} catch (e) {\n}\nconst o = { a: 1 };\n\
                    interface I {\n}\nexport class A extends B {\n}\ncall({ a: 1 });\nimport { b } from 'b';\n";
        assert_eq!(found(text), []);
    }

    #[test]
    fn reads_no_brace_in_strings_comments_and_patterns() {
        let text = "function f() {\n  // {\n  /* { */\n  const s = '{' + \"{\" + `{${ g({ a: 1 }) }{`;\n  \
                    const p = /[/{]\\/{/;\n  return a / b;\n}\n";
        assert_eq!(found(text), [one("f", 1, 7)]);
    }

    #[test]
    fn counts_nested_functions_on_their_own() {
        let text = "function outer() {\n  const inner = () => {\n  };\n}\n";
        assert_eq!(found(text), [one("inner", 2, 2), one("outer", 1, 4)]);
    }
}
