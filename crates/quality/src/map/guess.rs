//! What headers usually mean.

use super::{FieldMap, FileMap, MatchMap};
use crate::{normal::plain_text, schema::ColumnKind};

/// Names of columns, folded, without signs and blanks between words.
const NAMES: [(ColumnKind, &[&str]); 13] = [
    (
        ColumnKind::Number,
        &[
            "number",
            "personal number",
            "so dinh danh",
            "so dinh danh ca nhan",
            "sddcn",
            "dinh danh",
            "cccd",
            "so cccd",
            "can cuoc",
            "so can cuoc",
            "so can cuoc cong dan",
            "so giay to",
            "so cccd cmnd",
            "cccd cmnd",
            "cmnd cccd",
            "so cmnd cccd",
            "id number",
            "national id",
            "pin",
            "id card",
        ],
    ),
    (
        ColumnKind::OldNumber,
        &[
            "old number",
            "cmnd",
            "so cmnd",
            "chung minh nhan dan",
            "so chung minh",
            "so cmnd cu",
            "cmnd cu",
            "old id",
        ],
    ),
    (
        ColumnKind::FullName,
        &[
            "full name",
            "fullname",
            "name",
            "ho ten",
            "ho va ten",
            "hoten",
            "ten day du",
            "ho chu dem va ten",
            "ho chu dem va ten khai sinh",
            "ho ten khai sinh",
            "person name",
        ],
    ),
    (ColumnKind::Surname, &["surname", "last name", "lastname", "family name", "ho", "ho dem"]),
    (ColumnKind::MiddleName, &["middle name", "middlename", "middle", "dem", "ten dem", "chu dem", "ho lot"]),
    (ColumnKind::GivenName, &["given name", "givenname", "first name", "firstname", "forename", "ten"]),
    (
        ColumnKind::BirthDate,
        &[
            "birth date",
            "birthdate",
            "date of birth",
            "dateofbirth",
            "dob",
            "birthday",
            "ngay sinh",
            "ngay thang nam sinh",
            "ngaysinh",
            "nam sinh",
            "birth year",
            "year of birth",
            "yob",
        ],
    ),
    (ColumnKind::Sex, &["sex", "gender", "gioi tinh", "gioitinh", "phai"]),
    (
        ColumnKind::Phone,
        &[
            "phone",
            "phone number",
            "telephone",
            "mobile",
            "tel",
            "so dien thoai",
            "dien thoai",
            "sdt",
            "sodt",
        ],
    ),
    (
        ColumnKind::Place,
        &[
            "place",
            "commune",
            "permanent commune",
            "residence",
            "permanent residence",
            "ward",
            "noi thuong tru",
            "thuong tru",
            "ho khau",
            "ho khau thuong tru",
            "hktt",
            "xa phuong",
            "ma xa",
            "noi cu tru",
            "noi o",
            "commune code",
            "place code",
            "que quan",
            "noi dang ky khai sinh",
            "noi sinh",
            "birth place",
            "birthplace",
            "province",
            "tinh",
            "registration place",
        ],
    ),
    (
        ColumnKind::Text,
        &[
            "address",
            "address 1",
            "address 2",
            "address1",
            "address2",
            "street",
            "street name",
            "suburb",
            "city",
            "town",
            "locality",
            "dia chi",
            "diachi",
            "permanent address",
            "dia chi thuong tru",
            "occupation",
            "email",
            "father name",
            "mother name",
            "ho ten cha",
            "ho ten me",
            "father",
            "mother",
        ],
    ),
    (
        ColumnKind::Code,
        &[
            "postcode",
            "post code",
            "zip",
            "zip code",
            "zipcode",
            "postal code",
            "street number",
            "house number",
            "ma bhxh",
            "so bhxh",
            "ma so bhxh",
            "ma so thue",
            "insurance number",
            "social insurance number",
            "tax code",
        ],
    ),
    (ColumnKind::Category, &["state", "country", "nationality", "quoc tich", "region"]),
];

/// Columns by which rows are called.
const IDS: [&str; 14] = [
    "id",
    "rec id",
    "record id",
    "row id",
    "recid",
    "uid",
    "unique id",
    "person id",
    "key",
    "ma",
    "ma ho so",
    "stt",
    "record",
    "ma doi tuong",
];

/// A header as words: `HoTen`, `ho_ten` and `Họ tên` are the same.
fn words(header: &str) -> String {
    plain_text(header.trim_start_matches('\u{feff}'))
}

fn kind_of(header: &str) -> Option<ColumnKind> {
    let words = words(header);
    NAMES.iter().find(|(_, names)| names.contains(&words.as_str())).map(|(kind, _)| *kind)
}

fn id_of(headers: &[String]) -> Option<String> {
    headers.iter().find(|header| IDS.contains(&words(header).as_str())).cloned()
}

/// Kinds of which a file has one column that counts.
const fn stands_once(kind: ColumnKind) -> bool {
    !matches!(kind, ColumnKind::Place | ColumnKind::Text | ColumnKind::Code | ColumnKind::Category)
}

/// Guesses what two files have in common, or what one file can be matched with itself by.
pub fn guess(left: &[String], right: Option<&[String]>) -> MatchMap {
    let other = right.unwrap_or(left);
    let file = |headers: &[String]| FileMap { id: id_of(headers), places_on: None };
    let mut map = MatchMap { left: file(left), ..MatchMap::default() };
    if right.is_some() {
        map.right = file(other);
    }
    let mut taken: Vec<&String> = Vec::new();
    for header in left {
        let Some(kind) = kind_of(header) else {
            continue;
        };
        if stands_once(kind) && map.fields.iter().any(|field| field.kind == kind) {
            continue;
        }
        let is_same = |candidate: &&String| words(candidate) == words(header) && !taken.contains(candidate);
        let count = |headers: &[String]| headers.iter().filter(|name| kind_of(name) == Some(kind)).count();
        let is_one = stands_once(kind) || count(left) == 1 && count(other) == 1;
        let is_kind =
            |candidate: &&String| is_one && kind_of(candidate) == Some(kind) && !taken.contains(candidate);
        let partner = other.iter().find(is_same).or_else(|| other.iter().find(is_kind));
        let Some(partner) = partner else {
            continue;
        };
        taken.push(partner);
        map.fields.push(FieldMap {
            kind,
            column: None,
            left: Some(header.clone()),
            right: right.is_some().then(|| partner.clone()),
        });
    }
    numbers_across(&mut map, left, other);
    if right.is_some() {
        old_number_of_one_side(&mut map, left, other);
    }
    map
}

/// Where one file has old numbers in a column of their own and the other among its numbers, they meet by their digits.
fn old_number_of_one_side(map: &mut MatchMap, left: &[String], right: &[String]) {
    let has = |kind| map.fields.iter().any(|field| field.kind == kind);
    if !has(ColumnKind::Number) || has(ColumnKind::OldNumber) {
        return;
    }
    let is_used = |header: &String| {
        let name = Some(header);
        map.fields.iter().any(|field| field.left.as_ref() == name || field.right.as_ref() == name)
    };
    let old = |headers: &[String]| {
        headers
            .iter()
            .find(|header| kind_of(header) == Some(ColumnKind::OldNumber) && !is_used(header))
            .cloned()
    };
    let (left, right) = (old(left), old(right));
    if left.is_some() || right.is_some() {
        map.fields.push(FieldMap { kind: ColumnKind::OldNumber, column: None, left, right });
    }
}

/// A number of one kind that stands alone meets the other kind's on the other side: by its digits it finds its place.
fn numbers_across(map: &mut MatchMap, left: &[String], right: &[String]) {
    let has = |headers: &[String], kind| headers.iter().find(|header| kind_of(header) == Some(kind)).cloned();
    if map.fields.iter().any(|field| field.kind == ColumnKind::Number) {
        return;
    }
    let number =
        |headers: &[String]| has(headers, ColumnKind::Number).or_else(|| has(headers, ColumnKind::OldNumber));
    if let (Some(one), Some(other)) = (number(left), number(right)) {
        map.fields.retain(|field| field.kind != ColumnKind::OldNumber);
        map.fields.push(FieldMap {
            kind: ColumnKind::Number,
            column: None,
            left: Some(one),
            right: Some(other),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn headers(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn every_name_of_a_column_means_one_thing() {
        let all: Vec<&str> = NAMES.iter().flat_map(|(_, names)| *names).chain(&IDS).copied().collect();
        let different: HashSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), different.len());
        assert!(all.iter().all(|name| words(name) == *name));
    }

    #[test]
    fn headers_of_two_languages_meet() {
        let left = headers(&["Mã", "Họ và tên", "Ngày sinh", "Giới tính", "Số CCCD", "Ghi chú"]);
        let right = headers(&["id", "number", "full_name", "sex", "birth_date", "x"]);
        let map = guess(&left, Some(&right));
        assert_eq!((map.left.id.as_deref(), map.right.id.as_deref()), (Some("Mã"), Some("id")));
        let kinds: Vec<ColumnKind> = map.fields.iter().map(|field| field.kind).collect();
        assert_eq!(kinds, [ColumnKind::FullName, ColumnKind::BirthDate, ColumnKind::Sex, ColumnKind::Number]);
        assert!(map.schema(&left, Some(&right)).is_ok());
    }

    #[test]
    fn files_of_other_countries_are_known() {
        let all = headers(&[
            "rec_id",
            "given_name",
            "surname",
            "street_number",
            "address_1",
            "address_2",
            "suburb",
            "postcode",
            "state",
            "date_of_birth",
            "soc_sec_id",
        ]);
        assert_eq!(guess(&all, None).fields.len(), 9);
        assert_eq!(guess(&all, Some(&all)).fields.len(), 9);
    }

    #[test]
    fn an_old_number_may_meet_a_number() {
        let map = guess(&headers(&["so_cmnd", "ho_ten"]), Some(&headers(&["number", "full_name"])));
        assert!(map.fields.iter().any(|field| field.kind == ColumnKind::Number));
        let (left, right) =
            (headers(&["so_giay_to", "ho_ten"]), headers(&["number", "old_number", "full_name"]));
        let map = guess(&left, Some(&right));
        let old = map.fields.iter().find(|field| field.kind == ColumnKind::OldNumber).unwrap();
        assert_eq!((old.left.as_deref(), old.right.as_deref()), (None, Some("old_number")));
    }
}
