//! `/openapi.json`: the machine's doors as OpenAPI 3.0. Written by hand, for its sentences; tests hold it against the doors.

use axum::{http::header, response::IntoResponse};

pub(super) const DOCUMENT: &str = include_str!("openapi.json");

/// The document.
pub(super) fn document() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, DOCUMENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dancu_exchange::{CohortCriteria, CohortRequest, VerifyRequest};
    use serde_json::{Map, Value, json};
    use std::collections::BTreeSet;

    fn read() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    #[test]
    fn a_verification_takes_the_fields_that_are_written_and_no_others() {
        let document = read();
        let schema = &document["components"]["schemas"]["VerifyRequest"];
        let written: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        for field in &written {
            let body: Map<String, Value> = [("number", json!("1")), (field.as_str(), json!("1"))]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            assert!(serde_json::from_value::<VerifyRequest>(body.into()).is_ok(), "{field}");
        }
        // A name that is not known is refused with the list of those that are.
        let refused =
            serde_json::from_value::<VerifyRequest>(json!({ "nobody": 1 })).err().unwrap().to_string();
        let known = refused.split('`').skip(3).step_by(2);
        // The two other spellings are for clients of another product; the document names one spelling each.
        let known = known.filter(|name| !matches!(*name, "card_issue_date" | "card_expiry_date"));
        assert_eq!(written.len(), known.count(), "{refused}");
    }

    #[test]
    fn the_criteria_of_an_extract_are_those_of_the_type_and_no_others() {
        let document = read();
        let names = |path: &str| {
            let schema = document.pointer(path).unwrap();
            assert_eq!(schema["additionalProperties"], false, "{path}");
            schema["properties"].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>()
        };
        // The type refuses what it does not know with the list of what it knows.
        let known = |refused: serde_json::Error| {
            let refused = refused.to_string();
            refused.split('`').skip(3).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>()
        };
        let refused = serde_json::from_value::<CohortCriteria>(json!({ "religion": 1 })).unwrap_err();
        assert_eq!(names("/components/schemas/CohortCriteria"), known(refused));
        let refused = serde_json::from_value::<CohortRequest>(json!({ "religion": 1 })).unwrap_err();
        assert_eq!(names("/components/schemas/CohortRequest"), known(refused));
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
        let document = read();
        let mut names = Vec::new();
        let mut stack = vec![&document];
        while let Some(value) = stack.pop() {
            if let Some(target) = value.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
            }
            names.extend(value.get("operationId").and_then(Value::as_str));
            match value {
                Value::Object(members) => stack.extend(members.values()),
                Value::Array(items) => stack.extend(items),
                _ => {}
            }
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(count, names.len());
    }
}
