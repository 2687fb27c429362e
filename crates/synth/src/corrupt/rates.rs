//! The error mix, in ten thousand rows of the agency's file. Estimates: what officers who clean files tell, not a census.

/// Persons whom the agency alone has.
pub const AGENCY_ONLY: u32 = 500;
/// Persons whom the register alone has.
pub const REGISTER_ONLY: u32 = 500;
/// Persons who have a twin: same family, same day, numbers next to each other, another given name.
pub const TWINS: u32 = 60;
/// Persons who stand twice in the agency's file, each row with errors of its own.
pub const TWICE_IN_FILE: u32 = 50;

/// No number.
pub const NUMBER_MISSING: u32 = 500;
/// The number of nine digits in its place, where the person has one.
pub const NUMBER_OLD: u32 = 600;
/// Zeros at the front lost.
pub const NUMBER_ZEROS_LOST: u32 = 1_500;
/// One digit is another, or two neighbours changed places.
pub const NUMBER_SLIP: u32 = 120;
/// Rounded by a spreadsheet.
pub const NUMBER_SCIENTIFIC: u32 = 40;
/// Nothing but zeros.
pub const NUMBER_ZEROS: u32 = 20;
/// That of the person in the row before: of the family, mostly.
pub const NUMBER_OF_ANOTHER: u32 = 5;

/// Written without marks.
pub const NAME_WITHOUT_MARKS: u32 = 500;
/// One word with another tone.
pub const NAME_OTHER_TONE: u32 = 60;
/// A letter lost, doubled, exchanged or changed.
pub const NAME_SLIP: u32 = 120;
/// In the bytes of TCVN3.
pub const NAME_TCVN3: u32 = 120;
/// In the signs of VNI.
pub const NAME_VNI: u32 = 50;
/// Middle name left out.
pub const NAME_WITHOUT_MIDDLE: u32 = 80;
/// Middle name cut to its first letter.
pub const NAME_MIDDLE_CUT: u32 = 60;
/// Surname cut short: `Ng.`
pub const NAME_SURNAME_CUT: u32 = 20;
/// Surname last.
pub const NAME_TURNED: u32 = 30;
/// In capitals.
pub const NAME_CAPITALS: u32 = 3_000;
/// In decomposed letters (NFD).
pub const NAME_DECOMPOSED: u32 = 300;

/// No birth date.
pub const BIRTH_MISSING: u32 = 60;
/// The year alone.
pub const BIRTH_YEAR_ONLY: u32 = 120;
/// 1 January of the year.
pub const BIRTH_FIRST_OF_JANUARY: u32 = 80;
/// Day and month exchanged.
pub const BIRTH_EXCHANGED: u32 = 80;
/// One digit of day, month or year is another.
pub const BIRTH_SLIP: u32 = 100;

/// No sex.
pub const SEX_MISSING: u32 = 200;
/// The other sex.
pub const SEX_WRONG: u32 = 30;

/// No telephone, of those who have one.
pub const PHONE_MISSING: u32 = 2_500;
/// Another telephone.
pub const PHONE_OTHER: u32 = 700;

/// No place.
pub const PLACE_MISSING: u32 = 400;
/// The commune of before 1 July 2025, with district and province of then.
pub const PLACE_OLD_NAME: u32 = 4_000;
/// Another commune: the person moved.
pub const PLACE_MOVED: u32 = 500;
/// No address.
pub const ADDRESS_MISSING: u32 = 1_500;
/// A letter of the address is wrong.
pub const ADDRESS_SLIP: u32 = 600;
