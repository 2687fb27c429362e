//! One row read into claims.

use super::{
    KnownPlaces,
    fields::{Fields, split},
    header::{Column, Header},
    legacy::{check_bytes, check_name_of_file},
};
use crate::{
    claims::{Claim, Claims},
    facts::{Card, Contact, FactValue, Family, Identity, Life, Residence, TemporaryResidence},
    kinds::FactKind,
    reject::{RowError, RowFault},
    rules::{self, Warning},
    sealed::{OpenValue, Seals},
    sensitive::RELIGION_CHARACTERS_MAX,
    words::{CountryCode, WordError},
};
use dancu_core::{CommuneCode, OldNumber, PartialDate, PersonName, PersonalNumber, check_text};
use jiff::civil::Date;
use std::str::FromStr;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

const ADDRESS_CHARACTERS_MAX: usize = 300;
const CONTACT_CHARACTERS_MAX: usize = 100;

/// A row that passed every check.
#[derive(Debug, Clone)]
pub struct ParsedRow {
    /// What it states.
    pub claims: Claims,
    /// What is odd in it.
    pub warnings: Vec<Warning>,
}

/// Reads rows under one header; kept between rows, so that little is allocated for each.
pub struct RowParser<'a> {
    header: &'a Header,
    places: &'a dyn KnownPlaces,
    effective: Date,
    seals: Option<&'a Seals>,
    fields: Fields,
}

impl<'a> RowParser<'a> {
    /// `effective` is the day for which the file speaks.
    pub fn new(header: &'a Header, places: &'a dyn KnownPlaces, effective: Date) -> Self {
        Self { header, places, effective, seals: None, fields: Fields::default() }
    }

    /// Reads the sealed columns too, and seals them. Without it they are not read at all.
    #[must_use]
    pub fn sealing(self, seals: Option<&'a Seals>) -> Self {
        Self { seals, ..self }
    }

    /// Reads one row, with or without its line break.
    pub fn parse(&mut self, bytes: &[u8]) -> Result<ParsedRow, RowFault> {
        let whole_row = |error| RowFault { field: "", error };
        let expected = self.header.width();
        split(bytes, &mut self.fields).map_err(|error| {
            whole_row(match error {
                RowError::FieldCount { found, .. } => RowError::FieldCount { expected, found },
                RowError::NotUtf8 => check_bytes(bytes).err().map_or(RowError::NotUtf8, RowError::Legacy),
                other => other,
            })
        })?;
        if self.fields.len() != expected {
            return Err(whole_row(RowError::FieldCount { expected, found: self.fields.len() }));
        }
        let row = Row { header: self.header, places: self.places, fields: &self.fields, bytes };
        let mut claims = row.claims(self.effective)?;
        if let Some(seals) = self.seals {
            row.sealed(&mut claims, seals, self.effective)?;
        }
        let warnings = rules::check(&claims, self.effective)?;
        Ok(ParsedRow { claims, warnings })
    }
}

/// Reads any bytes as one row under the standard header, for tests with arbitrary input. Never panics.
pub fn parse_row_bytes(bytes: &[u8], effective: Date) -> Result<ParsedRow, RowFault> {
    struct Anywhere;
    impl KnownPlaces for Anywhere {
        fn is_known(&self, _: CommuneCode) -> bool {
            true
        }
    }
    RowParser::new(&Header::standard(), &Anywhere, effective).parse(bytes)
}

struct Row<'a> {
    header: &'a Header,
    places: &'a dyn KnownPlaces,
    fields: &'a Fields,
    bytes: &'a [u8],
}

type Found<T> = Result<T, RowFault>;

impl Row<'_> {
    fn claims(&self, effective: Date) -> Found<Claims> {
        let number: PersonalNumber = self.needed(Column::Number)?;
        let identity = self.identity()?;
        let born = identity.birth_date.first_day();
        let mut claims = Vec::with_capacity(6);
        claims.push(claim(FactValue::Identity(identity), None));
        if let Some(family) = self.family()? {
            claims.push(claim(FactValue::Family(family), None));
        }
        claims.extend(self.residences()?);
        claims.extend(self.card()?);
        if let Some(contact) = self.contact()? {
            claims.push(claim(FactValue::Contact(contact), None));
        }
        claims.extend(self.life(effective)?);
        Ok(Claims { number, born, claims })
    }

    fn identity(&self) -> Found<Identity> {
        Ok(Identity {
            name: self.name()?,
            sex: self.needed(Column::Sex)?,
            birth_date: self.birth_date()?,
            birth_place: self.commune(Column::BirthPlace)?,
            registration_place: self.commune(Column::RegistrationPlace)?,
            origin: self.commune(Column::Origin)?,
            nationality: self.given::<CountryCode>(Column::Nationality)?.unwrap_or(CountryCode::VIET_NAM),
            old_number: self.given::<OldNumber>(Column::OldNumber)?,
        })
    }

    fn name(&self) -> Found<PersonName> {
        check_name_of_file(self.get(Column::FullName))
            .map_err(|error| fault(Column::FullName, error.into()))?;
        self.needed(Column::FullName)
    }

    fn family(&self) -> Found<Option<Family>> {
        let family = Family {
            marital_status: self.given(Column::MaritalStatus)?,
            father: self.given(Column::Father)?,
            mother: self.given(Column::Mother)?,
            spouse: self.given(Column::Spouse)?,
        };
        let says_nothing = family.marital_status.is_none()
            && family.father.is_none()
            && family.mother.is_none()
            && family.spouse.is_none();
        Ok((!says_nothing).then_some(family))
    }

    /// The former residence, then the present one.
    fn residences(&self) -> Found<Vec<Claim>> {
        let since = self.day(Column::PermanentSince)?;
        let present = Residence {
            permanent_commune: self.commune(Column::PermanentCommune)?,
            permanent_address: self.text(Column::PermanentAddress, ADDRESS_CHARACTERS_MAX)?,
            household: self.given(Column::Household)?,
            relation_to_head: self.given(Column::RelationToHead)?,
            temporary: self.temporary()?,
            file_number: None,
        };
        let mut claims = Vec::with_capacity(2);
        if let Some(commune) = self.commune(Column::PreviousCommune)? {
            let Some(until) = since else {
                return Err(fault(Column::PreviousCommune, RowError::Needs { other: "permanent_since" }));
            };
            let former = Residence {
                permanent_commune: Some(commune),
                permanent_address: self.text(Column::PreviousAddress, ADDRESS_CHARACTERS_MAX)?,
                household: None,
                relation_to_head: None,
                temporary: None,
                file_number: None,
            };
            let begin = self.day(Column::PreviousSince)?;
            claims.push(Claim { value: FactValue::Residence(former), since: begin, until: Some(until) });
        }
        let says_nothing = present.permanent_commune.is_none()
            && present.permanent_address.is_none()
            && present.household.is_none()
            && present.temporary.is_none();
        if !says_nothing {
            claims.push(claim(FactValue::Residence(present), since));
        }
        Ok(claims)
    }

    fn temporary(&self) -> Found<Option<TemporaryResidence>> {
        let address = self.text(Column::TemporaryAddress, ADDRESS_CHARACTERS_MAX)?;
        let since = self.day(Column::TemporarySince)?;
        match self.commune(Column::TemporaryCommune)? {
            Some(commune) => Ok(Some(TemporaryResidence { commune, address, since })),
            None if address.is_some() => {
                Err(fault(Column::TemporaryAddress, RowError::Needs { other: "temporary_commune" }))
            }
            None => Ok(None),
        }
    }

    fn card(&self) -> Found<Option<Claim>> {
        let issued = self.day(Column::CardIssued)?;
        let expires = self.day(Column::CardExpires)?;
        match self.given(Column::CardState)? {
            Some(state) => {
                Ok(Some(claim(FactValue::Card(Card { issued, expires, state, issued_by: None }), issued)))
            }
            None if issued.is_some() => Err(fault(Column::CardState, RowError::Empty)),
            None if expires.is_some() => {
                Err(fault(Column::CardExpires, RowError::Needs { other: "card_state" }))
            }
            None => Ok(None),
        }
    }

    fn contact(&self) -> Found<Option<Contact>> {
        let phone = self.text(Column::Phone, CONTACT_CHARACTERS_MAX)?;
        let email = self.text(Column::Email, CONTACT_CHARACTERS_MAX)?;
        Ok((phone.is_some() || email.is_some()).then_some(Contact { phone, email }))
    }

    fn life(&self, effective: Date) -> Found<Option<Claim>> {
        let date = self.day(Column::LifeDate)?;
        let life = match self.get(Column::LifeStatus) {
            "" if date.is_some() => {
                return Err(fault(Column::LifeDate, RowError::Needs { other: "life_status" }));
            }
            "" => return Ok(None),
            "alive" => return Ok(Some(claim(FactValue::Life(Life::Alive), None))),
            "dead" => Life::Dead { date },
            "missing" => Life::Missing { since: date },
            _ => {
                let error = WordError { expected: "alive, dead, missing" };
                return Err(fault(Column::LifeStatus, RowError::Word(error)));
            }
        };
        Ok(Some(claim(FactValue::Life(life), Some(date.unwrap_or(effective)))))
    }

    /// Adds what the sealed columns state, sealed for the row's person.
    fn sealed(&self, claims: &mut Claims, seals: &Seals, effective: Date) -> Found<()> {
        for column in self.header.sealed() {
            let Some(text) = self.text(column, RELIGION_CHARACTERS_MAX)? else { continue };
            let (kind, list) = match column {
                Column::BloodGroup => (FactKind::BloodGroup, "A+, A-, B+, B-, AB+, AB-, O+, O-"),
                Column::Religion => (FactKind::Religion, "1–100"),
                _ => (FactKind::Ethnicity, "data/ethnicities.csv"),
            };
            let value = OpenValue::read(kind, text.into_bytes(), effective);
            let value = value.ok_or_else(|| fault(column, RowError::NotListed { list }))?;
            let sealed = seals.seal(claims.number, kind, &value);
            claims.claims.push(claim(FactValue::Sealed(sealed), None));
        }
        Ok(())
    }

    /// The trimmed text of a field; empty when the file has no such column.
    fn get(&self, column: Column) -> &str {
        self.header.position(column).map_or("", |index| self.fields.get(self.bytes, index).trim())
    }

    fn given<T: FromStr>(&self, column: Column) -> Found<Option<T>>
    where
        RowError: From<T::Err>,
    {
        match self.get(column) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|error: T::Err| fault(column, error.into())),
        }
    }

    fn needed<T: FromStr>(&self, column: Column) -> Found<T>
    where
        RowError: From<T::Err>,
    {
        self.given(column)?.ok_or_else(|| fault(column, RowError::Empty))
    }

    fn commune(&self, column: Column) -> Found<Option<CommuneCode>> {
        match self.given::<CommuneCode>(column)? {
            Some(code) if !self.places.is_known(code) => Err(fault(column, RowError::UnknownCommune)),
            code => Ok(code),
        }
    }

    fn birth_date(&self) -> Found<PartialDate> {
        match iso_day(self.get(Column::BirthDate)) {
            Some(day) => PartialDate::new(day.year(), Some(day.month()), Some(day.day()))
                .map_err(|error| fault(Column::BirthDate, error.into())),
            None => self.needed(Column::BirthDate),
        }
    }

    fn day(&self, column: Column) -> Found<Option<Date>> {
        let text = self.get(column);
        if let Some(day) = iso_day(text) {
            return Ok(Some(day));
        }
        match self.given::<PartialDate>(column)? {
            Some(date) => date.whole().map(Some).ok_or_else(|| fault(column, RowError::NotAWholeDate)),
            None => Ok(None),
        }
    }

    /// Text as the register keeps it: composed letters, single blanks, no control characters.
    fn text(&self, column: Column, characters_max: usize) -> Found<Option<String>> {
        let text = self.get(column);
        if text.is_empty() {
            return Ok(None);
        }
        let mut kept = String::with_capacity(text.len());
        for word in text.split([' ', '\t', '\r', '\n', '\u{a0}']).filter(|word| !word.is_empty()) {
            if !kept.is_empty() {
                kept.push(' ');
            }
            kept.push_str(word);
        }
        if is_nfc_quick(kept.chars()) != IsNormalized::Yes {
            kept = kept.nfc().collect();
        }
        check_text(&kept).map_err(|error| fault(column, error.into()))?;
        if kept.chars().any(char::is_control) {
            return Err(fault(column, RowError::ControlCharacter));
        }
        if kept.len() > characters_max && kept.chars().count() > characters_max {
            return Err(fault(column, RowError::TextTooLong { characters_max }));
        }
        Ok(Some(kept))
    }
}

fn claim(value: FactValue, since: Option<Date>) -> Claim {
    Claim { value, since, until: None }
}

fn fault(column: Column, error: RowError) -> RowFault {
    RowFault { field: column.name(), error }
}

/// The usual shape of a day, `YYYY-MM-DD`, read without detours; `None` for anything else.
fn iso_day(text: &str) -> Option<Date> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
    let pair = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
    let year = i16::from(pair(y1, y2)?) * 100 + i16::from(pair(y3, y4)?);
    Date::new(year, i8::try_from(pair(m1, m2)?).ok()?, i8::try_from(pair(d1, d2)?).ok()?).ok()
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
