//! The ways in: a code, a new passkey, a known passkey.

use crate::{
    AccountId, AddPasskey, CeremonyId, Code, Identity, IdentityError, PasskeyUse, Principal, Purpose, Redeem,
    Session, SessionId, SessionToken, StoredPasskey, Subject, access::Operation, identity::permitted,
    passkeys::write_key, store::PasskeyAdded,
};
use jiff::Timestamp;
use serde::Serialize;
use std::net::IpAddr;
use webauthn_rs::prelude::{
    CreationChallengeResponse, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential,
    RequestChallengeResponse,
};

/// How many passkeys one account may have.
const PASSKEYS_MAX: u32 = 10;
/// How many digits of a personal number a device shows, so that a family on one device can tell its passkeys apart.
const DIGITS_SHOWN: usize = 4;

/// Someone has just signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// For the cookie.
    pub token: SessionToken,
    /// Who it is.
    pub principal: Principal,
    /// First instant at which the session is over, used or not.
    pub expires: Timestamp,
}

/// A challenge to register a passkey. `options` goes to the browser as JSON (`{"publicKey": …}`), `ceremony` into a
/// cookie.
#[derive(Debug)]
pub struct StartedRegistration {
    /// Names the ceremony when its answer comes.
    pub ceremony: CeremonyId,
    options: CreationChallengeResponse,
}

impl StartedRegistration {
    /// What the browser's `navigator.credentials.create` takes.
    pub fn options(&self) -> &(impl Serialize + use<>) {
        &self.options
    }
}

/// A challenge to sign in. `options` goes to the browser as JSON (`{"publicKey": …}`), `ceremony` into a cookie.
#[derive(Debug)]
pub struct StartedSignIn {
    /// Names the ceremony when its answer comes.
    pub ceremony: CeremonyId,
    options: RequestChallengeResponse,
}

impl StartedSignIn {
    /// What the browser's `navigator.credentials.get` takes.
    pub fn options(&self) -> &(impl Serialize + use<>) {
        &self.options
    }
}

/// A registration that waits for its answer, bound to the session that began it.
pub(crate) struct RegistrationState {
    account: AccountId,
    session: SessionId,
    state: PasskeyRegistration,
}

impl Identity {
    /// Redeems a typed code. Staff are signed in by it; a citizen may then register a passkey and nothing else.
    pub async fn redeem_code(&self, typed: &str, source: IpAddr) -> Result<SignedIn, IdentityError> {
        self.code_attempts.count(source)?;
        let hash = typed.parse::<Code>()?.hash(&self.code_key);
        let (code, account) = self.store.find_code(hash).await?.ok_or(IdentityError::CodeRefused)?;
        let now = self.clock.now();
        if now >= code.expires {
            return Err(IdentityError::CodeRefused);
        }
        let purpose = match account.subject {
            Subject::Citizen(_) => Purpose::Enrolment,
            Subject::Staff(_) => Purpose::Full,
        };
        let (token, session) = self.begin_session(account.id, &account.subject, purpose)?;
        let (principal, expires) = (Principal::of(&account, &session), session.expires);
        if self.store.redeem_code(Redeem { hash, at: now, session }).await? {
            Ok(SignedIn { token, principal, expires })
        } else {
            Err(IdentityError::CodeRefused)
        }
    }

    /// Gives a signed-in or enrolling person a challenge to register a passkey.
    pub async fn start_registration(
        &self,
        principal: Option<&Principal>,
        source: IpAddr,
    ) -> Result<StartedRegistration, IdentityError> {
        let principal = permitted(principal, Operation::RegisterPasskey)?;
        self.passkey_attempts.count(source)?;
        // An enrolment ends the passkeys before it, so none of them stands in its way.
        let known = match principal {
            Principal::Enrolling { .. } => Vec::new(),
            _ => self.store.list_passkeys(principal.account()).await?,
        };
        if known.len() >= PASSKEYS_MAX as usize {
            return Err(IdentityError::PasskeysFull { max: PASSKEYS_MAX });
        }
        let known = known.into_iter().map(|passkey| passkey.credential).collect();
        let (options, state) =
            self.passkeys.start_registration(principal.account(), &shown_name(principal), known)?;
        let state = RegistrationState { account: principal.account(), session: principal.session(), state };
        let ceremony = self.registrations.begin(state, self.clock.now(), &*self.entropy)?;
        Ok(StartedRegistration { ceremony, options })
    }

    /// Registers the passkey that a device made. An enrolling citizen is signed in by it (under a new token); for
    /// everyone else nothing changes and the answer is `None`.
    pub async fn finish_registration(
        &self,
        principal: Option<&Principal>,
        ceremony: &CeremonyId,
        answer: &RegisterPublicKeyCredential,
    ) -> Result<Option<SignedIn>, IdentityError> {
        let principal = permitted(principal, Operation::RegisterPasskey)?;
        let now = self.clock.now();
        let begun = self.registrations.take(ceremony, now)?;
        if (begun.account, begun.session) != (principal.account(), principal.session()) {
            return Err(IdentityError::CeremonyOver);
        }
        let key = self.passkeys.finish_registration(answer, &begun.state)?;
        let passkey = StoredPasskey {
            credential: key.cred_id().clone(),
            account: begun.account,
            key: write_key(&key)?,
            registered: now,
            last_used: None,
        };
        let promoted = self.promote(principal)?;
        let add = AddPasskey {
            passkey,
            passkeys_max: PASSKEYS_MAX,
            session: begun.session,
            replaced_by: promoted.as_ref().map(|(_, session)| session.clone()),
        };
        match self.store.add_passkey(add).await? {
            PasskeyAdded::Added => Ok(promoted.map(|(signed_in, _)| signed_in)),
            PasskeyAdded::Known => Err(IdentityError::PasskeyKnown),
            PasskeyAdded::Full => Err(IdentityError::PasskeysFull { max: PASSKEYS_MAX }),
            PasskeyAdded::SessionGone => Err(IdentityError::NotAllowed),
        }
    }

    /// The full session that takes the place of an enrolment.
    fn promote(&self, principal: &Principal) -> Result<Option<(SignedIn, Session)>, IdentityError> {
        let &Principal::Enrolling { number, account, .. } = principal else {
            return Ok(None);
        };
        let (token, session) = self.begin_session(account, &Subject::Citizen(number), Purpose::Full)?;
        let principal = Principal::Citizen { number, account, session: session.id };
        Ok(Some((SignedIn { token, principal, expires: session.expires }, session)))
    }

    /// Gives anyone a challenge to sign in with whichever passkey they have.
    pub fn start_sign_in(&self, source: IpAddr) -> Result<StartedSignIn, IdentityError> {
        self.passkey_attempts.count(source)?;
        let (options, state) = self.passkeys.start_sign_in()?;
        let ceremony = self.sign_ins.begin(state, self.clock.now(), &*self.entropy)?;
        Ok(StartedSignIn { ceremony, options })
    }

    /// Signs in whoever the passkey belongs to. An unknown passkey and a wrong signature look the same.
    pub async fn finish_sign_in(
        &self,
        ceremony: &CeremonyId,
        answer: &PublicKeyCredential,
    ) -> Result<SignedIn, IdentityError> {
        let now = self.clock.now();
        let state = self.sign_ins.take(ceremony, now)?;
        let found = self.store.find_passkey(answer.get_credential_id()).await?;
        let (passkey, account) = found.ok_or(IdentityError::PasskeyRefused)?;
        let checked = self.passkeys.finish_sign_in(answer, state, &passkey)?;
        let (token, session) = self.begin_session(account.id, &account.subject, Purpose::Full)?;
        let (principal, expires) = (Principal::of(&account, &session), session.expires);
        let passkey_use = PasskeyUse {
            credential: passkey.credential,
            key_seen: checked.seen,
            key: checked.now,
            at: now,
            session,
        };
        if self.store.use_passkey(passkey_use).await? {
            Ok(SignedIn { token, principal, expires })
        } else {
            Err(IdentityError::PasskeyRefused)
        }
    }

    fn begin_session(
        &self,
        account: AccountId,
        subject: &Subject,
        purpose: Purpose,
    ) -> Result<(SessionToken, Session), IdentityError> {
        let periods = self.periods_today()?;
        Ok(Session::begin(account, subject, purpose, periods, self.clock.now(), &*self.entropy))
    }
}

/// What a device shows for the passkey: no name and no whole number of a citizen, for devices are shared and lost.
fn shown_name(principal: &Principal) -> String {
    match principal {
        Principal::Enrolling { number, .. } | Principal::Citizen { number, .. } => {
            let digits = number.to_string();
            format!("Công dân …{}", &digits[digits.len() - DIGITS_SHOWN..])
        }
        Principal::Staff { id, .. } => id.to_string(),
    }
}
