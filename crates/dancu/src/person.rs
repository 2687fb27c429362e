//! `dancu person`: what the register knows of a person, on any day and as known at any instant. The look is in the log
//! before a line of it is printed, and so is every relative's whose name is shown.

use crate::{
    cli::PersonArgs,
    export::{not_connected, refused},
    failure::Failure,
    platform::Platform,
};
use dancu_core::{PersonalNumber, today_in_viet_nam};
use dancu_exchange::{Caller, ClientId, Field, FieldSet};
use dancu_register::{At, Fact, Page, Person, RegisterStore, group_text, groups, origin, person_at};
use jiff::civil::Date;
use std::fmt::Write;

/// Relatives and members of the household that are shown at most.
const CIRCLE_MAX: usize = 50;

/// Prints the record, and the history when asked for.
#[expect(clippy::print_stdout, reason = "printing is what the command is for")]
pub async fn run(platform: &Platform, args: &PersonArgs) -> Result<(), Failure> {
    let client: ClientId = args.client.parse()?;
    let Some(caller) = platform.state.directory.caller(&client) else { return Err(not_connected()) };
    let fields: FieldSet =
        [Field::Name, Field::Family, Field::Household, Field::History].into_iter().collect();
    let shown = platform.state.verify.show_person(&caller, args.number, fields, &args.reference).await;
    let history = shown.map_err(refused)?.history;
    let at = At {
        as_of: args.as_of.unwrap_or_else(|| platform.state.clock.today()),
        known_at: args.known_at.unwrap_or_else(|| platform.state.clock.now()),
    };
    let person = person_at(&history, at);
    if person.is_none() && history.is_empty() {
        return Err(Failure::new(
            "DANCU-CLI-095",
            "Không có ai mang số định danh này.",
            "Nobody has this personal number.",
        ));
    }
    let names = names(platform, &caller, args, person.as_ref(), at).await?;
    if args.history {
        print!("{}", history_text(&history));
    } else {
        print!("{}", record_text(person.as_ref(), &names, at.as_of));
    }
    Ok(())
}

/// Lines of relatives and of the household at that point of time, every name with an entry in its owner's log.
async fn names(
    platform: &Platform,
    caller: &Caller,
    args: &PersonArgs,
    person: Option<&Person>,
    at: At,
) -> Result<Vec<String>, Failure> {
    let Some(person) = person.filter(|_| args.family) else { return Ok(Vec::new()) };
    let register: &dyn RegisterStore = &*platform.state.register;
    let mut circle: Vec<(PersonalNumber, &str)> = Vec::new();
    if let Some(family) = person.family() {
        let named = [
            (family.father, "cha / father"),
            (family.mother, "mẹ / mother"),
            (family.spouse, "vợ, chồng / spouse"),
        ];
        circle.extend(named.into_iter().filter_map(|(number, word)| Some((number?, word))));
    }
    for related in register.related(person.number, at, Page::first(CIRCLE_MAX)).await? {
        if matches!(related.link.as_str(), "father" | "mother") {
            circle.push((related.number, "con / child"));
        }
    }
    if let Some(household) = person.residence().and_then(|home| home.household.as_ref()) {
        for member in register.household(household, at, Page::first(CIRCLE_MAX)).await? {
            let is_named = circle.iter().any(|(number, _)| *number == member.number);
            if member.number != person.number && !is_named {
                circle.push((member.number, "cùng hộ / household"));
            }
        }
    }
    circle.truncate(CIRCLE_MAX);
    let name_only: FieldSet = [Field::Name].into_iter().collect();
    let mut lines = Vec::with_capacity(circle.len());
    for (number, word) in circle {
        platform
            .state
            .verify
            .show_person(caller, number, name_only, &args.reference)
            .await
            .map_err(refused)?;
        let other = register.person(number, at).await?;
        let name = other.as_ref().and_then(Person::identity).map_or("…", |identity| identity.name.as_str());
        lines.push(format!("{word}: {name} ({number})"));
    }
    Ok(lines)
}

/// One line for each group of the record that holds something.
fn record_text(person: Option<&Person>, names: &[String], day: Date) -> String {
    let Some(person) = person else {
        return "(chưa có gì / nothing known at that point of time)\n".to_owned();
    };
    let mut text = String::new();
    for group in groups() {
        if let Some(value) = group_text(group.clause, person, day) {
            let _ = writeln!(text, "{:>2}. {}: {value}", group.clause, group.name_vi);
        }
    }
    for line in names {
        let _ = writeln!(text, "    {line}");
    }
    text
}

/// What was recorded, the oldest first: when, from whom, by which law, what, and for which days.
fn history_text(history: &[Fact]) -> String {
    let mut rows: Vec<&Fact> = history.iter().collect();
    rows.sort_by_key(|fact| (fact.recorded_from, fact.value.kind(), fact.valid_from));
    let mut text = String::new();
    for fact in rows {
        let origin = origin(&fact.source, today_in_viet_nam(fact.recorded_from));
        let (title, law) = origin.map_or((fact.source.to_string(), String::new()), |origin| {
            (origin.name_vi, format!(" ({})", origin.legal_reference))
        });
        let end = fact.valid_to.map_or_else(|| "…".to_owned(), |day| day.to_string());
        let until = fact
            .recorded_to
            .map_or_else(String::new, |at| format!(", không còn tin từ / not believed since {at}"));
        let _ = writeln!(
            text,
            "{}  {}  {} – {end}  {title}{law}{until}",
            fact.recorded_from,
            fact.value.kind().as_str(),
            fact.valid_from
        );
    }
    text
}
