//! The person at the door: sign in, read what the portal will learn, agree, and go back.

use crate::{FamilyId, Grant, Level, OpenId, OpenIdError, PushedRequest, Secret, Settled, StoredCode};
use dancu_core::Explain;
use dancu_exchange::{Caller, RedirectAddress, SignInWish};
use dancu_identity::Principal;
use jiff::{SignedDuration, Timestamp};
use std::{fmt, sync::Arc};
use url::Url;

/// Whoever is signed in, and since when.
#[derive(Debug, Clone, Copy)]
pub struct WhoSignsIn<'a> {
    /// Who.
    pub principal: &'a Principal,
    /// When they proved who they are.
    pub signed_in: Timestamp,
}

/// What the person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The portal may learn it.
    Agree,
    /// It may not, and nobody signs in there.
    Refuse,
}

/// What comes next.
pub enum Step {
    /// Signing in, for this portal.
    SignIn(Arc<Caller>),
    /// Reading what this portal will learn, and answering.
    Consent(Arc<Caller>, SignInWish, RedirectAddress),
    /// Back to the portal, at this address.
    Back(String),
}

// The address holds a code.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignIn(_) => "SignIn",
            Self::Consent(..) => "Consent",
            Self::Back(_) => "Back",
        })
    }
}

/// A request with everything that was found about it, and whoever is at the door.
struct Visit<'a> {
    name: &'a Secret,
    request: PushedRequest,
    caller: Arc<Caller>,
    wish: SignInWish,
    who: WhoSignsIn<'a>,
    level: Level,
}

impl OpenId {
    /// What comes next for whoever is at the door with a request.
    pub async fn step(&self, name: &Secret, who: Option<WhoSignsIn<'_>>) -> Result<Step, OpenIdError> {
        let request = self.standing(name).await?;
        let caller = self.caller_of(&request)?;
        let next = self.next(name, &request, &caller, who).await;
        self.or_back(name, &request, next).await
    }

    async fn next(
        &self,
        name: &Secret,
        request: &PushedRequest,
        caller: &Arc<Caller>,
        who: Option<WhoSignsIn<'_>>,
    ) -> Result<Step, OpenIdError> {
        let visit = match self.visit(name, request, caller, who) {
            Ok(visit) => visit,
            Err(OpenIdError::LoginRequired)
                if request.asked.prompt != crate::Prompt::None
                    && !self.came_as_another(request, caller, who) =>
            {
                return Ok(Step::SignIn(Arc::clone(caller)));
            }
            Err(error) => return Err(error),
        };
        if !self.is_agreed(&visit).await? {
            if request.asked.prompt == crate::Prompt::None {
                return Err(OpenIdError::ConsentRequired);
            }
            return Ok(Step::Consent(visit.caller, visit.wish, visit.request.asked.redirect));
        }
        self.finish(visit, None).await
    }

    /// Takes the person's answer.
    pub async fn answer(
        &self,
        name: &Secret,
        who: Option<WhoSignsIn<'_>>,
        decision: Decision,
    ) -> Result<Step, OpenIdError> {
        let request = self.standing(name).await?;
        let caller = self.caller_of(&request)?;
        let next = match (decision, self.visit(name, &request, &caller, who)) {
            (Decision::Refuse, _) => Err(OpenIdError::Denied),
            (Decision::Agree, Ok(visit)) => {
                let agreed = visit.wish;
                self.finish(visit, Some(agreed)).await
            }
            // Whoever was signed out meanwhile signs in again, and is asked again.
            (Decision::Agree, Err(OpenIdError::LoginRequired)) => Ok(Step::SignIn(Arc::clone(&caller))),
            (Decision::Agree, Err(error)) => Err(error),
        };
        self.or_back(name, &request, next).await
    }

    /// The portal of a request: it is still one, and the address still is registered.
    fn caller_of(&self, request: &PushedRequest) -> Result<Arc<Caller>, OpenIdError> {
        let caller = self.portal_of(&request.client)?;
        if caller.client.redirect_uris.contains(&request.asked.redirect) {
            Ok(caller)
        } else {
            Err(OpenIdError::Redirect)
        }
    }

    /// What the portal may be told goes back to it, and the request is over; everything else is shown here.
    async fn or_back(
        &self,
        name: &Secret,
        request: &PushedRequest,
        next: Result<Step, OpenIdError>,
    ) -> Result<Step, OpenIdError> {
        match next {
            Err(error) if error.goes_back() => {
                if !self.store.drop_request(name.hash()).await? {
                    return Err(OpenIdError::RequestOver);
                }
                let said = error.explain().en;
                let told = [("error", error.word()), ("error_description", said.as_str())];
                Ok(Step::Back(self.address(request, &told)))
            }
            next => next,
        }
    }

    /// Checks who is at the door against what the request asks for.
    fn visit<'a>(
        &self,
        name: &'a Secret,
        request: &PushedRequest,
        caller: &Arc<Caller>,
        who: Option<WhoSignsIn<'a>>,
    ) -> Result<Visit<'a>, OpenIdError> {
        let wish = self.wish_of(caller, &request.asked)?;
        let found = who.and_then(|who| Some((who, Level::of(who.principal)?)));
        let (who, level) = found.ok_or(OpenIdError::LoginRequired)?;
        let asked = &request.asked;
        // What was proven after the request was pushed is fresh, however short the age that is allowed.
        if who.signed_in <= request.pushed {
            let age = self.now().duration_since(who.signed_in);
            let is_old = asked.age_s_max.is_some_and(|most| age > SignedDuration::from_secs(most.into()));
            if is_old || asked.prompt.wants_login() {
                return Err(OpenIdError::LoginRequired);
            }
        }
        if !asked.levels.is_empty() && !asked.levels.iter().any(|wanted| level.meets(*wanted)) {
            return Err(OpenIdError::Level);
        }
        let subject = self.subject_of(caller, who.principal.account());
        if asked.subject.as_ref().is_some_and(|hinted| *hinted != subject) {
            return Err(OpenIdError::LoginRequired);
        }
        Ok(Visit { name, request: request.clone(), caller: Arc::clone(caller), wish, who, level })
    }

    /// Whether somebody signed in for this request who is not the one whom the portal named: asking them once more would
    /// never end.
    fn came_as_another(&self, request: &PushedRequest, caller: &Caller, who: Option<WhoSignsIn<'_>>) -> bool {
        let Some(who) = who.filter(|who| who.signed_in > request.pushed) else { return false };
        let subject = self.subject_of(caller, who.principal.account());
        request.asked.subject.as_ref().is_some_and(|hinted| *hinted != subject)
    }

    /// Whether the person agreed before to everything that is wanted, and need not be asked again.
    async fn is_agreed(&self, visit: &Visit<'_>) -> Result<bool, OpenIdError> {
        if visit.request.asked.prompt.wants_consent() {
            return Ok(false);
        }
        let known = self.store.portal(visit.who.principal.account(), &visit.caller.client.id).await?;
        Ok(known.is_some_and(|portal| visit.wish.is_within(portal.wish)))
    }

    /// Writes the sign-in and gives the address with its code.
    async fn finish(&self, visit: Visit<'_>, agreed: Option<SignInWish>) -> Result<Step, OpenIdError> {
        let (now, rules) = (self.now(), self.rules()?);
        let code = Secret::draw(&*self.entropy);
        let stored = StoredCode {
            hash: code.hash(),
            client: visit.caller.client.id.clone(),
            account: visit.who.principal.account(),
            session: visit.who.principal.session(),
            family: FamilyId::draw(&*self.entropy),
            grant: Grant {
                asked: visit.request.asked.for_code(),
                signed_in: visit.who.signed_in,
                level: visit.level,
            },
            expires: now + rules.code,
            used: None,
        };
        let settled = Settled { request: visit.name.hash(), code: stored, agreed, at: now };
        if !self.store.settle(settled).await? {
            return Err(OpenIdError::RequestOver);
        }
        Ok(Step::Back(self.address(&visit.request, &[("code", code.as_str())])))
    }

    /// Where the browser goes back to, with the portal's own state and our name (RFC 9207).
    fn address(&self, request: &PushedRequest, told: &[(&str, &str)]) -> String {
        let mut url = Url::parse(request.asked.redirect.as_str()).expect("it was read as one");
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(told);
            if let Some(state) = &request.asked.state {
                query.append_pair("state", state);
            }
            query.append_pair("iss", &self.issuer);
        }
        url.into()
    }
}
