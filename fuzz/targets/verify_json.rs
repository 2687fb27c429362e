//! Bodies of `POST /v1/verify`: whatever is sent, it is read or refused, and in the same way however the JSON is
//! written.
#![no_main]

use dancu_exchange::{VerifyError, VerifyRequest};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// Names that a refusal may use.
const FIELDS: [&str; 12] = [
    "number", "name", "birth_date", "sex", "residence", "old_number", "card_issued", "card_expires", "birth_place",
    "nationality", "phone", "reference",
];

/// What a caller is told of a request: the field and the code of a refusal, or nothing.
fn told(request: &VerifyRequest) -> Option<(&'static str, &'static str)> {
    match request.check() {
        Ok(()) => None,
        Err(VerifyError::Value { field, reason }) => Some((field, reason.code)),
        Err(_) => panic!("reading a value asks neither the contract nor a store"),
    }
}

fuzz_target!(|body: &[u8]| {
    let Ok(request) = serde_json::from_slice::<VerifyRequest>(body) else { return };
    let first = told(&request);
    if let Some((field, code)) = first {
        assert!(FIELDS.contains(&field), "no field is called {field}");
        assert!(code.starts_with("DANCU-"), "{code} is no code");
    }
    // Written again by other software: other blanks, other escapes, another order.
    let value: Value = serde_json::from_slice(body).expect("a request is JSON");
    let rewritten = serde_json::to_vec_pretty(&value).expect("JSON can be written");
    let again: VerifyRequest = serde_json::from_slice(&rewritten).expect("the same JSON is the same request");
    assert_eq!(told(&again), first, "the same values were told something else");
});
