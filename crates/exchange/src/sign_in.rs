//! A product: agreed values of somebody who has just proved who they are, told to the portal at which they sign in.
//!
//! Nobody has to show that they hold the person's data: the person stands at the door. What is told is bounded by the
//! contract, recorded like every other disclosure, and leaves with its receipt.

use crate::{
    Caller, Field, FieldSet, Product, RefusalReason, VerifyError, VerifyService, fetch::value,
    policy::plan_sign_in,
};
use dancu_core::{Explain, Explanation, PersonalNumber};
use dancu_ledger::{Channel, Draft, Receipt, Under};
use dancu_register::At;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{collections::HashSet, fmt, ops::Not, str::FromStr};
use url::{Host, Url};

/// What a contract lets a portal learn of somebody who signs in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInTerms {
    /// Fields of which the values are told. Each of them is among the contract's `fields`. None: the portal learns a
    /// pseudonym and no more.
    #[serde(default)]
    pub fields: FieldSet,
    /// Whether the personal number itself is told.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub number: bool,
}

impl SignInTerms {
    /// Whether these terms give nothing that others do not give.
    pub fn are_within(self, others: Self) -> bool {
        self.fields.without(others.fields).is_empty() && (others.number || !self.number)
    }

    /// Whether every field is one of a contract and has a value that can be told.
    pub(crate) fn are_sound(self, fields: FieldSet) -> bool {
        self.fields.without(fields).is_empty() && self.fields.iter().all(Field::may_be_fetched)
    }
}

/// An address of a portal to which browsers are sent back: `https`, or `http` on the developer's own machine, without
/// user and fragment. Compared letter by letter, and never guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectAddress(String);

/// The text is no address to which browsers may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an https address of at most 500 bytes without user and fragment")]
pub struct RedirectAddressError;

impl Explain for RedirectAddressError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-EXCHANGE-200",
            "Địa chỉ chuyển về phải là https, dài tối đa 500 byte, không có tên người dùng và không có phần sau dấu #. http chỉ dùng được với localhost.",
            "An address for coming back must be https, of 500 bytes at most, without user and without what follows #. http works for localhost alone.",
        )
    }
}

impl RedirectAddress {
    /// Addresses of one client at most.
    pub const ADDRESSES_MAX: usize = 8;
    const BYTES_MAX: usize = 500;

    /// As it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, by which a portal's pseudonyms are told from those of others.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.0).ok();
        url.as_ref().and_then(Url::host_str).unwrap_or_default().to_owned()
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        Url::parse(&self.0).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }
}

impl FromStr for RedirectAddress {
    type Err = RedirectAddressError;

    fn from_str(text: &str) -> Result<Self, RedirectAddressError> {
        let url = Url::parse(text).map_err(|_| RedirectAddressError)?;
        let is_own_machine = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_own_machine);
        let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let is_text = text.len() <= Self::BYTES_MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        // What a parser would write otherwise could be read otherwise by another one.
        let is_normal = url.as_str() == text;
        if is_safe && is_plain && is_text && is_normal && url.has_host() {
            Ok(Self(text.to_owned()))
        } else {
            Err(RedirectAddressError)
        }
    }
}

impl TryFrom<String> for RedirectAddress {
    type Error = RedirectAddressError;

    fn try_from(text: String) -> Result<Self, RedirectAddressError> {
        text.parse()
    }
}

impl From<RedirectAddress> for String {
    fn from(address: RedirectAddress) -> Self {
        address.0
    }
}

/// Pseudonyms are told apart by the host, so that a client has one; and only who signs in somewhere signs out there.
pub(crate) fn are_of_one_portal(back: &[RedirectAddress], out: &[RedirectAddress]) -> bool {
    let hosts: HashSet<String> = back.iter().chain(out).map(RedirectAddress::host).collect();
    let is_few = |addresses: &[RedirectAddress]| addresses.len() <= RedirectAddress::ADDRESSES_MAX;
    hosts.len() <= 1 && is_few(back) && is_few(out) && (out.is_empty() || !back.is_empty())
}

/// What is told of somebody who signed in.
#[derive(Clone)]
pub struct SignInAnswer {
    /// The values that the register holds, of those that were wanted.
    pub values: Vec<(Field, crate::FetchedValue)>,
    /// The personal number, where it was wanted.
    pub number: Option<PersonalNumber>,
    /// The day for which it holds.
    pub as_of: Date,
    /// The proof that this is in the log.
    pub receipt: Receipt,
}

impl fmt::Debug for SignInAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignInAnswer(…)")
    }
}

/// What a portal wants to learn of somebody, or may, since they agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SignInWish {
    /// Fields of which the values are wanted.
    #[serde(default)]
    pub fields: FieldSet,
    /// Whether the personal number is wanted.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub number: bool,
}

impl SignInWish {
    /// Whether it wants nothing: a pseudonym is enough.
    pub const fn is_empty(self) -> bool {
        self.fields.is_empty() && !self.number
    }

    /// Whether others hold all of it.
    pub fn is_within(self, others: Self) -> bool {
        self.fields.without(others.fields).is_empty() && (others.number || !self.number)
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { fields: self.fields.union(other.fields), number: self.number || other.number }
    }
}

impl VerifyService {
    /// Whether a portal may have people sign in, and learn this of them, today.
    pub fn check_sign_in(&self, caller: &Caller, wish: SignInWish) -> Result<(), RefusalReason> {
        let day = self.ledger.counting_day();
        caller.check_standing(day)?;
        plan_sign_in(caller, day, wish)
    }

    /// Tells agreed values of somebody who signed in: contract, limit, the person's restrictions, register, log, answer.
    pub async fn tell_signed_in(
        &self,
        caller: &Caller,
        number: PersonalNumber,
        wish: SignInWish,
        reference: &str,
    ) -> Result<SignInAnswer, VerifyError> {
        let day = self.ledger.counting_day();
        let _place = caller.enter(day).map_err(|reason| self.refuse(caller, reason))?;
        plan_sign_in(caller, day, wish).map_err(|reason| self.refuse(caller, reason))?;
        let reservation = self.reserve(caller).await?;
        let pass = self.pass(caller, number, wish.fields, day).await?;
        let at = At { as_of: day, known_at: self.ledger.now() };
        let person = self.register.person_now(number, at, wish.fields.fact_kinds()).await?;
        let held = |field: Field| Some((field, value(person.as_ref()?, field)?));
        let values: Vec<_> = wish.fields.iter().filter_map(held).collect();
        let is_held = |field: Field| values.iter().any(|(told, _)| *told == field);
        let word = |field: Field| if is_held(field) { "told" } else { "not_held" };
        let told = wish.fields.iter().map(|field| (field.as_str(), word(field)));
        let outcome: Vec<_> = wish.number.then_some(("number", "told")).into_iter().chain(told).collect();
        let asked = outcome.iter().map(|(field, _)| *field).collect();
        let draft = caller.draft(number, asked, outcome, Channel::Api, reference);
        let under = Under { product: Some(Product::SignIn.as_str()), ..pass.under(draft.under) };
        let disclosed = self.ledger.disclose(Draft { under, ..draft }, reservation).await?;
        Ok(SignInAnswer {
            values,
            number: wish.number.then_some(number),
            as_of: day,
            receipt: disclosed.into_receipt(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_sent_to_https_addresses_and_to_the_developers_own_machine() {
        for good in [
            "https://dichvucong.example/callback",
            "https://dichvucong.example/callback?from=dancu",
            "http://localhost:8099/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:9000/",
        ] {
            assert_eq!(good.parse::<RedirectAddress>().unwrap().as_str(), good);
        }
        for bad in [
            "",
            "/callback",
            "http://dichvucong.example/callback",
            "https://user@dichvucong.example/",
            "https://dichvucong.example/#part",
            "https://dichvucong.example/a b",
            "https://DICHVUCONG.example/",
            "https://dichvucong.example/a/../b",
            "javascript:alert(1)",
            "data:text/html,a",
            "https://",
            &format!("https://a.example/{}", "a".repeat(500)),
        ] {
            assert_eq!(bad.parse::<RedirectAddress>(), Err(RedirectAddressError), "{bad}");
        }
    }

    #[test]
    fn terms_become_less_field_by_field() {
        let terms =
            |fields: &[Field], number| SignInTerms { fields: fields.iter().copied().collect(), number };
        let old = terms(&[Field::Name, Field::BirthDate], true);
        assert!(terms(&[Field::Name], false).are_within(old) && old.are_within(old));
        assert!(!terms(&[Field::Phone], false).are_within(old));
        assert!(!old.are_within(terms(&[Field::Name, Field::BirthDate], false)));
        assert!(old.are_sound(terms(&[Field::Name, Field::BirthDate, Field::Sex], false).fields));
        assert!(!old.are_sound(terms(&[Field::Name], false).fields), "only fields of the contract");
        assert!(!terms(&[Field::CardStatus], false).are_sound(terms(&[Field::CardStatus], false).fields));
    }
}
