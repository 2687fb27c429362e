//! Every rate of the synthetic country in one place. Rates are per ten thousand unless their name says otherwise.
//!
//! They are estimates that make a file look and behave like a real one. Where one follows a law it names it, but it
//! shapes made-up persons and decides nothing; the renewal ages of the card are dated data in
//! `data/card_renewal_ages.csv`. The tables by age, province and name are in `data/synth_*.csv`.

use jiff::civil::{Date, date};

/// Persons in one block: related among themselves, without relatives outside.
pub const BLOCK_PERSONS_MAX: u64 = 500;
/// Small countries have smaller blocks, so that they still spread over several provinces.
pub const BLOCK_PERSONS_MIN: u64 = 60;
/// Blocks that a small country has at least, where its blocks can be that small.
pub const BLOCKS_MIN: u64 = 100;
/// Communes that the families of one block come from.
pub const BLOCK_HOMES: u32 = 6;

/// Of persons without parents in their block, those of the largest people (census of 2019: 85.3 %); the others are drawn
/// evenly among the peoples, so that each occurs.
pub const MAJORITY: u32 = 8_530;
/// How often a letter of the blood group is A, and how often B; the rest is none.
pub const LETTER_A: u32 = 1_500;
/// See [`LETTER_A`].
pub const LETTER_B: u32 = 2_000;
/// How often the Rhesus factor is missing in one of the two.
pub const WITHOUT_FACTOR: u32 = 250;

/// Rows of persons who died in the last [`DEATH_YEARS`] years.
pub const DEAD: u32 = 280;
/// How far back deaths reach.
pub const DEATH_YEARS: i32 = 5;
/// Share of men among the dead.
pub const DEAD_MALE: u32 = 5_600;
/// Ages at death: from, to, weight.
pub const DEATH_AGES: [(i32, i32, u32); 8] = [
    (0, 4, 25),
    (5, 17, 10),
    (18, 34, 45),
    (35, 49, 100),
    (50, 64, 220),
    (65, 79, 310),
    (80, 94, 270),
    (95, 104, 20),
];
/// Adults whom a court declared missing.
pub const MISSING: u32 = 4;

/// Persons born before [`WHOLE_DATES_SINCE`] whose papers say 1 January because the day was not known.
pub const FIRST_OF_JANUARY: u32 = 1_200;
/// From this year on, birth dates are what they are.
pub const WHOLE_DATES_SINCE: i16 = 1975;
/// Persons born before [`YEAR_ONLY_UNTIL`] of whom only the year is held.
pub const YEAR_ONLY: u32 = 220;
/// Persons born before [`YEAR_ONLY_UNTIL`] of whom only year and month are held.
pub const MONTH_ONLY: u32 = 50;
/// See [`YEAR_ONLY`].
pub const YEAR_ONLY_UNTIL: i16 = 1960;

/// Women who ever married, from this age on.
pub const EVER_MARRIED_WOMEN: [(i32, u32); 7] =
    [(18, 500), (20, 3_600), (25, 7_400), (30, 9_000), (35, 9_300), (45, 9_500), (60, 9_600)];
/// Men who ever married, from this age on.
pub const EVER_MARRIED_MEN: [(i32, u32); 7] =
    [(20, 3_000), (25, 7_600), (30, 9_200), (35, 9_500), (40, 9_600), (50, 9_700), (60, 9_800)];
/// Least age of a man at marriage (Law on Marriage and Family 2014, art. 8).
pub const MARRIAGE_AGE_MEN: i16 = 20;
/// Least age of a woman at marriage (the same article).
pub const MARRIAGE_AGE_WOMEN: i16 = 18;
/// Couples that divorced.
pub const DIVORCED: u32 = 450;
/// Days by which a husband is older than his wife: middle, and reach to both sides.
pub const HUSBAND_OLDER_DAYS: (i32, i32) = (900, 1_400);
/// A husband is at most so many years younger or older than his wife.
pub const HUSBAND_YEARS: (i16, i16) = (-4, 13);

/// Parents are at least so many years older than their children.
pub const PARENT_YEARS_MIN: i16 = 18;
/// Parents are at most so many years older than their children.
pub const PARENT_YEARS_MAX: i16 = 45;
/// Age of a mother at a birth: from, to, weight.
pub const MOTHER_AGES: [(i32, i32, u32); 5] =
    [(18, 21, 160), (22, 25, 300), (26, 30, 310), (31, 35, 160), (36, 44, 70)];
/// A mother is born at most so many days off the birth date that was drawn for her.
pub const MOTHER_BIRTH_DAYS: u32 = 1_100;
/// Days between two births of one mother, at least.
pub const BIRTH_SPACING_DAYS: i32 = 330;
/// Weights of 0, 1, 2, … children for mothers born before a year.
pub const CHILDREN: [(i16, [u32; 9]); 4] = [
    (1950, [4, 6, 12, 18, 20, 16, 12, 8, 4]),
    (1962, [5, 10, 26, 26, 17, 9, 5, 2, 0]),
    (1975, [6, 16, 44, 22, 8, 3, 1, 0, 0]),
    (i16::MAX, [7, 24, 50, 15, 3, 1, 0, 0, 0]),
];
/// Women who never married and have children.
pub const SINGLE_MOTHERS: u32 = 250;
/// Children who bear their mother's surname though their father is known.
pub const MOTHERS_SURNAME: u32 = 300;

/// Married couples that live with the husband's parents.
pub const LIVE_WITH_HIS_PARENTS: u32 = 3_200;
/// Married couples that live with the wife's parents.
pub const LIVE_WITH_HER_PARENTS: u32 = 500;
/// Unmarried children under an age who live with their parents; the last row holds for all older.
pub const LIVE_WITH_PARENTS: [(i32, u32); 4] = [(25, 9_500), (30, 9_000), (40, 8_000), (i32::MAX, 7_000)];
/// Divorced and widowed persons under 40 who went back to their parents.
pub const BACK_TO_PARENTS: u32 = 3_500;
/// Widowed and divorced persons from 65 on who live with a grown child.
pub const LIVE_WITH_CHILD: u32 = 8_200;
/// Grown children move in only where fewer persons live.
pub const HOUSEHOLD_PERSONS_FULL: usize = 7;
/// Households with a head from 70 on in which a married child became the head.
pub const HEAD_HANDED_ON: u32 = 4_500;
/// Households with the wife as their head.
pub const WIFE_IS_HEAD: u32 = 2_000;

/// Families that come from another province than their block's.
pub const FROM_ELSEWHERE: u32 = 900;
/// Births registered in another commune of the same province than the family's.
pub const BORN_NEARBY: u32 = 1_500;
/// Births registered abroad.
pub const BORN_ABROAD: u32 = 25;
/// Countries where those happen most (ISO 3166-1 alpha-2).
pub const BIRTH_COUNTRIES: [&str; 12] =
    ["RU", "DE", "CZ", "US", "KR", "JP", "LA", "KH", "PL", "FR", "UA", "HU"];
/// Households that moved to another province, mostly to the big cities: head under 60, and older.
pub const MOVED_FAR: (u32, u32) = (1_600, 700);
/// Households that moved within their province.
pub const MOVED_NEAR: u32 = 1_100;
/// Persons from 18 to 44 who have a temporary residence besides.
pub const TEMPORARY: u32 = 700;
/// Temporary residence is registered for two years at most (Law on Residence 2020, art. 27).
pub const TEMPORARY_DAYS_MAX: i32 = 720;

/// Holders of an old number among those who turned 14 before [`OLD_NUMBERS_UNTIL`].
pub const OLD_NUMBER: u32 = 9_400;
/// Holders of an old number among those who turned 14 later, in provinces that still issued them.
pub const OLD_NUMBER_LATE: u32 = 3_500;
/// From this day on the 12-digit card was issued, at first in some provinces only.
pub const OLD_NUMBERS_UNTIL: Date = date(2016, 1, 1);
/// The last old numbers.
pub const OLD_NUMBERS_END: Date = date(2021, 1, 1);

/// Persons from 14 on with a telephone number.
pub const PHONE: u32 = 8_600;
/// Persons from 18 to 60 with an e-mail address.
pub const EMAIL: u32 = 1_300;

/// Persons from 14 on with a card.
pub const CARD: u32 = 9_750;
/// The same, in the year after the 14th birthday.
pub const CARD_AT_14: u32 = 6_500;
/// Children under 6, and from 6 to 13, with a card, once the law allowed it.
pub const CARD_CHILDREN: (u32, u32) = (500, 2_200);
/// First day on which children may have a card (Law 26/2023/QH15, art. 19, in force from that day).
pub const CHILDREN_CARDS_SINCE: Date = date(2024, 7, 1);
/// First day of the 12-digit card.
pub const CARDS_SINCE: Date = date(2016, 1, 1);
/// The years in which most cards with a chip were issued.
pub const CARD_CAMPAIGN: (Date, Date) = (date(2021, 1, 1), date(2022, 6, 30));
/// Cards that date from the campaign, and from before it. The others were issued after it.
pub const CARD_ERAS: (u32, u32) = (5_500, 1_500);
/// Cards renewed when they end; the others stay expired.
pub const CARD_RENEWED: u32 = 9_400;
/// States of cards that have not ended: lost, damaged, held, cancelled.
pub const CARD_STATES: (u32, u32, u32, u32) = (60, 25, 6, 4);
/// Cards never handed over: of those issued in the last 90 days, and of the others.
pub const CARD_NOT_HANDED_OVER: (u32, u32) = (2_500, 70);

/// The rate that holds at an age, from a table of "from this age on". Zero before the first row.
pub fn from_age(table: &[(i32, u32)], age: i32) -> u32 {
    table.iter().rev().find(|row| row.0 <= age).map_or(0, |row| row.1)
}
