//! Parameters of a request: each stands once (RFC 6749 3.1, 3.2), none is longer than anything we know, and one without a
//! value is as if it were not there.

use crate::OpenIdError;
use std::fmt;
use url::form_urlencoded;

/// Parameters as they came. Nothing of them is believed yet.
#[derive(Clone, Default)]
pub struct Parameters(Vec<(String, String)>);

// Tokens and assertions stand in them.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parameters(…)")
    }
}

impl Parameters {
    /// Parameters of one request at most.
    pub const COUNT_MAX: usize = 64;
    /// Bytes of one value at most: a signed assertion is below 4 KiB with every accepted key.
    pub const VALUE_BYTES_MAX: usize = 8 * 1024;

    /// Reads the text of a form or what stands behind a question mark.
    pub fn read(text: &[u8]) -> Result<Self, OpenIdError> {
        let mut all: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text) {
            let is_doubled = all.iter().any(|(known, _)| *known == name);
            let is_plain = !name.contains('\u{fffd}') && !value.contains('\u{fffd}');
            if is_doubled || !is_plain || all.len() >= Self::COUNT_MAX || value.len() > Self::VALUE_BYTES_MAX
            {
                return Err(OpenIdError::Doubled);
            }
            all.push((name.into_owned(), value.into_owned()));
        }
        all.retain(|(_, value)| !value.is_empty());
        Ok(Self(all))
    }

    /// The value of a parameter, if it has one.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter that must be there.
    pub fn need(&self, name: &'static str) -> Result<&str, OpenIdError> {
        self.get(name).ok_or(OpenIdError::Parameter(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_and_oversized_parameters_are_refused_and_empty_ones_are_none() {
        let read = |text: &str| Parameters::read(text.as_bytes());
        assert_eq!(read("a=1&b=%20x").unwrap().get("b"), Some(" x"));
        assert_eq!(read("a=&b=1").unwrap().get("a"), None);
        let long = format!("a={}", "x".repeat(Parameters::VALUE_BYTES_MAX + 1));
        let many: Vec<_> = (0..=Parameters::COUNT_MAX).map(|index| format!("p{index}=1")).collect();
        let many = many.join("&");
        for bad in ["a=1&a=1", "a=&a=1", "a=%ff", &long, &many] {
            assert!(matches!(read(bad), Err(OpenIdError::Doubled)), "{}", &bad[..bad.len().min(20)]);
        }
        assert!(matches!(read("").unwrap().need("scope"), Err(OpenIdError::Parameter("scope"))));
    }
}
