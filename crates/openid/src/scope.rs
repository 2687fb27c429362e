//! Scopes, and the fields of the register that stand behind each.

use dancu_exchange::{Field, FieldSet, SignInTerms, SignInWish};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// A sign-in, with a pseudonym.
    OpenId,
    /// Name, birth date, sex.
    Profile,
    /// Permanent residence.
    Address,
    /// Telephone number.
    Phone,
    /// The personal number itself.
    PersonalNumber,
}

impl Scope {
    /// Every scope, in the order in which they are told.
    pub const ALL: [Self; 5] =
        [Self::OpenId, Self::Profile, Self::Address, Self::Phone, Self::PersonalNumber];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::PersonalNumber => "personal_number",
        }
    }

    /// The fields behind it.
    pub fn fields(self) -> FieldSet {
        let fields: &[Field] = match self {
            Self::OpenId | Self::PersonalNumber => &[],
            Self::Profile => &[Field::Name, Field::BirthDate, Field::Sex],
            Self::Address => &[Field::Residence],
            Self::Phone => &[Field::Phone],
        };
        fields.iter().copied().collect()
    }
}

/// Some scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scopes(u8);

impl Scopes {
    /// Reads a list; words that we do not know are left out (OpenID Connect Core 3.1.2.1).
    pub fn read(text: &str) -> Self {
        let named = |scope: &Scope| text.split(' ').any(|word| word == scope.as_str());
        Scope::ALL
            .into_iter()
            .filter(named)
            .fold(Self::default(), |all, scope| Self(all.0 | 1 << scope as u8))
    }

    /// Whether a scope is among them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    /// Whether all of them are among others.
    pub const fn are_within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    /// What they want of a person, as far as a contract's terms go. Which terms those are is decided in `exchange`, and
    /// asked there again when it is told; `Err` names a scope of which the terms hold nothing.
    pub fn wish(self, terms: SignInTerms) -> Result<SignInWish, Scope> {
        let mut wish = SignInWish::default();
        for scope in Scope::ALL.into_iter().filter(|scope| self.has(*scope)) {
            if scope == Scope::PersonalNumber {
                wish.number = true;
                if !terms.number {
                    return Err(scope);
                }
            }
            let fields = scope.fields();
            let held: FieldSet = fields.iter().filter(|field| terms.fields.contains(*field)).collect();
            if held.is_empty() && !fields.is_empty() {
                return Err(scope);
            }
            wish.fields = wish.fields.union(held);
        }
        Ok(wish)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> =
            Scope::ALL.into_iter().filter(|scope| self.has(*scope)).map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_are_left_out_and_order_does_not_matter() {
        let scopes = Scopes::read("phone openid admin openid  OPENID");
        assert_eq!(scopes.to_string(), "openid phone");
        assert!(scopes.are_within(Scopes::read("openid profile phone")));
        assert!(!Scopes::read("profile").are_within(scopes));
        assert!(!Scopes::read("openidx").has(Scope::OpenId));
    }

    #[test]
    fn a_scope_gives_what_the_terms_hold_of_it_and_none_gives_nothing() {
        let terms = SignInTerms { fields: [Field::Name, Field::Phone].into_iter().collect(), number: false };
        let wish = Scopes::read("openid profile").wish(terms).unwrap();
        assert_eq!(wish.fields.iter().collect::<Vec<_>>(), [Field::Name], "no birth date, no sex");
        assert!(Scopes::read("openid").wish(terms).unwrap().is_empty());
        assert_eq!(Scopes::read("openid address").wish(terms), Err(Scope::Address));
        assert_eq!(Scopes::read("openid personal_number").wish(terms), Err(Scope::PersonalNumber));
        let with_number = SignInTerms { number: true, ..terms };
        assert!(Scopes::read("personal_number").wish(with_number).unwrap().number);
    }
}
