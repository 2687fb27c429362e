//! Places by code or name, of today or of before 1 July 2025, brought to the communes of today.

use super::{ValueFault, plain_text};
use dancu_core::CommuneCode;
use dancu_places::{Places, number_provinces};
use jiff::civil::Date;
use std::collections::HashMap;

/// For which day the places of a file speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlacesOn {
    /// Every code and name is of this day.
    Day(Date),
    /// Codes and names of both times may stand beside each other; what has two meanings keeps both.
    AnyTime,
}

/// Where somebody lives or was born, as far as it was told.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct NormalPlace {
    /// Code of the province of today; 0 when it was not told.
    pub province: u8,
    /// Codes of the communes of today that it can be, ascending; empty when it was not told.
    pub communes: Vec<u32>,
}

/// A commune by name.
struct Named {
    is_former: bool,
    /// District of then, folded without its kind.
    district: String,
    province: u8,
    communes: Vec<u32>,
}

/// Names of provinces that are written otherwise than the tables have them, folded.
const OTHER_NAMES: [(&str, &str); 12] = [
    ("hcm", "ho chi minh"),
    ("tphcm", "ho chi minh"),
    ("sai gon", "ho chi minh"),
    ("hn", "ha noi"),
    ("thua thien hue", "hue"),
    ("thua thien", "hue"),
    ("br vt", "ba ria vung tau"),
    ("vung tau", "ba ria vung tau"),
    ("dac lac", "dak lak"),
    ("dac nong", "dak nong"),
    ("bac can", "bac kan"),
    ("dn", "da nang"),
];

/// Words before a name that say what it is.
const KINDS: [&str; 18] = [
    "thanh pho truc thuoc trung uong ",
    "thanh pho ",
    "thi tran ",
    "dac khu ",
    "phuong ",
    "huyen ",
    "thi xa ",
    "quan ",
    "tinh ",
    "xa ",
    "tp ",
    "tt ",
    "tx ",
    "p ",
    "q ",
    "h ",
    "x ",
    "t ",
];

/// Meanings of one name beyond which nobody can tell which is meant.
const COMMUNES_MAX: usize = 16;

/// A name without its kind, `phuong 05` as `5`.
fn bare(folded: &str) -> &str {
    let rest = KINDS.iter().find_map(|kind| folded.strip_prefix(kind)).unwrap_or(folded);
    let is_figure = rest.bytes().all(|byte| byte.is_ascii_digit());
    if is_figure { rest.trim_start_matches('0') } else { rest }
}

/// Whether a part names a district, or a province, by its kind.
fn is_district(folded: &str) -> bool {
    ["huyen ", "quan ", "thi xa ", "thanh pho ", "q ", "h ", "tx ", "tp "]
        .iter()
        .any(|kind| folded.starts_with(kind))
}

/// Reads places by the national tables.
pub struct PlaceReader {
    places: &'static Places,
    provinces: HashMap<String, u8>,
    named: HashMap<String, Vec<Named>>,
}

impl PlaceReader {
    /// With every name of the national tables.
    pub fn national() -> Self {
        let places = Places::national();
        let mut provinces = HashMap::new();
        for old in number_provinces() {
            provinces.insert(bare(&plain_text(old.name)).to_owned(), old.present.value());
        }
        for province in places.provinces() {
            provinces.insert(bare(&plain_text(province.name)).to_owned(), province.code.value());
        }
        for (other, usual) in OTHER_NAMES {
            if let Some(code) = provinces.get(usual).copied() {
                provinces.entry(other.to_owned()).or_insert(code);
            }
        }
        let mut named: HashMap<String, Vec<Named>> = HashMap::new();
        for commune in places.communes() {
            named.entry(bare(&plain_text(commune.name)).to_owned()).or_default().push(Named {
                is_former: false,
                district: String::new(),
                province: commune.province.value(),
                communes: vec![commune.code.value()],
            });
        }
        for former in places.old_communes() {
            named.entry(bare(&plain_text(former.name)).to_owned()).or_default().push(Named {
                is_former: true,
                district: bare(&plain_text(former.district)).to_owned(),
                province: former.province.present.value(),
                communes: former.successors.iter().map(|code| code.value()).collect(),
            });
        }
        Self { places, provinces, named }
    }

    /// A code of five digits (lost zeros are put back), a code of a province, or names from the commune to the province
    /// with commas between them. `None` for an empty cell.
    pub fn read(&self, text: &str, on: PlacesOn) -> Result<Option<NormalPlace>, ValueFault> {
        let text = text.trim().trim_start_matches('\'');
        if text.is_empty() {
            return Ok(None);
        }
        let place = if text.bytes().all(|byte| byte.is_ascii_digit()) {
            self.by_code(text, on)
        } else {
            self.by_names(text, on)
        };
        if place == NormalPlace::default() { Err(ValueFault::UnknownPlace) } else { Ok(Some(place)) }
    }

    fn by_code(&self, text: &str, on: PlacesOn) -> NormalPlace {
        let Some(value) = text.parse().ok().filter(|_| text.len() <= 5) else {
            return NormalPlace::default();
        };
        if text.len() <= 2 {
            let is_province =
                self.places.provinces().iter().any(|place| u32::from(place.code.value()) == value);
            let province = u8::try_from(value).ok().filter(|_| is_province).unwrap_or_default();
            return NormalPlace { province, communes: Vec::new() };
        }
        let Some(code) = CommuneCode::from_value(value) else {
            return NormalPlace::default();
        };
        let days = match on {
            PlacesOn::Day(day) => vec![day],
            PlacesOn::AnyTime => vec![Places::REFORM.yesterday().unwrap_or(Places::REFORM), Places::REFORM],
        };
        let communes = days.into_iter().flat_map(|day| self.places.present(code, day));
        let communes: Vec<_> =
            communes.map(|commune| (commune.code.value(), commune.province.value())).collect();
        together(communes)
    }

    fn by_names(&self, text: &str, on: PlacesOn) -> NormalPlace {
        let parts: Vec<String> =
            text.split([',', ';', '|', '\n']).map(plain_text).filter(|part| !part.is_empty()).collect();
        let province_at = parts.iter().rposition(|part| self.provinces.contains_key(bare(part)));
        let province = province_at.map_or(0, |at| self.provinces[bare(&parts[at])]);
        // A commune can bear the name of a province: then it stands before it.
        let before = &parts[..province_at.unwrap_or(parts.len())];
        let district_of = |at: usize| before.get(at + 1).map(|next| bare(next));
        let of_district = |at: usize| self.communes(bare(&before[at]), district_of(at)?, province, on);
        let of_name = |at: usize| self.communes(bare(&before[at]), "", province, on);
        let (districts, others): (Vec<usize>, Vec<usize>) =
            (0..before.len()).rev().partition(|at| is_district(&before[*at]));
        // A district can bear the name of a commune of another one, and a street that of a commune.
        let found = others.iter().find_map(|at| of_district(*at));
        let found = found.or_else(|| others.iter().chain(&districts).find_map(|at| of_name(*at)));
        if let Some(found) = found {
            return found;
        }
        NormalPlace { province, communes: Vec::new() }
    }

    /// The communes of a name, within a district of then unless that is empty.
    fn communes(&self, name: &str, district: &str, province: u8, on: PlacesOn) -> Option<NormalPlace> {
        let is_meant = |named: &&Named| {
            let is_of_then = match on {
                PlacesOn::Day(day) => named.is_former == (day < Places::REFORM),
                PlacesOn::AnyTime => true,
            };
            let is_there = province == 0 || named.province == province;
            is_of_then && is_there && (district.is_empty() || named.district == district)
        };
        let meant = self.named.get(name)?.iter().filter(is_meant);
        let communes: Vec<(u32, u8)> =
            meant.flat_map(|named| named.communes.iter().map(|code| (*code, named.province))).collect();
        let place = together(communes);
        (!place.communes.is_empty() && place.communes.len() <= COMMUNES_MAX).then_some(place)
    }
}

/// Communes with their provinces as one place; the province only where all lie in the same.
fn together(mut communes: Vec<(u32, u8)>) -> NormalPlace {
    communes.sort_unstable();
    communes.dedup();
    let province = communes.first().map_or(0, |first| first.1);
    let is_one = communes.iter().all(|commune| commune.1 == province);
    NormalPlace {
        province: if is_one { province } else { 0 },
        communes: communes.into_iter().map(|(code, _)| code).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use std::sync::LazyLock;

    static READER: LazyLock<PlaceReader> = LazyLock::new(PlaceReader::national);

    fn read(text: &str, on: PlacesOn) -> NormalPlace {
        READER.read(text, on).unwrap().unwrap()
    }

    #[test]
    fn old_and_new_names_of_one_place_meet() {
        let old = PlacesOn::Day(date(2024, 1, 1));
        let new = PlacesOn::Day(date(2026, 1, 1));
        let reader = &READER;
        let (mut met, mut asked) = (0, 0);
        for former in Places::national().old_communes().iter().step_by(97) {
            let text = format!("{}, {}, {}", former.name, former.district, former.province.name);
            let Ok(Some(then)) = reader.read(&text, old) else { panic!("{text}") };
            for successor in &former.successors {
                let commune = Places::national().commune(*successor).unwrap();
                let province = Places::national().province(commune.province).unwrap();
                let text = format!("{}, {}", commune.name, province.full_name);
                let now = read(&text, new);
                asked += 1;
                met += u32::from(now.communes.iter().any(|code| then.communes.contains(code)));
            }
        }
        assert!(asked > 100 && met == asked, "{met} of {asked}");
    }

    #[test]
    fn a_code_means_what_it_meant_on_its_day() {
        let former = Places::national().old_communes().iter().find(|former| {
            former.code.is_some_and(|code| {
                Places::national().commune(code).is_some() && !former.successors.contains(&code)
            })
        });
        let code = former.unwrap().code.unwrap();
        let old = read(&code.to_string(), PlacesOn::Day(date(2024, 1, 1)));
        let new = read(&code.to_string(), PlacesOn::Day(date(2026, 1, 1)));
        assert_ne!(old.communes, new.communes);
        let any = read(&code.to_string(), PlacesOn::AnyTime);
        assert!(old.communes.iter().chain(&new.communes).all(|code| any.communes.contains(code)));
    }

    #[test]
    fn zeros_kinds_case_and_marks_do_not_count() {
        let new = PlacesOn::Day(date(2026, 1, 1));
        let usual = read("Phường Ba Đình, Thành phố Hà Nội", new);
        assert_eq!(usual.communes.len(), 1);
        for text in
            ["P. BA ĐÌNH, TP Hà Nội", "phuong ba dinh, ha noi", "Số 5 Đội Cấn, Ba Đình, HN", "004", "00004"]
        {
            assert_eq!(read(text, new), usual, "{text}");
        }
        assert_eq!(read("Hà Nội", new), NormalPlace { province: 1, communes: vec![] });
    }

    #[test]
    fn unknown_places_are_set_aside() {
        let reader = &READER;
        assert_eq!(reader.read("99999", PlacesOn::AnyTime), Err(ValueFault::UnknownPlace));
        assert_eq!(reader.read("Springfield", PlacesOn::AnyTime), Err(ValueFault::UnknownPlace));
        assert_eq!(reader.read(" ", PlacesOn::AnyTime), Ok(None));
    }
}
