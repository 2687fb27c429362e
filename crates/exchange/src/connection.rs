//! Organisations, their client software, and the contract that binds each client.

use crate::{
    AttestTerms, Caseload, ClientKey, CohortTerms, FieldSet, FileMatchTerms, HouseholdTerms, PriceExemption,
    Product, RedirectAddress, SealedGroup, SignInTerms, StatisticsTerms, Visibility, XRoadMember,
};
use dancu_core::{CommuneCode, Explain, Explanation};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, str::FromStr, sync::Arc};
use url::Url;

/// The text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an identifier has 2 to 64 of the characters a–z, 0–9 and -")]
pub struct IdError;

impl Explain for IdError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-EXCHANGE-001",
            "Mã định danh phải có 2 đến 64 ký tự a–z, 0–9 hoặc dấu gạch nối.",
            "An identifier must have 2 to 64 of the characters a–z, 0–9 and hyphen.",
        )
    }
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
                if !(2..=64).contains(&text.len()) || !text.bytes().all(fits) {
                    return Err(IdError);
                }
                Ok(Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }
    };
}

identifier!(
    /// Identifies an organisation, e.g. `benh-vien-175`.
    OrganisationId
);
identifier!(
    /// Identifies a piece of client software of an organisation; the `client_id` of OAuth 2.
    ClientId
);
identifier!(
    /// Identifies a contract.
    ContractId
);

/// An agency or company that is connected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organisation {
    /// Identifier.
    pub id: OrganisationId,
    /// The agency above it; none at the top.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<OrganisationId>,
    /// Name in Vietnamese, as citizens see it.
    pub name_vi: String,
    /// Name in English.
    pub name_en: String,
}

impl Organisation {
    /// Agencies one above the other at most.
    pub const LEVELS_MAX: usize = 8;
}

/// Client software with its own keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Identifier, the `client_id`.
    pub id: ClientId,
    /// Whose software it is.
    pub organisation: OrganisationId,
    /// Public keys with which it signs its assertions (RFC 7517). Empty for a desk of our own pages.
    #[serde(default)]
    pub keys: Vec<ClientKey>,
    /// Whether it works with bound tokens alone (RFC 9449 5.2): each request then proves the key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
    /// Where browsers come back to after somebody signed in. All at one host, by which its pseudonyms are told from others'.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<RedirectAddress>,
    /// Where browsers come back to after somebody signed out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<RedirectAddress>,
    /// Stated ground of a suspension; `None` while it may work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspended: Option<String>,
}

/// The right to search for persons, and how often one officer may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchTerms {
    /// Searches of one officer a minute.
    pub per_officer_minute_max: u32,
    /// Searches of one officer a day.
    pub per_officer_day_max: u32,
}

/// About whom a contract lets ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persons {
    /// About everybody: the law itself is the basis.
    #[default]
    All,
    /// About those whose consent is in force, within what they consented to.
    WithConsent,
}

impl Persons {
    /// Whether the law itself is the basis.
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }
}

/// What one client may ask, on which basis, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the words of a document that people write")]
pub struct Contract {
    /// Identifier.
    pub id: ContractId,
    /// The one client that it binds.
    pub client: ClientId,
    /// Law, decree or decision, with its article.
    pub legal_basis: String,
    /// Purpose in Vietnamese, as citizens read it.
    pub purpose_vi: String,
    /// Purpose in English.
    pub purpose_en: String,
    /// Products that may be asked for. Empty in contracts of before products were named: then those whose terms stand here.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub products: BTreeSet<Product>,
    /// Why its answers cost nothing; none: they cost what the table says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_exemption: Option<PriceExemption>,
    /// Fields that may be asked.
    pub fields: FieldSet,
    /// Fields of which the very values are told, not only whether a given one agrees. Each of them is among `fields`.
    #[serde(default, skip_serializing_if = "FieldSet::is_empty")]
    pub fetch: FieldSet,
    /// What is attested.
    #[serde(default, skip_serializing_if = "AttestTerms::is_empty")]
    pub attest: AttestTerms,
    /// What is told of households; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub household: Option<HouseholdTerms>,
    /// Whom it may have listed; none: nobody. A contract that names it gives no other right, and `fields` is empty: its
    /// legal basis and purpose are those of the lists alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cohort: Option<CohortTerms>,
    /// Whether persons who are signed in at the client, a portal, are shown there who looked at them. A contract that says so
    /// gives no other right.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub access_history: bool,
    /// What a portal learns of those who sign in there; none: nobody signs in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignInTerms>,
    /// What is told of the persons in files that the client hands in to be matched; none: its files are not matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_match: Option<FileMatchTerms>,
    /// What it is told of numbers of persons; none: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics: Option<StatisticsTerms>,
    /// About whom.
    #[serde(default, skip_serializing_if = "Persons::is_all")]
    pub persons: Persons,
    /// Whether another company processes the data for the organisation. What persons ask may then take longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uses_processor: bool,
    /// When persons see that they were looked at under it.
    #[serde(default, skip_serializing_if = "Visibility::is_immediate")]
    pub visibility: Visibility,
    /// Sealed groups that an officer may read under it. A contract that names any names no field and gives no other right:
    /// its legal basis and purpose are theirs alone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sealed: BTreeSet<SealedGroup>,
    /// Whether the caller may learn that a number is not in the register.
    #[serde(default)]
    pub may_tell_unknown: bool,
    /// The commune whose own node hands its commands over under this contract; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commands_for_commune: Option<CommuneCode>,
    /// Whether its officers may search for persons; `None`: they may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchTerms>,
    /// The X-Road subsystem under which the client comes through the X-Road door; none: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xroad_client: Option<XRoadMember>,
    /// Whether answers are signed as a JSON Web Token, to be shown to others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed_answers: bool,
    /// Answers a day (the civil day in Viet Nam). Computed when a caseload is stated and this is left out.
    #[serde(default)]
    pub daily_limit: u32,
    /// Requests a second, over a short burst. Computed when a caseload is stated and this is left out.
    #[serde(default)]
    pub per_second_max: u32,
    /// The work from which the limits are computed; none for contracts that state none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caseload: Option<Caseload>,
    /// Why a limit stands above the computed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_reason: Option<String>,
    /// Days for which the agency keeps what it was answered, as it declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
    /// When the agency works, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_hours: Option<String>,
    /// First day.
    pub valid_from: Date,
    /// First day on which it no longer holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// Whether, and about whom, the client is told of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<Feed>,
}

/// A client's right to be told that something changed, within the fields of its contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// About whom.
    pub persons: FeedPersons,
    /// Where changes are delivered; the client asks for them when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Url>,
    /// Whether changes are delivered into the stream of changes, in place of a webhook.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub jetstream: bool,
}

/// The scheme of an address in the stream of changes: `nats:dancu.changes.<client>`.
pub const STREAM_SCHEME: &str = "nats";

impl Feed {
    /// Where changes are delivered: the webhook, or the client's subject in the stream; `None` when the client asks for them.
    pub fn destination(&self, client: &ClientId) -> Option<Url> {
        if self.jetstream {
            let subject = format!("{STREAM_SCHEME}:dancu.changes.{client}");
            return Some(subject.parse().expect("a client's identifier is letters, digits and hyphens"));
        }
        self.webhook.clone()
    }
}

/// Whose changes a client is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedPersons {
    /// Those about whom it received an answer that confirmed something: it holds values that may now be old.
    Disclosed,
    /// Everybody, where the legal basis says so.
    All,
}

impl Contract {
    /// Whether it holds on a day.
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }

    /// The products that it holds, whether it names them or was written before they were named.
    pub fn products(&self) -> BTreeSet<Product> {
        if !self.products.is_empty() {
            return self.products.clone();
        }
        Product::ALL.into_iter().filter(|product| product.has_terms(self)).collect()
    }

    /// Whether it gives a right of the register's own offices, which work by the law: it needs nobody's consent, and
    /// cannot be restricted for a person.
    pub fn is_of_own_office(&self) -> bool {
        self.search.is_some()
            || !self.sealed.is_empty()
            || self.commands_for_commune.is_some()
            || self.fields.iter().any(crate::Field::is_shown_only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_lower_case_words() {
        assert!("benh-vien-175".parse::<OrganisationId>().is_ok());
        for bad in ["", "a", "Bệnh", "a b", "A1", &"a".repeat(65), "a/b"] {
            assert!(bad.parse::<ClientId>().is_err(), "{bad}");
        }
    }
}
