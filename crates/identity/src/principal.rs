//! Who is signed in, as every other room sees it.

use crate::{Account, AccountId, Purpose, Role, Session, SessionId, StaffId, Subject};
use dancu_core::{PersonName, PersonalNumber};

/// Someone who is signed in. What they may do is decided by [`crate::access::allows`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A citizen who has redeemed a code and has no passkey yet.
    Enrolling {
        /// Personal number.
        number: PersonalNumber,
        /// Account.
        account: AccountId,
        /// Session.
        session: SessionId,
    },
    /// A citizen who signed in with a passkey.
    Citizen {
        /// Personal number.
        number: PersonalNumber,
        /// Account.
        account: AccountId,
        /// Session.
        session: SessionId,
    },
    /// A member of staff.
    Staff {
        /// Staff id.
        id: StaffId,
        /// Name.
        name: PersonName,
        /// Role.
        role: Role,
        /// Account.
        account: AccountId,
        /// Session.
        session: SessionId,
    },
}

impl Principal {
    /// Who an account with a session is.
    pub fn of(account: &Account, session: &Session) -> Self {
        let (account_id, session_id) = (account.id, session.id);
        match (&account.subject, session.purpose) {
            (Subject::Citizen(number), Purpose::Enrolment) => {
                Self::Enrolling { number: *number, account: account_id, session: session_id }
            }
            (Subject::Citizen(number), Purpose::Full) => {
                Self::Citizen { number: *number, account: account_id, session: session_id }
            }
            (Subject::Staff(profile), _) => Self::Staff {
                id: profile.id.clone(),
                name: profile.name.clone(),
                role: profile.role.clone(),
                account: account_id,
                session: session_id,
            },
        }
    }

    /// The account.
    pub const fn account(&self) -> AccountId {
        match self {
            Self::Enrolling { account, .. } | Self::Citizen { account, .. } | Self::Staff { account, .. } => {
                *account
            }
        }
    }

    /// The session.
    pub const fn session(&self) -> SessionId {
        match self {
            Self::Enrolling { session, .. } | Self::Citizen { session, .. } | Self::Staff { session, .. } => {
                *session
            }
        }
    }

    /// The personal number of a citizen who is fully signed in.
    pub const fn citizen(&self) -> Option<PersonalNumber> {
        match self {
            Self::Citizen { number, .. } => Some(*number),
            Self::Enrolling { .. } | Self::Staff { .. } => None,
        }
    }

    /// The role of a member of staff.
    pub const fn role(&self) -> Option<&Role> {
        match self {
            Self::Staff { role, .. } => Some(role),
            Self::Enrolling { .. } | Self::Citizen { .. } => None,
        }
    }
}
