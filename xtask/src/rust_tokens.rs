//! Rust sources as tokens: functions, attributes, macros and strings, each with its line.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A function with a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Line of the `fn` keyword, from 1.
    pub line: usize,
    /// Lines from `fn` to the closing brace, both counted.
    pub lines: usize,
}

/// Reads `text` as Rust, or says why it is none.
pub fn parse(text: &str) -> Result<TokenStream, String> {
    text.parse::<TokenStream>().map_err(|error| error.to_string())
}

/// Every function with a body, nested ones too.
pub fn functions(stream: &TokenStream) -> Vec<Function> {
    let mut found = Vec::new();
    visit(stream, &mut |tokens| {
        for (index, token) in tokens.iter().enumerate() {
            if is_word(token, "fn")
                && let Some(TokenTree::Ident(name)) = tokens.get(index + 1)
                && let Some(body) = body_after(&tokens[index + 2..])
            {
                let line = token.span().start().line;
                let end = body.span_close().end().line;
                found.push(Function { name: name.to_string(), line, lines: end - line + 1 });
            }
        }
    });
    found
}

/// The brace group that is a function's body, `None` for a declaration that ends in `;`.
fn body_after(tokens: &[TokenTree]) -> Option<&Group> {
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return Some(group),
            TokenTree::Punct(punct) if punct.as_char() == ';' => return None,
            _ => {}
        }
    }
    None
}

/// Lines of the calls of the macro `name`, such as `name!(…)`.
pub fn macro_calls(stream: &TokenStream, name: &str) -> Vec<usize> {
    let mut found = Vec::new();
    visit(stream, &mut |tokens| {
        for pair in tokens.windows(2) {
            if is_word(&pair[0], name) && is_mark(&pair[1], '!') {
                found.push(pair[0].span().start().line);
            }
        }
    });
    found
}

/// Lines of the attributes that silence a lint (`allow`, `expect`, also within `cfg_attr`) and give no `reason`.
pub fn silenced_without_reason(stream: &TokenStream) -> Vec<usize> {
    let mut found = Vec::new();
    visit(stream, &mut |tokens| {
        for (index, token) in tokens.iter().enumerate() {
            if !is_mark(token, '#') {
                continue;
            }
            let next =
                index + 1 + usize::from(tokens.get(index + 1).is_some_and(|token| is_mark(token, '!')));
            if let Some(TokenTree::Group(group)) = tokens.get(next)
                && group.delimiter() == Delimiter::Bracket
            {
                found.extend(silencers_without_reason(&group.stream()));
            }
        }
    });
    found
}

fn silencers_without_reason(attribute: &TokenStream) -> Vec<usize> {
    let mut found = Vec::new();
    visit(attribute, &mut |tokens| {
        for pair in tokens.windows(2) {
            let silences = is_word(&pair[0], "allow") || is_word(&pair[0], "expect");
            if let (true, TokenTree::Group(lints)) = (silences, &pair[1])
                && !lints.stream().into_iter().any(|token| is_word(&token, "reason"))
            {
                found.push(pair[0].span().start().line);
            }
        }
    });
    found
}

/// Calls `see` with every level of `stream` that is no unit test: the level itself, then each group in it.
pub fn visit_product(stream: &TokenStream, see: &mut impl FnMut(&[TokenTree])) {
    let mut kept: Vec<TokenTree> = Vec::new();
    let mut tests_follow = false;
    for token in stream.clone() {
        let is_block = matches!(&token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        if is_block && tests_follow {
            tests_follow = false;
            continue;
        }
        // `#[cfg(test)] mod tests;` names another file and skips nothing here.
        tests_follow = (tests_follow || is_test_attribute(&token)) && !is_mark(&token, ';');
        kept.push(token);
    }
    see(&kept);
    for token in &kept {
        if let TokenTree::Group(group) = token {
            visit_product(&group.stream(), see);
        }
    }
}

/// `[cfg(test)]`, what stands after the `#`.
fn is_test_attribute(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket
        && group.to_string().replace(' ', "") == "[cfg(test)]")
}

/// The text of a string literal, as written between the quotes; `None` for any other token.
pub fn string_literal(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    let written = literal.to_string();
    let start = written.find('"')?;
    let hashes = written[..start].strip_prefix('r');
    if !written[..start].is_empty() && !hashes?.chars().all(|mark| mark == '#') {
        return None;
    }
    let end = written.rfind('"').filter(|end| *end > start)?;
    Some(written[start + 1..end].to_owned())
}

/// Whether `token` is the word `word`.
pub fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if *ident == word)
}

/// Whether `token` is the punctuation mark `mark`.
pub fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn visit(stream: &TokenStream, see: &mut impl FnMut(&[TokenTree])) {
    let tokens: Vec<TokenTree> = stream.clone().into_iter().collect();
    see(&tokens);
    for token in &tokens {
        if let TokenTree::Group(group) = token {
            visit(&group.stream(), see);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> TokenStream {
        parse(text).expect("the sample is Rust")
    }

    #[test]
    fn finds_functions_and_counts_their_lines() {
        let text = "trait T { fn declared(&self); }\n\nfn outer<'a>(x: &'a str) -> char {\n    \
                    // fn in_comment() {\n    let s = \"fn in_string() {\";\n    fn inner() { }\n    '{'\n}\n\
                    type F = fn(u8) -> u8;\n";
        let found = functions(&read(text));
        let named: Vec<(&str, usize, usize)> =
            found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
        assert_eq!(named, [("outer", 3, 6), ("inner", 6, 1)]);
    }

    #[test]
    fn finds_macro_calls_but_not_in_strings() {
        let found = macro_calls(&read("fn a() {\n    later!();\n    \"later!()\";\n}\n"), "later");
        assert_eq!(found, [2]);
    }

    #[test]
    fn finds_silenced_lints_without_reason() {
        let text = "#![allow(one)]\n#[expect(two, reason = \"why\")]\nfn a() {}\n\
                    #[cfg_attr(test, allow(three))]\nfn b() { x.expect(\"no attribute\") }\n";
        assert_eq!(silenced_without_reason(&read(text)), [1, 4]);
    }

    #[test]
    fn leaves_unit_tests_out_of_the_product() {
        let text =
            "fn a() { \"product\" }\n#[cfg(test)]\nmod tests { fn b() { \"test\" } }\nfn c() { \"after\" }\n";
        let mut seen = Vec::new();
        visit_product(&read(text), &mut |tokens| seen.extend(tokens.iter().filter_map(string_literal)));
        assert_eq!(seen, ["product", "after"]);
        let elsewhere = "#[cfg(test)]\nmod tests;\nfn a() { \"product\" }\n";
        seen.clear();
        visit_product(&read(elsewhere), &mut |tokens| seen.extend(tokens.iter().filter_map(string_literal)));
        assert_eq!(seen, ["product"]);
    }

    #[test]
    fn reads_string_literals() {
        let texts: Vec<Option<String>> =
            read("\"a\" r#\"b\"# 'c' b\"d\" 5").into_iter().map(|token| string_literal(&token)).collect();
        assert_eq!(texts, [Some("a".to_owned()), Some("b".to_owned()), None, None, None]);
    }

    #[test]
    fn refuses_what_is_no_rust() {
        assert!(parse("fn a( {").is_err());
    }
}
