//! Whether new terms stay within those that were reviewed. What widens them is a new contract (ADR 14).

use crate::{Contract, FeedPersons, Persons, SearchTerms};

/// Whether `new` gives no right that `old` does not give. What this function does not know must be equal, so that a right
/// which is invented later is held back until somebody has thought of it here.
// tidy: allow long function: one list of all rights, read from top to bottom
pub fn is_within(new: &Contract, old: &Contract) -> bool {
    let mut widened = new.clone();
    // Each of these may become less; whatever became less is set back, and then nothing else may differ.
    if new.fields.without(old.fields).is_empty() {
        widened.fields = old.fields;
    }
    // Read as products, so that a list that is written out is equal to one that is implied.
    if new.products().is_subset(&old.products()) {
        widened.products.clone_from(&old.products);
    }
    if new.price_exemption.is_none() {
        widened.price_exemption = old.price_exemption;
    }
    if new.fetch.without(old.fetch).is_empty() {
        widened.fetch = old.fetch;
    }
    if new.attest.is_within(&old.attest) {
        widened.attest.clone_from(&old.attest);
    }
    let persons_max = |contract: &Contract| contract.household.map_or(0, |terms| terms.persons_max);
    if persons_max(new) <= persons_max(old) {
        widened.household = old.household;
    }
    let is_less_listed = match (&new.cohort, &old.cohort) {
        (None, _) => true,
        (Some(new), Some(old)) => new.are_within(old),
        (Some(_), None) => false,
    };
    if is_less_listed {
        widened.cohort.clone_from(&old.cohort);
    }
    if !new.access_history {
        widened.access_history = old.access_history;
    }
    let is_less_told_at_sign_in = match (&new.sign_in, &old.sign_in) {
        (None, _) => true,
        (Some(new), Some(old)) => new.are_within(*old),
        (Some(_), None) => false,
    };
    if is_less_told_at_sign_in {
        widened.sign_in = old.sign_in;
    }
    let is_less_matched = match (&new.file_match, &old.file_match) {
        (None, _) => true,
        (Some(new), Some(old)) => new.are_within(*old),
        (Some(_), None) => false,
    };
    if is_less_matched {
        widened.file_match = old.file_match;
    }
    let area = |contract: &Contract| contract.statistics.map(|terms| terms.area);
    if area(new) <= area(old) {
        widened.statistics = old.statistics;
    }
    if new.sealed.is_subset(&old.sealed) {
        widened.sealed.clone_from(&old.sealed);
    }
    if !new.may_tell_unknown {
        widened.may_tell_unknown = old.may_tell_unknown;
    }
    if new.commands_for_commune.is_none() {
        widened.commands_for_commune = old.commands_for_commune;
    }
    if is_less_search(new.search, old.search) {
        widened.search = old.search;
    }
    if new.xroad_client.is_none() {
        widened.xroad_client.clone_from(&old.xroad_client);
    }
    if new.persons == Persons::WithConsent {
        widened.persons = old.persons;
    }
    if new.visibility.days() <= old.visibility.days() {
        widened.visibility = old.visibility;
    }
    // How an answer is packed gives away nothing more.
    widened.signed_answers = old.signed_answers;
    let (daily_limit, per_second_max) = limits_reviewed(old);
    if new.daily_limit <= daily_limit {
        widened.daily_limit = old.daily_limit;
    }
    if new.per_second_max <= per_second_max {
        widened.per_second_max = old.per_second_max;
    }
    widened.limit_reason.clone_from(&old.limit_reason);
    if new.valid_from >= old.valid_from {
        widened.valid_from = old.valid_from;
    }
    if new.valid_to.is_some_and(|end| old.valid_to.is_none_or(|old_end| end <= old_end)) {
        widened.valid_to = old.valid_to;
    }
    match (&new.feed, &old.feed) {
        (None, _) => widened.feed.clone_from(&old.feed),
        // To which address of its own a delivery goes is the agency's affair, like its keys; about whom it tells is not, nor
        // that it goes through a server of others.
        (Some(new), Some(old_feed))
            if is_less_told(new.persons, old_feed.persons) && (!new.jetstream || old_feed.jetstream) =>
        {
            widened.feed.clone_from(&old.feed);
        }
        _ => {}
    }
    widened == *old
}

/// The limits that the review covers: those that stood, and up to those that the declared work explains.
fn limits_reviewed(old: &Contract) -> (u32, u32) {
    let computed = old.caseload.and_then(|caseload| caseload.limit(old.valid_to).ok());
    computed.map_or((old.daily_limit, old.per_second_max), |computed| {
        (old.daily_limit.max(computed.daily_limit), old.per_second_max.max(computed.per_second_max))
    })
}

const fn is_less_search(new: Option<SearchTerms>, old: Option<SearchTerms>) -> bool {
    match (new, old) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(new), Some(old)) => {
            new.per_officer_minute_max <= old.per_officer_minute_max
                && new.per_officer_day_max <= old.per_officer_day_max
        }
    }
}

const fn is_less_told(new: FeedPersons, old: FeedPersons) -> bool {
    matches!((new, old), (FeedPersons::Disclosed, _) | (FeedPersons::All, FeedPersons::All))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn contract(changes: &[(&str, Value)]) -> Contract {
        let mut whole = json!({
            "id": "c-1", "client": "core", "legal_basis": "a", "purpose_vi": "a", "purpose_en": "a",
            "price_exemption": "state_body", "fields": ["name", "sex"], "fetch": ["sex"], "sealed": ["portrait"], "may_tell_unknown": true,
            "attest": {"ages": [18, 60], "places": ["01"]}, "household": {"persons_max": 4},
            "statistics": {"area": "province"}, "commands_for_commune": "00004", "xroad_client": "VN/COM/1/a",
            "search": {"per_officer_minute_max": 5, "per_officer_day_max": 50},
            "daily_limit": 100, "per_second_max": 10, "valid_from": "2026-01-01", "valid_to": "2027-01-01",
            "feed": {"persons": "disclosed", "webhook": "https://a.example/"},
        });
        for (key, value) in changes {
            whole[*key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    // tidy: allow long function: two lists, one line a right
    fn less_is_within_and_more_is_not() {
        let old = contract(&[]);
        assert!(is_within(&old, &old));
        for (key, value) in [
            ("fields", json!(["name"])),
            ("fetch", json!([])),
            ("products", json!(["verify"])),
            (
                "products",
                json!([
                    "verify",
                    "fetch",
                    "age_attestation",
                    "household_check",
                    "change_subscription",
                    "statistics"
                ]),
            ),
            ("price_exemption", Value::Null),
            ("attest", json!({"ages": [60]})),
            ("household", json!({"persons_max": 3})),
            ("household", Value::Null),
            ("sealed", json!([])),
            ("may_tell_unknown", json!(false)),
            ("access_history", json!(false)),
            ("statistics", json!({"area": "country"})),
            ("statistics", Value::Null),
            ("commands_for_commune", Value::Null),
            ("xroad_client", Value::Null),
            ("search", Value::Null),
            ("search", json!({"per_officer_minute_max": 4, "per_officer_day_max": 50})),
            ("signed_answers", json!(true)),
            ("daily_limit", json!(99)),
            ("per_second_max", json!(1)),
            ("valid_from", json!("2026-02-01")),
            ("valid_to", json!("2026-12-01")),
            ("feed", Value::Null),
            ("feed", json!({"persons": "disclosed", "webhook": "https://b.example/"})),
        ] {
            assert!(is_within(&contract(&[(key, value)]), &old), "{key}");
        }
        for (key, value) in [
            ("client", json!("other")),
            ("legal_basis", json!("b")),
            ("purpose_vi", json!("b")),
            ("purpose_en", json!("b")),
            ("fields", json!(["name", "phone"])),
            ("attest", json!({"ages": [16]})),
            ("attest", json!({"ages": [18], "places": ["79"]})),
            ("household", json!({"persons_max": 5})),
            ("cohort", cohort(9)),
            ("sealed", json!(["portrait", "religion"])),
            ("access_history", json!(true)),
            ("statistics", json!({"area": "commune"})),
            ("commands_for_commune", json!("00008")),
            ("xroad_client", json!("VN/COM/1/b")),
            ("search", json!({"per_officer_minute_max": 4, "per_officer_day_max": 51})),
            ("daily_limit", json!(101)),
            ("per_second_max", json!(11)),
            ("valid_from", json!("2025-12-31")),
            ("valid_to", json!("2027-01-02")),
            ("valid_to", Value::Null),
            ("feed", json!({"persons": "all"})),
            ("feed", json!({"persons": "disclosed", "jetstream": true})),
            ("caseload", caseload()),
        ] {
            assert!(!is_within(&contract(&[(key, value)]), &old), "{key}");
        }
        let named = contract(&[("products", json!(["verify", "change_subscription"]))]);
        assert!(!is_within(&contract(&[]), &named), "a list that is left out holds everything with terms");
        assert!(!is_within(&contract(&[]), &contract(&[("price_exemption", Value::Null)])));
        let without = contract(&[("feed", Value::Null), ("may_tell_unknown", json!(false))]);
        assert!(!is_within(&contract(&[("may_tell_unknown", json!(false))]), &without));
        assert!(!is_within(&contract(&[("feed", Value::Null)]), &without));
    }

    fn caseload() -> Value {
        json!({
            "stated_on": "2026-11-22", "visits_per_day": 5500, "queries_per_100_visits": 110, "branches": 2,
            "opening_hours": 9, "peak_hour_percent": 25, "busiest_day_percent": 160, "growth_percent_per_year": 12
        })
    }

    fn cohort(rows_max: u32) -> Value {
        json!({"fields": ["name"], "born": {"ages": {"from": 17, "to": 27}}, "places": ["01"], "rows_max": rows_max})
    }

    #[test]
    fn a_right_to_lists_becomes_less_and_not_more() {
        let old = contract(&[("cohort", cohort(9))]);
        for within in [cohort(8), Value::Null] {
            assert!(is_within(&contract(&[("cohort", within.clone())]), &old), "{within}");
        }
        assert!(!is_within(&contract(&[("cohort", cohort(10))]), &old));
    }

    #[test]
    fn a_right_to_have_files_matched_becomes_less_and_not_more() {
        let terms = |fields: &[&str], rows_max: u32| json!({ "fields": fields, "rows_max": rows_max });
        let with = |terms: Value| contract(&[("file_match", terms)]);
        let old = with(terms(&["name", "sex"], 9));
        for within in [terms(&["name"], 9), terms(&["name", "sex"], 8), Value::Null] {
            assert!(is_within(&with(within.clone()), &old), "{within}");
        }
        for more in [terms(&["name", "sex", "phone"], 9), terms(&["name"], 10)] {
            assert!(!is_within(&with(more.clone()), &old), "{more}");
        }
        assert!(!is_within(&old, &contract(&[])));
        let blind = json!({ "fields": ["name", "sex"], "rows_max": 9, "second_review": true });
        assert!(
            is_within(&with(blind.clone()), &old) && !is_within(&old, &with(blind)),
            "one officer is less than two"
        );
    }

    #[test]
    fn a_limit_may_rise_as_far_as_the_reviewed_work_explains_it() {
        let open = ("valid_to", Value::Null);
        let old = contract(&[("caseload", caseload()), open.clone()]);
        let with =
            |limit: u32| contract(&[("caseload", caseload()), open.clone(), ("daily_limit", json!(limit))]);
        assert!(is_within(&with(14_000), &old));
        assert!(!is_within(&with(14_001), &old));
    }
}
