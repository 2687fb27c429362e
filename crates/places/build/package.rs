//! Reads and mends the package. What is mended is listed in the crate's documentation.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    error::Error,
    fs,
    path::Path,
};
use unicode_normalization::UnicodeNormalization;

type Failure = Box<dyn Error>;

/// The package, mended: names in NFC, successors by name and province, doubled rows joined.
pub struct Package {
    /// Present provinces by code.
    pub provinces: BTreeMap<u8, String>,
    /// Present communes by code: name and province.
    pub communes: BTreeMap<u32, (String, u8)>,
    /// Units of the day before the reform.
    pub former: Vec<Former>,
    /// Rows of the package's table of mappings, as they stand there.
    pub mapping_rows: usize,
    /// Rows without an old unit: the special zones, which were districts without communes before.
    pub rows_without_old_unit: usize,
    /// Rows whose successor's code was none of the present codes or another commune's, mended by name.
    pub rows_mended: usize,
}

/// One unit of the day before the reform.
pub struct Former {
    /// Its code, where the package knows it.
    pub code: Option<u32>,
    pub name: String,
    pub district: String,
    /// With its type in front, e.g. `Tỉnh Hà Nam`.
    pub province: String,
    /// Present communes that took its land, ascending.
    pub successors: Vec<u32>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    data: Vec<Row>,
}

/// One row of any of the three tables.
#[derive(Deserialize)]
struct Row {
    province_code: Option<String>,
    name: Option<String>,
    ward_code: Option<String>,
    old_ward_code: Option<String>,
    old_ward_name: Option<String>,
    old_district_name: Option<String>,
    old_province_name: Option<String>,
    new_ward_code: Option<String>,
    new_ward_name: Option<String>,
    new_province_name: Option<String>,
}

/// Reads the package's one file.
pub fn read(path: &Path) -> Result<Package, Failure> {
    let mut items: Vec<Item> = serde_json::from_str(&fs::read_to_string(path)?)?;
    let mut take = |name: &str| -> Result<Vec<Row>, Failure> {
        let item = items.iter_mut().find(|item| item.kind == "table" && item.name == name);
        Ok(std::mem::take(&mut item.ok_or_else(|| format!("the package has no table {name}"))?.data))
    };
    let provinces = read_provinces(&take("provinces")?)?;
    let communes = read_communes(&take("wards")?, &provinces)?;
    let mappings = take("ward_mappings")?;
    read_mappings(&mappings, provinces, communes)
}

/// A name in NFC. Markup or stray blanks would be a package that nobody has looked at: the build stops.
fn name(text: Option<&String>) -> Result<String, Failure> {
    let text = text.map(String::as_str).unwrap_or_default();
    let odd = text.is_empty()
        || text.trim() != text
        || text.contains("  ")
        || text.contains(['&', '<', '\u{a0}', '\u{200b}', '\u{feff}']);
    if odd { Err(format!("odd name {text:?} in the package").into()) } else { Ok(text.nfc().collect()) }
}

fn digits<T: std::str::FromStr>(text: Option<&String>, length: usize) -> Result<T, Failure> {
    text.filter(|text| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| format!("{text:?} is no code of {length} digits").into())
}

fn read_provinces(rows: &[Row]) -> Result<BTreeMap<u8, String>, Failure> {
    let mut provinces = BTreeMap::new();
    for row in rows {
        let code = digits(row.province_code.as_ref(), 2)?;
        if provinces.insert(code, name(row.name.as_ref())?).is_some() {
            return Err(format!("province {code} twice").into());
        }
    }
    Ok(provinces)
}

fn read_communes(
    rows: &[Row],
    provinces: &BTreeMap<u8, String>,
) -> Result<BTreeMap<u32, (String, u8)>, Failure> {
    let mut communes = BTreeMap::new();
    for row in rows {
        let code = digits(row.ward_code.as_ref(), 5)?;
        let province = digits(row.province_code.as_ref(), 2)?;
        if !provinces.contains_key(&province) {
            return Err(format!("commune {code} lies in no known province").into());
        }
        if communes.insert(code, (name(row.name.as_ref())?, province)).is_some() {
            return Err(format!("commune {code} twice").into());
        }
    }
    Ok(communes)
}

fn read_mappings(
    rows: &[Row],
    provinces: BTreeMap<u8, String>,
    communes: BTreeMap<u32, (String, u8)>,
) -> Result<Package, Failure> {
    let by_name: HashMap<(&str, &str), u32> = communes
        .iter()
        .map(|(code, (name, province))| ((name.as_str(), provinces[province].as_str()), *code))
        .collect();
    if by_name.len() != communes.len() {
        return Err("two communes of one name in one province: successors cannot be told by name".into());
    }
    let mut units: BTreeMap<(String, String, String), Former> = BTreeMap::new();
    let (mut rows_without_old_unit, mut rows_mended) = (0, 0);
    for row in rows {
        if row.old_ward_name.is_none() {
            rows_without_old_unit += 1;
            continue;
        }
        let new_name = name(row.new_ward_name.as_ref())?;
        let new_province = name(row.new_province_name.as_ref())?;
        let successor = *by_name
            .get(&(new_name.as_str(), new_province.as_str()))
            .ok_or_else(|| format!("no commune {new_name} in {new_province}"))?;
        if row.new_ward_code.as_deref() != Some(format!("{successor:05}").as_str()) {
            rows_mended += 1;
        }
        let key = (
            name(row.old_province_name.as_ref())?,
            name(row.old_district_name.as_ref())?,
            name(row.old_ward_name.as_ref())?,
        );
        let (province, district, unit_name) = key.clone();
        let unit = units.entry(key).or_insert_with(|| Former {
            code: None,
            name: unit_name,
            district,
            province,
            successors: Vec::new(),
        });
        if row.old_ward_code.as_deref().is_some_and(|code| !code.is_empty()) {
            let code = digits(row.old_ward_code.as_ref(), 5)?;
            if unit.code.is_some_and(|known| known != code) {
                return Err(format!("old unit {code} has another code too").into());
            }
            unit.code = Some(code);
        }
        if let Err(place) = unit.successors.binary_search(&successor) {
            unit.successors.insert(place, successor);
        }
    }
    let former = in_order(units.into_values().collect())?;
    Ok(Package { provinces, communes, former, mapping_rows: rows.len(), rows_without_old_unit, rows_mended })
}

/// Units with a code first, ascending by it; then those without, in the order of their names.
fn in_order(mut former: Vec<Former>) -> Result<Vec<Former>, Failure> {
    former.sort_by_key(|unit| (unit.code.is_none(), unit.code));
    for pair in former.windows(2) {
        if pair[0].code.is_some() && pair[0].code == pair[1].code {
            return Err(format!("old code {:?} twice", pair[0].code).into());
        }
    }
    Ok(former)
}
