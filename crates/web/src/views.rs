//! What templates are given: the frame that every page shares, and the small parts that several pages use.
//!
//! Views hold values, not written text: templates write them in the page's language, and the JSON twin of a page is
//! the same view with plain values.

use crate::{Language, assets, format};
use askama::Template;
use dancu_core::{Explanation, PartialDate};
use jiff::{Timestamp, civil::Date};
use serde::Serialize;
use std::{borrow::Cow, fmt};

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Words {
    pub vi: Cow<'static, str>,
    pub en: Cow<'static, str>,
}

impl Words {
    /// The same text in both: a name, a number, an address.
    pub fn same(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self { vi: text.clone(), en: text }
    }
}

impl<V: Into<Cow<'static, str>>, E: Into<Cow<'static, str>>> From<(V, E)> for Words {
    fn from((vi, en): (V, E)) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }
}

impl From<Explanation> for Words {
    fn from(said: Explanation) -> Self {
        Self { vi: said.vi.into(), en: said.en.into() }
    }
}

/// The frame of a page.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub language: Language,
    pub path: String,
    pub assets: &'static str,
    pub source_url: String,
    pub user: Option<PageUser>,
}

/// Whoever is signed in.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "one for each link of the navigation")]
pub(crate) struct PageUser {
    pub name: Words,
    pub is_citizen: bool,
    pub is_receptionist: bool,
    pub is_officer: bool,
    pub is_operator: bool,
    pub is_agency: bool,
    pub may_read_sealed: bool,
}

impl fmt::Debug for PageUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PageUser(…)")
    }
}

impl PageUser {
    /// Whether any page is theirs; one who is enrolling has none yet.
    pub const fn has_pages(&self) -> bool {
        self.is_citizen || self.is_receptionist || self.is_officer || self.is_operator || self.is_agency
    }
}

impl Page {
    /// The frame for one address.
    pub fn new(language: Language, path: &str, source_url: &str, user: Option<PageUser>) -> Self {
        Self {
            language,
            path: path.to_owned(),
            assets: assets::base(),
            source_url: source_url.to_owned(),
            user,
        }
    }

    /// The text in the page's language.
    pub const fn t<'a>(&self, vi: &'a str, en: &'a str) -> &'a str {
        if self.language.is_vietnamese() { vi } else { en }
    }

    /// The words in the page's language.
    pub fn say<'a>(&self, words: &'a Words) -> &'a str {
        self.t(&words.vi, &words.en)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
impl Page {
    pub fn number(&self, value: &u64) -> String {
        format::number(*value, self.language)
    }

    pub fn count(&self, value: &u32) -> String {
        format::number((*value).into(), self.language)
    }

    pub fn day(&self, date: &Date) -> String {
        format::day(*date, self.language)
    }

    pub fn partial(&self, date: &PartialDate) -> String {
        format::partial(*date, self.language)
    }

    pub fn instant(&self, instant: &Timestamp) -> String {
        format::instant(*instant, self.language)
    }

    #[expect(
        clippy::unused_self,
        reason = "templates call methods of the page; both languages write hours alike"
    )]
    pub fn time(&self, instant: &Timestamp) -> String {
        format::time(*instant)
    }
}

/// What went wrong, shown within a page that still works.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PageProblem {
    pub text: Words,
    pub code: &'static str,
    /// Id of the field to go to.
    pub field: Option<&'static str>,
}

impl PageProblem {
    /// A problem of no field in particular.
    pub fn of(said: Explanation) -> Self {
        Self { code: said.code, text: said.into(), field: None }
    }

    /// A problem at a field.
    pub fn at(field: &'static str, said: Explanation) -> Self {
        Self { field: Some(field), ..Self::of(said) }
    }
}

/// A finding in words, and whether it is well.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    pub is_good: bool,
    pub code: &'static str,
    pub text: Words,
}

/// A page that cannot be shown.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorView {
    pub page: Page,
    pub status: u16,
    pub code: &'static str,
    pub text: Words,
    pub remedy: Words,
}

impl ErrorView {
    /// The first sentence says what happened, the rest what to do.
    pub fn new(page: Page, status: u16, said: &Explanation) -> Self {
        fn split(text: &str) -> (String, String) {
            match text.split_once(". ") {
                Some((first, rest)) => (first.to_owned(), rest.to_owned()),
                None => (text.trim_end_matches('.').to_owned(), String::new()),
            }
        }
        let ((vi, vi_rest), (en, en_rest)) = (split(&said.vi), split(&said.en));
        Self { page, status, code: said.code, text: (vi, en).into(), remedy: (vi_rest, en_rest).into() }
    }
}
