//! Identifiers of the X-Road message protocol for REST (PR-REST 1.0): who asks, and which service of whom.

use dancu_core::{Explain, Explanation};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Longest part of an identifier, in characters.
const PART_CHARS_MAX: usize = 255;
/// Characters that stand as they are in a part (RFC 3986, unreserved).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an X-Road member is INSTANCE/CLASS/MEMBER or INSTANCE/CLASS/MEMBER/SUBSYSTEM, each part percent-encoded"
)]
pub struct XRoadIdError;

impl Explain for XRoadIdError {
    fn explain(&self) -> Explanation {
        Explanation::new(
            "DANCU-EXCHANGE-070",
            "Mã thành viên X-Road phải có dạng INSTANCE/CLASS/MEMBER hoặc INSTANCE/CLASS/MEMBER/SUBSYSTEM, mỗi phần mã hóa phần trăm.",
            "An X-Road member is INSTANCE/CLASS/MEMBER or INSTANCE/CLASS/MEMBER/SUBSYSTEM, each part percent-encoded.",
        )
    }
}

/// How the X-Road's fault codes are spelt: release 7.8 changed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum XRoadFaultCodes {
    /// `Server.ServerProxy.AccessDenied`, as up to release 7.7.
    #[default]
    #[serde(rename = "7.7")]
    UpTo77,
    /// `server.serverproxy.access_denied`, as from release 7.8 on.
    #[serde(rename = "7.8")]
    From78,
}

/// Our own place on an X-Road.
#[derive(Debug, Clone)]
pub struct XRoadPlace {
    /// Who we are there.
    pub member: XRoadMember,
    /// How we spell faults.
    pub fault_codes: XRoadFaultCodes,
}

/// A member of an X-Road, or one of its subsystems. Written with every part percent-encoded.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct XRoadMember {
    /// The X-Road instance, e.g. a country.
    pub instance: String,
    /// Class of the member, e.g. `GOV`.
    pub member_class: String,
    /// Code of the member within its class.
    pub member_code: String,
    /// One of its systems.
    pub subsystem_code: Option<String>,
}

impl XRoadMember {
    /// The parts in their order.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let member = [&self.instance, &self.member_class, &self.member_code].map(String::as_str);
        member.into_iter().chain(self.subsystem_code.as_deref())
    }
}

impl FromStr for XRoadMember {
    type Err = XRoadIdError;

    fn from_str(text: &str) -> Result<Self, XRoadIdError> {
        let mut parts = text.split('/').map(xroad_part).collect::<Result<Vec<String>, _>>()?;
        let subsystem_code = match parts.len() {
            3 => None,
            4 => parts.pop(),
            _ => return Err(XRoadIdError),
        };
        let [instance, member_class, member_code] = parts.try_into().map_err(|_| XRoadIdError)?;
        Ok(Self { instance, member_class, member_code, subsystem_code })
    }
}

/// One part of an identifier, decoded. Characters that could be taken for a path or for nothing are refused (PR-REST 4.8).
pub fn xroad_part(text: &str) -> Result<String, XRoadIdError> {
    let part = percent_decode_str(text).decode_utf8().map_err(|_| XRoadIdError)?;
    let is_unfit = |character: char| {
        character.is_control()
            || matches!(character, ':' | ';' | '/' | '\\' | '%' | '\u{200b}' | '\u{feff}' | '\u{ad}')
    };
    let is_path = part == "." || part == "..";
    let length = part.chars().count();
    if is_path || length == 0 || length > PART_CHARS_MAX || part.contains(is_unfit) {
        return Err(XRoadIdError);
    }
    Ok(part.into_owned())
}

impl TryFrom<String> for XRoadMember {
    type Error = XRoadIdError;

    fn try_from(text: String) -> Result<Self, XRoadIdError> {
        text.parse()
    }
}

impl From<XRoadMember> for String {
    fn from(member: XRoadMember) -> Self {
        member.to_string()
    }
}

impl fmt::Display for XRoadMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, part) in self.parts().enumerate() {
            let slash = if place == 0 { "" } else { "/" };
            write!(f, "{slash}{}", utf8_percent_encode(part, ENCODED))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_have_three_or_four_parts_and_no_tricks() {
        let member: XRoadMember = "VN/GOV/b%E1%BB%99-y-t%E1%BA%BF/tiep-don".parse().unwrap();
        assert_eq!(
            (member.member_code.as_str(), member.subsystem_code.as_deref()),
            ("bộ-y-tế", Some("tiep-don"))
        );
        assert_eq!(member.to_string(), "VN/GOV/b%E1%BB%99-y-t%E1%BA%BF/tiep-don");
        assert_eq!("VN/GOV/1".parse::<XRoadMember>().unwrap().subsystem_code, None);
        for bad in [
            "",
            "VN",
            "VN/GOV",
            "VN/GOV/1/2/3",
            "VN//1",
            "VN/GOV/..",
            "VN/GOV/%2e%2e",
            "VN/GOV/a%2Fb",
            "VN/GOV/a%00",
            "VN/GOV/%FF",
            "VN/GOV/a:b",
            "VN/GOV/a;b",
            "VN/GOV/a%25b",
            "VN%2FGOV%2F1",
        ] {
            assert!(bad.parse::<XRoadMember>().is_err(), "{bad}");
        }
        assert!(format!("VN/GOV/{}", "a".repeat(256)).parse::<XRoadMember>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(text in "\\PC{0,40}") {
            if let Ok(member) = text.parse::<XRoadMember>() {
                prop_assert_eq!(member.to_string().parse::<XRoadMember>().unwrap(), member);
            }
        }
    }
}
