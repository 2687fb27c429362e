//! Sessions: a random token in a cookie, its hash in the store, and two clocks that end it.

use crate::{AccountId, Periods, Subject};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_core::Entropy;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;

/// A session that was seen within this span is not written again: a busy page costs one write a minute.
const TOUCH_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// 256 random bits that a browser holds. Who holds it is signed in.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// Draws a new token.
    pub fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(bytes)
    }

    /// As text for a cookie: 43 characters of base64url.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Reads the text of a cookie; `None` for anything that [`to_text`](Self::to_text) does not write.
    pub fn from_text(text: &str) -> Option<Self> {
        if text.len() != 43 {
            return None;
        }
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The hash under which a store keeps the session. The token has 256 bits, so a plain hash cannot be searched.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// SHA-256 of a session token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The bytes, for a store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From the bytes of a store; `None` when there are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Sixteen random bytes that name a session in lists; they open nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId([u8; 16]);

impl SessionId {
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

    /// The bytes, for a store.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// What a session is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Everything that the account may do.
    Full,
    /// A citizen who has redeemed a code: registering a passkey and nothing else.
    Enrolment,
}

/// A session as a store holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Id, for lists.
    pub id: SessionId,
    /// Hash of the token.
    pub token: TokenHash,
    /// Account that is signed in.
    pub account: AccountId,
    /// What it is good for.
    pub purpose: Purpose,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen: Timestamp,
    /// First instant at which it is over, used or not.
    pub expires: Timestamp,
}

impl Session {
    /// Begins a session: its length follows from whose it is and what for.
    pub fn begin(
        account: AccountId,
        subject: &Subject,
        purpose: Purpose,
        periods: &Periods,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> (SessionToken, Self) {
        let length = match (purpose, subject) {
            (Purpose::Enrolment, _) => periods.enrolment,
            (Purpose::Full, Subject::Citizen(_)) => periods.citizen_session,
            (Purpose::Full, Subject::Staff(_)) => periods.staff_session,
        };
        let token = SessionToken::draw(entropy);
        let session = Self {
            id: SessionId::draw(entropy),
            token: token.hash(),
            account,
            purpose,
            created: now,
            last_seen: now,
            expires: now.saturating_add(length).expect("a span of hours is no calendar span"),
        };
        (token, session)
    }

    /// Whether the session still stands: before its end, and for a citizen not left alone too long.
    /// A clock that stepped back ends no session.
    pub fn stands(&self, subject: &Subject, periods: &Periods, now: Timestamp) -> bool {
        let idle = now.duration_since(self.last_seen);
        let left_alone = matches!(subject, Subject::Citizen(_)) && idle >= periods.citizen_idle;
        now < self.expires && !left_alone
    }

    /// Whether the last use is old enough to be written anew.
    pub fn wants_touch(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen) >= TOUCH_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Role, StaffProfile, periods};
    use jiff::civil::date;
    use proptest::prelude::*;

    /// Entropy for tests of rules that do not depend on it.
    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    fn citizen() -> Subject {
        Subject::Citizen("001099000017".parse().unwrap())
    }

    fn staff() -> Subject {
        Subject::Staff(StaffProfile {
            id: "a".parse().unwrap(),
            name: "An".parse().unwrap(),
            role: Role::Operator,
        })
    }

    fn begin(subject: &Subject, purpose: Purpose) -> (Session, Periods) {
        let periods = periods().on(date(2026, 11, 21)).unwrap().value.clone();
        let now = "2026-11-21T02:00:00Z".parse().unwrap();
        let (_, session) = Session::begin(AccountId::draw(&Sevens), subject, purpose, &periods, now, &Sevens);
        (session, periods)
    }

    fn stands_at(session: &Session, subject: &Subject, periods: &Periods, instant: &str) -> bool {
        session.stands(subject, periods, instant.parse().unwrap())
    }

    #[test]
    fn staff_are_signed_in_for_eight_hours_used_or_not() {
        let (session, periods) = begin(&staff(), Purpose::Full);
        assert!(stands_at(&session, &staff(), &periods, "2026-11-21T09:59:59Z"));
        assert!(!stands_at(&session, &staff(), &periods, "2026-11-21T10:00:00Z"));
    }

    #[test]
    fn a_citizen_is_signed_out_after_half_an_hour_alone_or_twelve_hours() {
        let (mut session, periods) = begin(&citizen(), Purpose::Full);
        assert!(stands_at(&session, &citizen(), &periods, "2026-11-21T02:29:59Z"));
        assert!(!stands_at(&session, &citizen(), &periods, "2026-11-21T02:30:00Z"));
        session.last_seen = "2026-11-21T13:59:00Z".parse().unwrap();
        assert!(stands_at(&session, &citizen(), &periods, "2026-11-21T13:59:59Z"));
        assert!(!stands_at(&session, &citizen(), &periods, "2026-11-21T14:00:00Z"));
    }

    #[test]
    fn an_enrolment_is_short_and_a_clock_that_steps_back_ends_nothing() {
        let (session, periods) = begin(&citizen(), Purpose::Enrolment);
        assert!(stands_at(&session, &citizen(), &periods, "2026-11-21T02:14:59Z"));
        assert!(!stands_at(&session, &citizen(), &periods, "2026-11-21T02:15:00Z"));
        assert!(stands_at(&session, &citizen(), &periods, "2026-11-20T02:00:00Z"));
        assert!(!session.wants_touch("2026-11-20T02:00:00Z".parse().unwrap()));
        assert!(session.wants_touch("2026-11-21T02:01:00Z".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn a_token_reads_back_and_other_texts_do_not(bytes: [u8; 32], text in "\\PC{0,60}") {
            let token = SessionToken(bytes);
            prop_assert_eq!(SessionToken::from_text(&token.to_text()), Some(token));
            if let Some(read) = SessionToken::from_text(&text) {
                prop_assert_eq!(read.to_text(), text);
            }
        }
    }
}
