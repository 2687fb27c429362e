//! The room's front: accounts and codes of staff and citizens, and who a token belongs to. Signing in itself is in
//! `sign_in.rs`.

use crate::{
    Account, AttemptLimits, Attempts, Code, CodeKey, IdentityError, IdentityStore, Issue, Periods, Principal,
    RelyingParty, Session, SessionId, SessionToken, StaffId, StaffProfile, Subject,
    access::{self, Operation},
    ceremonies::Ceremonies,
    passkeys::Passkeys,
    sign_in::RegistrationState,
};
use dancu_core::{Clock, DatedTable, Entropy, PersonalNumber, StoreError};
use jiff::Timestamp;
use std::sync::Arc;
use webauthn_rs::prelude::DiscoverableAuthentication;

/// What the room is made of.
pub struct IdentityParts {
    /// Where accounts, codes, passkeys and sessions are kept.
    pub store: Arc<dyn IdentityStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness of codes, tokens and ids. (Challenges of passkeys are drawn by webauthn-rs itself.)
    pub entropy: Arc<dyn Entropy>,
    /// Key of the codes.
    pub code_key: CodeKey,
    /// How long codes and sessions last; [`crate::periods`] gives the table.
    pub periods: DatedTable<Periods>,
    /// Site of the passkeys.
    pub relying_party: RelyingParty,
    /// Limit of typed codes, [`AttemptLimits::CODES`] if nothing else is wanted.
    pub code_limits: AttemptLimits,
    /// Limit of passkey ceremonies, [`AttemptLimits::PASSKEYS`] if nothing else is wanted.
    pub passkey_limits: AttemptLimits,
}

/// Accounts, codes, passkeys and sessions. Cheap to share behind an `Arc`; every method takes `&self`.
pub struct Identity {
    pub(crate) store: Arc<dyn IdentityStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) code_key: CodeKey,
    pub(crate) code_attempts: Attempts,
    pub(crate) passkey_attempts: Attempts,
    pub(crate) passkeys: Passkeys,
    pub(crate) registrations: Ceremonies<RegistrationState>,
    pub(crate) sign_ins: Ceremonies<DiscoverableAuthentication>,
    periods: DatedTable<Periods>,
}

/// A code that was just issued: the only moment at which it can be read.
#[derive(Debug)]
pub struct IssuedCode {
    /// The code, for the paper.
    pub code: Code,
    /// First instant at which it opens nothing.
    pub expires: Timestamp,
}

/// A session as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionView {
    /// Id.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub is_this: bool,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen: Timestamp,
    /// When it ends at the latest.
    pub expires: Timestamp,
}

impl Identity {
    /// Joins the parts. Fails when the relying party's id is no domain of its origin.
    pub fn new(parts: IdentityParts) -> Result<Self, IdentityError> {
        let attempts = |limits| Attempts::new(limits, parts.clock.clone(), &*parts.entropy);
        Ok(Self {
            code_attempts: attempts(parts.code_limits),
            passkey_attempts: attempts(parts.passkey_limits),
            passkeys: Passkeys::new(&parts.relying_party)?,
            registrations: Ceremonies::new(),
            sign_ins: Ceremonies::new(),
            store: parts.store,
            clock: parts.clock,
            entropy: parts.entropy,
            code_key: parts.code_key,
            periods: parts.periods,
        })
    }

    /// The lengths that hold today.
    pub(crate) fn periods_today(&self) -> Result<&Periods, IdentityError> {
        let row = self.periods.on(self.clock.today()).ok_or_else(|| StoreError::Failed {
            file: "identity periods".into(),
            detail: "no row holds today; is the clock right?".to_owned(),
        })?;
        Ok(&row.value)
    }

    /// Opens or changes the account of a member of staff. For the operator's command line.
    pub async fn put_staff(&self, profile: StaffProfile) -> Result<StaffProfile, IdentityError> {
        let account = Account::open(Subject::Staff(profile.clone()), self.clock.now(), &*self.entropy)?;
        self.store.put_staff(account).await?;
        Ok(profile)
    }

    /// Closes the account of a member of staff, with its sessions and codes. For the operator's command line.
    pub async fn close_staff(&self, id: &StaffId) -> Result<(), IdentityError> {
        let closed = self.store.close_staff(id, self.clock.now()).await?;
        if closed { Ok(()) } else { Err(IdentityError::StaffUnknown) }
    }

    /// Up to `limit` members of staff after an id, in the order of their ids.
    pub async fn list_staff(
        &self,
        after: Option<&StaffId>,
        limit: u32,
    ) -> Result<Vec<StaffProfile>, IdentityError> {
        Ok(self.store.list_staff(after, limit).await?)
    }

    /// A member of staff whose account is open.
    pub async fn staff(&self, id: &StaffId) -> Result<Option<StaffProfile>, IdentityError> {
        let account = self.store.find_staff(id).await?;
        Ok(account.and_then(|account| match account.subject {
            Subject::Staff(profile) => Some(profile),
            Subject::Citizen(_) => None,
        }))
    }

    /// Issues a code to a member of staff; an older unused one is void. For the operator's command line.
    pub async fn issue_staff_code(&self, id: &StaffId) -> Result<IssuedCode, IdentityError> {
        let account = self.store.find_staff(id).await?.ok_or(IdentityError::StaffUnknown)?;
        let length = self.periods_today()?.staff_code;
        self.issue(account, length, None).await
    }

    /// Issues a code to a citizen for the officer's printer; an older unused one is void. Whether the number is a
    /// person's is for the caller to have asked the register.
    pub async fn issue_citizen_code(
        &self,
        officer: Option<&Principal>,
        number: PersonalNumber,
    ) -> Result<IssuedCode, IdentityError> {
        let officer = permitted(officer, Operation::PrintEnrolmentCode)?;
        let account = Account::open(Subject::Citizen(number), self.clock.now(), &*self.entropy)?;
        let length = self.periods_today()?.citizen_code;
        self.issue(account, length, Some(officer)).await
    }

    async fn issue(
        &self,
        account: Account,
        length: jiff::SignedDuration,
        issuer: Option<&Principal>,
    ) -> Result<IssuedCode, IdentityError> {
        let code = Code::draw(&*self.entropy);
        let now = self.clock.now();
        let expires = now.saturating_add(length).expect("a span of hours is no calendar span");
        let issue = Issue {
            account,
            hash: code.hash(&self.code_key),
            issued: now,
            expires,
            issued_by: issuer.map(Principal::account),
        };
        self.store.issue_code(issue).await?.ok_or(IdentityError::StaffUnknown)?;
        Ok(IssuedCode { code, expires })
    }

    /// Who a token belongs to; `None` for a token that is unknown or over. Being asked counts as being seen.
    pub async fn principal(&self, token: &SessionToken) -> Result<Option<Principal>, IdentityError> {
        let Some((session, account)) = self.store.find_session(token.hash()).await? else {
            return Ok(None);
        };
        let now = self.clock.now();
        if !session.stands(&account.subject, self.periods_today()?, now) {
            return Ok(None);
        }
        if session.wants_touch(now) {
            // A use that is not written ends a citizen's session earlier; nobody is shut out by a full disk.
            let _ = self.store.touch_session(session.id, now).await;
        }
        Ok(Some(Principal::of(&account, &session)))
    }

    /// Which session a token names and whose it is, also when it is over by its clock; `None` once it was ended.
    pub async fn session_of(
        &self,
        token: &SessionToken,
    ) -> Result<Option<(SessionId, crate::AccountId)>, IdentityError> {
        let found = self.store.find_session(token.hash()).await?;
        Ok(found.map(|(session, _)| (session.id, session.account)))
    }

    /// Ends the session of a token. A token that is unknown or over is signed out already.
    pub async fn sign_out(&self, token: &SessionToken) -> Result<(), IdentityError> {
        self.store.end_session(token.hash()).await?;
        Ok(())
    }

    /// The standing sessions of the one who asks, the last seen first.
    pub async fn sessions(&self, principal: &Principal) -> Result<Vec<SessionView>, IdentityError> {
        permitted(Some(principal), Operation::ManageOwnSessions)?;
        let now = self.clock.now();
        let idle_max = match principal {
            Principal::Staff { .. } => None,
            Principal::Enrolling { .. } | Principal::Citizen { .. } => {
                Some(self.periods_today()?.citizen_idle)
            }
        };
        let stands =
            |session: &Session| idle_max.is_none_or(|max| now.duration_since(session.last_seen) < max);
        let sessions = self.store.list_sessions(principal.account(), now).await?;
        let views = sessions.into_iter().filter(stands).map(|session| SessionView {
            id: session.id,
            is_this: session.id == principal.session(),
            created: session.created,
            last_seen: session.last_seen,
            expires: session.expires,
        });
        Ok(views.collect())
    }

    /// Deletes what is long over, a bounded number at a time; says how many. To be called now and then.
    pub async fn sweep(&self) -> Result<u64, IdentityError> {
        Ok(self.store.sweep(self.clock.now(), 1000).await?)
    }
}

/// The principal, if there is one and it may do this.
pub(crate) fn permitted(
    principal: Option<&Principal>,
    operation: Operation,
) -> Result<&Principal, IdentityError> {
    principal.filter(|_| access::allows(principal, operation)).ok_or(IdentityError::NotAllowed)
}
