//! Contact, other name, items shared by other databases.

use super::{
    Ruled,
    checks::{held_on, living_on, not_future, within},
    civil::last_homes,
};
use crate::{
    Command, ContactChange, Decision, Envelope, SharedStatement, World, correction::present_home,
    refusal::Common,
};
use dancu_core::PersonalNumber;
use dancu_register::{Belief, Contact, FactValue, OtherName, Shared};

pub(super) async fn decide(envelope: &Envelope, world: &mut World<'_>) -> Ruled<Decision> {
    let mut decision = Decision::default();
    match &envelope.command {
        Command::ChangeContact(change) => {
            not_future(world, change.on, "on")?;
            living_on(world, change.number, change.on, "number").await?;
            within_homes(envelope, change.number, world).await?;
            let value = FactValue::Contact(contact(change)?);
            decision.believe(change.number, Belief { value, valid_from: change.on, valid_to: None });
        }
        Command::StateOtherName(statement) => {
            not_future(world, statement.on, "on")?;
            held_on(world, statement.number, statement.on, "number").await?;
            within_homes(envelope, statement.number, world).await?;
            let value = FactValue::OtherName(OtherName { name: statement.name.clone() });
            decision.believe(statement.number, Belief { value, valid_from: statement.on, valid_to: None });
        }
        Command::StateShared(statement) => shared(envelope, statement, world, &mut decision).await?,
        _ => unreachable!("the rules send other commands elsewhere"),
    }
    Ok(decision)
}

/// The commune where the person lives states it, in whatever way it is known; or the centre.
async fn within_homes(envelope: &Envelope, number: PersonalNumber, world: &mut World<'_>) -> Ruled<()> {
    let mut communes = last_homes(world, number).await?;
    if let Some(person) = world.person(number).await? {
        communes.extend(present_home(world, &person));
    }
    within(envelope, &communes)
}

/// Telephone: 8–15 digits, a plus in front allowed. E-mail: one @ with something on both sides, at most 254 characters.
fn contact(change: &ContactChange) -> Ruled<Contact> {
    let phone = change.phone.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let email = change.email.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let is_phone = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_email = |text: &str| {
        let parts = text.split_once('@');
        text.len() <= 254
            && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control())
            && parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'))
    };
    if phone.is_some_and(|text| !is_phone(text)) {
        return Err(Common::Text { field: "phone" }.into());
    }
    if email.is_some_and(|text| !is_email(text)) {
        return Err(Common::Text { field: "email" }.into());
    }
    Ok(Contact { phone: phone.map(str::to_owned), email: email.map(str::to_owned) })
}

/// Items of the closed list only, from the centre only; what is not named stays.
async fn shared(
    envelope: &Envelope,
    statement: &SharedStatement,
    world: &mut World<'_>,
    decision: &mut Decision,
) -> Ruled<()> {
    if envelope.actor.commune().is_some() {
        return Err(Common::NotThisOffice.into());
    }
    not_future(world, statement.on, "on")?;
    let person = held_on(world, statement.number, statement.on, "number").await?;
    let mut items = person.shared().map(|shared| shared.items.clone()).unwrap_or_default();
    for (code, value) in &statement.items {
        if !crate::shared_items::is_listed(code) || !(1..=200).contains(&value.trim().chars().count()) {
            return Err(Common::Text { field: "items" }.into());
        }
        items.retain(|(known, _)| known != code);
        items.push((code.clone(), value.trim().to_owned()));
    }
    items.sort();
    let value = FactValue::Shared(Shared { items });
    decision.believe(statement.number, Belief { value, valid_from: statement.on, valid_to: None });
    Ok(())
}
