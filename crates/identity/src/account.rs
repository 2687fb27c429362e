//! Accounts: one for each citizen who was invited, one for each member of staff.

use crate::IdentityError;
use dancu_core::{CommuneCode, Entropy, Explain, Explanation, PersonName, PersonalNumber};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Sixteen random bytes that name an account, also to its passkeys; they say nothing about the person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountId([u8; 16]);

impl AccountId {
    /// Draws a new one.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// From the bytes of a store; `None` when there are not sixteen.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes, for a store and for the user handle of a passkey.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// The text is no staff id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a staff id has 1 to 40 of a-z, 0-9, '.', '-', '_'")]
pub struct StaffIdError;

impl Explain for StaffIdError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-IDENTITY-001",
            "Mã cán bộ gồm 1 đến 40 ký tự trong a-z, 0-9, dấu chấm, gạch nối, gạch dưới. Hãy nhập lại.",
            "A staff id has 1 to 40 characters of a-z, 0-9, dot, hyphen, underscore. Enter it again.",
        )
    }
}

/// The name by which an organisation knows a member of its staff.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StaffId(String);

impl StaffId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StaffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Staff ids are often made of a person's name.
impl fmt::Debug for StaffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaffId(…)")
    }
}

impl FromStr for StaffId {
    type Err = StaffIdError;

    fn from_str(text: &str) -> Result<Self, StaffIdError> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte);
        if (1..=40).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(StaffIdError)
        }
    }
}

impl TryFrom<String> for StaffId {
    type Error = StaffIdError;

    fn try_from(text: String) -> Result<Self, StaffIdError> {
        text.parse()
    }
}

impl From<StaffId> for String {
    fn from(id: StaffId) -> String {
        id.0
    }
}

/// What a member of staff works as. One account has one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Role {
    /// Scans cards and admits visitors for one organisation, under the contract of one of its clients.
    Receptionist {
        /// Id of the organisation in the exchange.
        organisation: String,
        /// Id of the organisation's client, whose one contract says what may be asked.
        client: String,
    },
    /// Invites citizens in a commune: prints their codes.
    Officer {
        /// The commune whose office it is.
        commune: CommuneCode,
        /// The right to read sealed values: id of the exchange's client under whose contract this officer reads them.
        /// `None`: the officer reads none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sealed_client: Option<String>,
    },
    /// Works for an agency: applies for its connections, attaches evidence, exchanges keys, sees its own use and refusals.
    Agency {
        /// Id of the organisation in the exchange.
        organisation: String,
    },
    /// Runs the platform: sees organisations, contracts, use and counters, never a person's record.
    Operator,
}

/// A member of staff as the operator states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffProfile {
    /// Id, unique on the platform.
    pub id: StaffId,
    /// Name, shown on the member's own pages and in records of what was done.
    pub name: PersonName,
    /// Role.
    pub role: Role,
}

/// Whose account it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A citizen, known by personal number only.
    Citizen(PersonalNumber),
    /// A member of staff.
    Staff(StaffProfile),
}

impl Subject {
    /// Refuses texts that no client or organisation id has, before they reach a store.
    pub(crate) fn check(&self) -> Result<(), IdentityError> {
        let Self::Staff(StaffProfile { role, .. }) = self else { return Ok(()) };
        let fits =
            |text: &str| (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        let all_fit = match role {
            Role::Receptionist { organisation, client } => fits(organisation) && fits(client),
            Role::Officer { sealed_client, .. } => sealed_client.as_deref().is_none_or(fits),
            Role::Agency { organisation } => fits(organisation),
            Role::Operator => true,
        };
        if all_fit { Ok(()) } else { Err(IdentityError::RoleOutOfBounds) }
    }
}

/// An account as a store holds it. A closed account is never handed out by the port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Whose it is.
    pub subject: Subject,
    /// When it was opened.
    pub opened: Timestamp,
}

impl Account {
    /// A new account for a subject.
    pub(crate) fn open(
        subject: Subject,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Self, IdentityError> {
        subject.check()?;
        Ok(Self { id: AccountId::draw(entropy), subject, opened: now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_staff_id_is_short_plain_text() {
        for good in ["le.tan", "a", "can_bo-01"] {
            assert_eq!(good.parse::<StaffId>().unwrap().as_str(), good);
        }
        for bad in ["", "Lễ tân", "A", "a b", &"a".repeat(41)] {
            assert!(bad.parse::<StaffId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_personal_is_printed() {
        let staff = Subject::Staff(StaffProfile {
            id: "nguyen.van.an".parse().unwrap(),
            name: "Nguyễn Văn An".parse().unwrap(),
            role: Role::Operator,
        });
        let citizen = Subject::Citizen("001099000017".parse().unwrap());
        let printed = format!("{staff:?} {citizen:?}");
        for secret in ["nguyen", "Nguyễn", "001099000017", "1099000017"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn the_right_to_sealed_values_is_stated_or_is_none() {
        let commune = "00004".parse().unwrap();
        let read = |text: &str| serde_json::from_str::<Role>(text).unwrap();
        let plain = r#"{"role":"officer","commune":"00004"}"#;
        assert_eq!(read(plain), Role::Officer { commune, sealed_client: None });
        assert_eq!(serde_json::to_string(&read(plain)).unwrap(), plain, "as it stands in stores");
        let with = r#"{"role":"officer","commune":"00004","sealed_client":"sealed-health"}"#;
        assert_eq!(read(with), Role::Officer { commune, sealed_client: Some("sealed-health".to_owned()) });
    }

    #[test]
    fn ids_of_other_rooms_are_bounded() {
        let with = |client: &str| {
            Subject::Staff(StaffProfile {
                id: "a".parse().unwrap(),
                name: "An".parse().unwrap(),
                role: Role::Receptionist { organisation: "hospital".into(), client: client.into() },
            })
        };
        assert!(with("desk-1").check().is_ok());
        for bad in ["", "with blank", &"x".repeat(101)] {
            assert!(with(bad).check().is_err(), "{bad}");
        }
    }
}
