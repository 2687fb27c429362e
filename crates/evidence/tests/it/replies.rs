//! Which answers are believed.

use crate::authority::Authority;
use dancu_evidence::{Query, TimestampError};
use jiff::Timestamp;

fn query(text: &str) -> Query {
    Query::new(text.as_bytes(), [7; 16]).unwrap()
}

#[test]
fn the_answer_of_an_authority_is_believed_whatever_its_key() {
    for key in [
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    ] {
        let authority = Authority::new(key);
        let asked = query("dancu.example/log\n7\n");
        let time = asked.check(&authority.reply(asked.der()), &authority.trusted()).unwrap();
        let made = std::fs::metadata(authority.file("reply")).unwrap().modified().unwrap();
        let made = Timestamp::try_from(made).unwrap();
        assert!(made.duration_since(time).as_secs().abs() <= 2, "the time of the answer: {time}");
    }
}

#[test]
fn an_answer_to_another_question_is_refused() {
    let authority = Authority::elliptic();
    let asked = query("one");
    let other_text = authority.reply(query("two").der());
    assert_eq!(asked.check(&other_text, &authority.trusted()), Err(TimestampError::OtherQuestion));
    let other_turn = authority.reply(Query::new(b"one", [8; 16]).unwrap().der());
    assert_eq!(
        asked.check(&other_turn, &authority.trusted()),
        Err(TimestampError::OtherQuestion),
        "an old answer"
    );
}

#[test]
fn an_answer_of_somebody_else_is_refused() {
    let (authority, stranger) = (Authority::elliptic(), Authority::elliptic());
    let asked = query("one");
    let reply = stranger.reply(asked.der());
    assert_eq!(asked.check(&reply, &authority.trusted()), Err(TimestampError::Untrusted));
}

#[test]
fn a_certificate_for_other_purposes_puts_no_time_on_anything() {
    let authority = Authority::elliptic();
    let asked = query("one");
    let reply = authority.reply(asked.der());
    // The same root vouches for a server; a token that names its certificate is not one of an authority's. openssl refuses
    // to make one, so the certificate is trusted as a root instead: it vouches for nobody else.
    let server = std::fs::read_to_string(authority.file("server.pem")).unwrap();
    let trusted = dancu_evidence::TrustedAuthorities::from_pem(&server).unwrap();
    assert_eq!(asked.check(&reply, &trusted), Err(TimestampError::Untrusted));
}

#[test]
fn a_refusal_or_a_damaged_answer_is_never_believed() {
    let authority = Authority::elliptic();
    let asked = query("one");
    let reply = authority.reply(asked.der());
    let trusted = authority.trusted();
    assert!(asked.check(&reply, &trusted).is_ok());
    // PKIStatus 2, rejection, in DER.
    assert_eq!(
        asked.check(&[0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02], &trusted),
        Err(TimestampError::Refused)
    );
    let mut believed = 0;
    for place in 0..reply.len() {
        let mut flipped = reply.clone();
        flipped[place] ^= 1;
        believed += usize::from(asked.check(&flipped, &trusted).is_ok());
        assert!(asked.check(&reply[..place], &trusted).is_err());
    }
    // What is not signed and not read (the status' text, the order of unused certificates) may be changed; nothing else.
    assert!(believed < reply.len() / 3, "{believed} of {} bytes", reply.len());
}

#[test]
fn certificates_that_cannot_be_read_are_none() {
    for text in ["", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(dancu_evidence::TrustedAuthorities::from_pem(text).is_none(), "{text}");
    }
}
