//! How long what belongs to a sign-in lasts, from `data/sign_in_rules.csv`.

use dancu_core::DatedRules;
use jiff::{SignedDuration, civil::Date};
use std::sync::LazyLock;

static RULES: LazyLock<DatedRules> =
    LazyLock::new(|| DatedRules::read(include_str!("../../../data/sign_in_rules.csv")));

/// The rules that hold on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInRules {
    /// From the pushed request to the browser that brings it.
    pub request: SignedDuration,
    /// From there to the person's answer.
    pub sign_in: SignedDuration,
    /// From the answer to the exchange of the code.
    pub code: SignedDuration,
    /// An access token.
    pub access_token: SignedDuration,
    /// A statement about a sign-in.
    pub id_token: SignedDuration,
    /// How long a refresh token may be shown once more after it was exchanged, by a portal that did not get the answer.
    pub refresh_retry: SignedDuration,
    /// What was granted at one sign-in.
    pub family: SignedDuration,
    /// How long a person sees a sign-in.
    pub history: SignedDuration,
    /// Sign-ins of one person at one portal that go on at once.
    pub families_max: u32,
}

/// The rules that hold on a day; `None` before there were any.
pub fn sign_in_rules(day: Date) -> Option<SignInRules> {
    let seconds = |rule: &str| Some(SignedDuration::from_secs(RULES.on(rule, day)?.into()));
    let days = |rule: &str| Some(SignedDuration::from_hours(24 * i64::from(RULES.on(rule, day)?)));
    Some(SignInRules {
        request: seconds("request_s")?,
        sign_in: seconds("sign_in_s")?,
        code: seconds("code_s")?,
        access_token: seconds("access_token_s")?,
        id_token: seconds("id_token_s")?,
        refresh_retry: seconds("refresh_retry_s")?,
        family: days("family_days")?,
        history: days("history_days")?,
        families_max: RULES.on("families_max", day)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_table_reads_and_keeps_to_the_security_profile() {
        let rules = sign_in_rules(date(2026, 11, 22)).unwrap();
        // FAPI 2.0 Security Profile 5.3.2.1: codes at most 60 seconds; 5.3.2.2: requests below 600.
        assert!(rules.code <= SignedDuration::from_secs(60));
        assert!(rules.request < SignedDuration::from_secs(600));
        assert!(rules.refresh_retry < rules.access_token && rules.families_max >= 1);
        assert!(sign_in_rules(date(1700, 1, 1)).is_none());
    }
}
