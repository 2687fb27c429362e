use super::*;
use url::form_urlencoded::Serializer;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn client() -> Client {
    serde_json::from_value(serde_json::json!({
        "id": "portal", "organisation": "ministry",
        "redirect_uris": ["https://portal.example/back", "https://portal.example/other"],
    }))
    .unwrap()
}

/// A good request with some parameters replaced, or left out where the value is empty.
fn read(changes: &[(&str, &str)]) -> Result<Asked, OpenIdError> {
    let mut all = vec![
        ("client_id", "portal"),
        ("response_type", "code"),
        ("redirect_uri", "https://portal.example/back"),
        ("scope", "openid profile"),
        ("state", "s-1"),
        ("nonce", "n-1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for change in changes {
        all.retain(|(name, _)| *name != change.0);
        all.push(*change);
    }
    let text = Serializer::new(String::new()).extend_pairs(all).finish();
    let hinted = |hint: &str| (hint == "good").then(|| "subject".to_owned());
    Asked::read(&client(), &Parameters::read(text.as_bytes())?, None, hinted)
}

#[test]
fn a_good_request_is_read_whole() {
    let asked = read(&[
        ("prompt", "login consent"),
        ("max_age", "0"),
        ("acr_values", "urn:other urn:dancu:acr:identity-1:authentication-2"),
        ("dpop_jkt", CHALLENGE),
        ("id_token_hint", "good"),
    ])
    .unwrap();
    assert_eq!(asked.redirect.as_str(), "https://portal.example/back");
    assert!(asked.prompt.wants_login() && asked.prompt.wants_consent());
    assert_eq!((asked.age_s_max, asked.levels.len()), (Some(0), 1));
    assert_eq!((asked.state.as_deref(), asked.nonce.as_deref()), (Some("s-1"), Some("n-1")));
    assert_eq!((asked.subject.as_deref(), asked.key.is_some()), (Some("subject"), true));
    assert!(asked.is_verified_by(VERIFIER));
    let kept = serde_json::to_string(&asked).unwrap();
    assert_eq!(serde_json::from_str::<Asked>(&kept).unwrap(), asked);
}

#[test]
fn each_malformed_parameter_is_refused_by_the_word_of_the_standard() {
    let long = "x".repeat(1025);
    let many = ["urn:dancu:acr:identity-1:authentication-1"; 11].join(" ");
    for (name, value, word) in [
        ("client_id", "other", "invalid_request"),
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "form_post", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("redirect_uri", "https://evil.example/back", "invalid_request"),
        ("redirect_uri", "https://portal.example/back/", "invalid_request"),
        ("redirect_uri", "https://portal.example/back?a=1", "invalid_request"),
        ("redirect_uri", "HTTPS://portal.example/back", "invalid_request"),
        ("scope", "", "invalid_request"),
        ("scope", "profile", "invalid_scope"),
        ("state", "ê", "invalid_request"),
        ("state", &long, "invalid_request"),
        ("nonce", "a\nb", "invalid_request"),
        ("nonce", &long, "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge", VERIFIER_WITH_PADDING, "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "create", "invalid_request"),
        ("prompt", "login  consent", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "+1", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        ("max_age", "4294967296", "invalid_request"),
        ("acr_values", &many, "invalid_request"),
        ("acr_values", "urn:other", "unmet_authentication_requirements"),
        ("dpop_jkt", "short", "invalid_request"),
        ("id_token_hint", "bad", "invalid_request"),
        ("request", "e30.e30.", "request_not_supported"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:x", "invalid_request"),
    ] {
        let refused = read(&[(name, value)]).expect_err(name);
        assert_eq!(refused.word(), word, "{name}={value}");
    }
}

const VERIFIER_WITH_PADDING: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=";

#[test]
fn a_key_that_is_proven_must_be_the_one_that_is_named() {
    let text = format!(
        "response_type=code&redirect_uri=https://portal.example/back&scope=openid&code_challenge={CHALLENGE}&code_challenge_method=S256&dpop_jkt={CHALLENGE}"
    );
    let parameters = Parameters::read(text.as_bytes()).unwrap();
    let named = read_hash(CHALLENGE).unwrap();
    let read = |key| Asked::read(&client(), &parameters, Some(key), |_| None);
    assert_eq!(read(named).unwrap().key, Some(named));
    assert_eq!(read([1; 32]).unwrap_err().word(), "invalid_request");
}

#[test]
fn a_verifier_of_another_length_or_alphabet_is_none() {
    let challenge = read_hash(CHALLENGE).unwrap();
    assert!(is_verifier(&challenge, VERIFIER));
    for bad in ["", &VERIFIER[1..], &VERIFIER.replace('d', "e"), &format!("{VERIFIER} ")] {
        assert!(!is_verifier(&challenge, bad), "{bad}");
    }
    let short = "a".repeat(42);
    assert!(!is_verifier(&Sha256::digest(&short).into(), &short), "too short, though the digest agrees");
}
