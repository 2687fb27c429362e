use super::*;

/// Lunar new year and tenth of the third month by year. From the table of the Python package `holidays` 0.109 (MIT),
/// with which `lunar-vn` 1.4.0 (MIT) agrees in every place.
#[rustfmt::skip]
const PUBLISHED: &[&str] = &[
    "1968:0129:0407 1969:0216:0426 1970:0206:0415 1971:0127:0405 1972:0215:0423 1973:0203:0412 1974:0123:0402 1975:0211:0420",
    "1976:0131:0409 1977:0218:0427 1978:0207:0416 1979:0128:0406 1980:0216:0424 1981:0205:0414 1982:0125:0403 1983:0213:0422",
    "1984:0202:0410 1985:0121:0429 1986:0209:0418 1987:0129:0407 1988:0217:0425 1989:0206:0415 1990:0127:0405 1991:0215:0424",
    "1992:0204:0412 1993:0123:0401 1994:0210:0420 1995:0131:0409 1996:0219:0427 1997:0207:0416 1998:0128:0406 1999:0216:0425",
    "2000:0205:0414 2001:0124:0403 2002:0212:0422 2003:0201:0411 2004:0122:0428 2005:0209:0418 2006:0129:0407 2007:0217:0426",
    "2008:0207:0415 2009:0126:0404 2010:0214:0423 2011:0203:0412 2012:0123:0331 2013:0210:0419 2014:0131:0409 2015:0219:0428",
    "2016:0208:0416 2017:0128:0406 2018:0216:0425 2019:0205:0414 2020:0125:0402 2021:0212:0421 2022:0201:0410 2023:0122:0429",
    "2024:0210:0418 2025:0129:0407 2026:0217:0426 2027:0206:0416 2028:0126:0404 2029:0213:0423 2030:0202:0412 2031:0123:0401",
    "2032:0211:0419 2033:0131:0409 2034:0219:0428 2035:0208:0417 2036:0128:0406 2037:0215:0424 2038:0204:0413 2039:0124:0403",
    "2040:0212:0420 2041:0201:0410 2042:0122:0429 2043:0210:0419 2044:0130:0407 2045:0217:0426 2046:0206:0415 2047:0126:0404",
    "2048:0214:0422 2049:0202:0411 2050:0123:0401 2051:0211:0420 2052:0201:0409 2053:0218:0428 2054:0208:0417 2055:0128:0406",
    "2056:0215:0424 2057:0204:0413 2058:0124:0402 2059:0212:0421 2060:0202:0410 2061:0121:0331 2062:0209:0419 2063:0129:0408",
    "2064:0217:0426 2065:0205:0415 2066:0126:0404 2067:0214:0423 2068:0203:0411 2069:0123:0401 2070:0211:0420 2071:0131:0409",
    "2072:0219:0427 2073:0207:0416 2074:0127:0405 2075:0215:0424 2076:0205:0413 2077:0124:0402 2078:0212:0421 2079:0202:0411",
    "2080:0122:0330 2081:0209:0418 2082:0129:0407 2083:0217:0426 2084:0206:0414 2085:0126:0403 2086:0214:0422 2087:0203:0412",
    "2088:0124:0401 2089:0210:0420 2090:0130:0409 2091:0218:0428 2092:0207:0416 2093:0127:0405 2094:0215:0424 2095:0205:0413",
    "2096:0125:0402 2097:0212:0421 2098:0201:0411 2099:0121:0429 2100:0209:0418",
];

fn day(year: i16, text: &str) -> Date {
    Date::constant(year, text[..2].parse().unwrap(), text[2..].parse().unwrap())
}

#[test]
fn the_published_table_of_1968_to_2100_comes_out() {
    let rows: Vec<&str> = PUBLISHED.iter().flat_map(|line| line.split(' ')).collect();
    assert_eq!(rows.len(), 133);
    for row in rows {
        let year = row[..4].parse().unwrap();
        assert_eq!(lunar_new_year(year), Some(day(year, &row[5..9])), "{year}");
        assert_eq!(lunar_day(year, 3, 10), Some(day(year, &row[10..])), "{year}");
    }
}

#[test]
fn the_new_year_differs_from_that_at_utc_8_in_the_known_years() {
    let differs = |year: &i16| {
        let at = |offset: f64| Months::of(*year, offset).bounds(1).0;
        at(7.0 / 24.0) != at(8.0 / 24.0)
    };
    let years: Vec<i16> = (1968..=2060).filter(differs).collect();
    assert_eq!(years, [1968, 1969, 1985, 2007, 2030, 2053]);
}

#[test]
fn the_worked_example_of_the_book_comes_out() {
    // Meeus, example 49.a: new moon of 18 February 1977, 3h 37m 42s dynamical time.
    assert!((new_moon(-283.0) - 2_443_192.651_18).abs() < 0.000_01);
    // Example 25.a: apparent longitude on 13 October 1992.
    assert!((sun_longitude(2_448_908.5) - 199.908_95).abs() < 0.000_05);
}

#[test]
fn leap_months_stand_where_the_calendar_has_them() {
    let leap_after = |year: i16| {
        let months = Months::of(year, VIET_NAM_DAYS);
        let new_year = months.place(0, 1);
        let end = months.place(new_year, 12);
        let leap = months.numbers[new_year..=end + 1].iter().position(|number| *number == 0);
        leap.map(|place| months.numbers[new_year + place - 1])
    };
    for (year, month) in [
        (2004, 2),
        (2006, 7),
        (2009, 5),
        (2012, 4),
        (2014, 9),
        (2017, 6),
        (2020, 4),
        (2023, 2),
        (2025, 6),
        (2033, 11),
    ] {
        assert_eq!(leap_after(year), Some(month), "{year}");
    }
    assert_eq!(leap_after(2024), None);
    assert_eq!(leap_after(2026), None);
}

#[test]
fn days_that_a_lunar_year_has_not_are_none() {
    assert!(lunar_day(2026, 13, 1).is_none());
    assert!(lunar_day(2026, 0, 1).is_none());
    assert!(lunar_day(2026, 1, 0).is_none());
    assert!(lunar_day(2026, 1, 31).is_none());
    assert!(lunar_new_year(1967).is_none());
    assert!(lunar_new_year(2200).is_none());
}

#[test]
fn every_month_has_29_or_30_days_and_follows_the_one_before() {
    for year in LUNAR_YEARS {
        let months = Months::of(year, VIET_NAM_DAYS);
        for pair in months.starts.windows(2) {
            assert!((29..=30).contains(&(pair[1] - pair[0])), "{year}");
        }
        let new_year = lunar_new_year(year).unwrap();
        assert!(
            (120..=222).contains(&(i32::from(new_year.month()) * 100 + i32::from(new_year.day()))),
            "{year}"
        );
    }
}
