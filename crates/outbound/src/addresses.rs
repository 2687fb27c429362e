//! To which addresses a delivery may go.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of IPv4 that are nobody's on the open Internet (IANA special-purpose registry, RFC 6890 and later).
const SPECIAL_V4: [(Ipv4Addr, u32); 15] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Networks within `2000::/3`, the one that is routed, that are special or carry an IPv4 address inside.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is one of the open Internet: neither of our own network, nor this machine's, nor one that is
/// turned into such an address on the way.
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !SPECIAL_V4
            .iter()
            .any(|(network, length)| (address.to_bits() ^ network.to_bits()).leading_zeros() >= *length),
        IpAddr::V6(address) => {
            address.segments()[0] >> 13 == 1
                && !SPECIAL_V6.iter().any(|(network, length)| {
                    (address.to_bits() ^ network.to_bits()).leading_zeros() >= *length
                })
        }
    }
}

/// The open Internet, and what the operator added to it.
#[derive(Debug, Clone, Default)]
pub struct AllowedNetworks(Vec<IpNet>);

impl AllowedNetworks {
    /// The open Internet and these networks of our own.
    pub const fn new(own: Vec<IpNet>) -> Self {
        Self(own)
    }

    /// Whether a delivery may go there.
    pub fn allow(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address) || self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether a delivery may go there without TLS: to this very machine, where the operator allowed that.
    pub fn allow_plain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() && self.allow(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    // tidy: allow long function: one table of addresses
    #[test]
    fn no_address_of_our_own_network_is_public_in_any_spelling() {
        for own in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address(own)), "{own}");
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2001:200::1",
            "2400:cb00::1",
            "2606:4700::1111",
            "2a00::1",
        ] {
            assert!(is_public(address(public)), "{public}");
        }
    }

    #[test]
    fn the_operator_adds_networks_one_by_one_and_plain_http_is_for_this_machine() {
        let none = AllowedNetworks::default();
        assert!(none.allow(address("1.1.1.1")) && !none.allow(address("10.1.2.3")));
        assert!(!none.allow_plain(address("127.0.0.1")) && !none.allow_plain(address("1.1.1.1")));
        let networks = ["10.20.0.0/16", "127.0.0.0/8", "fd00::/8"].map(|text| text.parse().unwrap());
        let own = AllowedNetworks::new(networks.to_vec());
        assert!(own.allow(address("10.20.1.1")) && own.allow(address("::ffff:10.20.1.1")));
        assert!(!own.allow(address("10.21.0.1")) && !own.allow(address("169.254.169.254")));
        assert!(own.allow_plain(address("127.0.0.1")) && !own.allow_plain(address("10.20.1.1")));
    }
}
