//! The slip between scan and admission: what was found, sealed, so that the desk's page need not be trusted
//! and no scan is kept in memory.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use dancu_exchange::OrganisationId;
use hmac::{Hmac, Mac};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;

/// A scan that may be admitted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub organisation: OrganisationId,
    pub day: Date,
    pub leaf_index: u64,
    pub masked_name: String,
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("leaf_index", &self.leaf_index).finish_non_exhaustive()
    }
}

/// Seals and opens tickets with a key of the server.
pub struct Tickets {
    key: [u8; 32],
}

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets(…)")
    }
}

impl Tickets {
    /// With a secret key of 32 bytes.
    pub const fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    fn code(&self, body: &str) -> Hmac<Sha256> {
        let mut code = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        code.update(b"dancu/reception-ticket/v1\n");
        code.update(body.as_bytes());
        code
    }

    pub(crate) fn seal(&self, ticket: &Ticket) -> String {
        let json = serde_json::to_vec(ticket).expect("a ticket is plain JSON");
        let body = URL_SAFE_NO_PAD.encode(json);
        let code = URL_SAFE_NO_PAD.encode(self.code(&body).finalize().into_bytes());
        format!("{body}.{code}")
    }

    pub(crate) fn open(&self, text: &str) -> Option<Ticket> {
        let (body, code) = text.split_once('.')?;
        let code = URL_SAFE_NO_PAD.decode(code).ok()?;
        self.code(body).verify_slice(&code).ok()?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_printed() {
        let (masked_name, staff, day) =
            ("Nguyễn V. A.".to_owned(), "an.nguyen".to_owned(), jiff::civil::date(2026, 11, 21));
        let (organisation, at): (OrganisationId, _) = ("a1".parse().unwrap(), jiff::Timestamp::UNIX_EPOCH);
        let visit = crate::Visit { sequence: 1, at, leaf_index: 7, masked_name: masked_name.clone() };
        let ticket = Ticket {
            organisation: organisation.clone(),
            day,
            leaf_index: 7,
            masked_name: masked_name.clone(),
        };
        let new = crate::NewVisit { organisation, day, at, leaf_index: 7, masked_name, staff };
        let printed = format!("{visit:?} {ticket:?} {new:?}");
        assert!(!printed.contains("Nguyễn") && !printed.contains("nguyen"), "{printed}");
    }

    #[test]
    fn only_an_untouched_ticket_opens() {
        let ticket = Ticket {
            organisation: "benh-vien-175".parse().unwrap(),
            day: jiff::civil::date(2026, 11, 21),
            leaf_index: 7,
            masked_name: "Nguyễn V. A.".to_owned(),
        };
        let sealed = Tickets::new([1; 32]).seal(&ticket);
        assert_eq!(Tickets::new([1; 32]).open(&sealed), Some(ticket));
        assert_eq!(Tickets::new([2; 32]).open(&sealed), None);
        let other = Ticket { leaf_index: 8, ..Tickets::new([1; 32]).open(&sealed).unwrap() };
        let (_, code) = sealed.split_once('.').unwrap();
        let (body, _) = Tickets::new([1; 32])
            .seal(&other)
            .split_once('.')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        assert_eq!(Tickets::new([1; 32]).open(&format!("{body}.{code}")), None);
        for text in ["", ".", "a.b", "é.é"] {
            assert_eq!(Tickets::new([1; 32]).open(text), None);
        }
    }
}
