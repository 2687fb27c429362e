//! What a command does to the homes of several persons, and whether the households are whole afterwards.

use super::{ResidenceRefusal, timeline::Timeline};
use crate::{Decision, World, rules::Ruled, world::CIRCLE_MAX};
use dancu_core::PersonalNumber;
use dancu_register::{Fact, HouseholdNumber, Relation, Residence};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};

/// The homes that a command looks at and changes, from one day on.
pub(super) struct Plan {
    day: Date,
    before: BTreeMap<PersonalNumber, Timeline>,
    after: BTreeMap<PersonalNumber, Timeline>,
    touched: BTreeSet<HouseholdNumber>,
    pub(super) decision: Decision,
}

impl Plan {
    pub(super) fn from_day(day: Date) -> Self {
        let (before, after) = (BTreeMap::new(), BTreeMap::new());
        Self { day, before, after, touched: BTreeSet::new(), decision: Decision::default() }
    }

    /// The day from which it changes homes.
    pub(super) const fn day(&self) -> Date {
        self.day
    }

    /// A person's homes as they stand with what was planned so far.
    pub(super) async fn homes(
        &mut self,
        world: &mut World<'_>,
        number: PersonalNumber,
    ) -> Ruled<&mut Timeline> {
        if !self.after.contains_key(&number) {
            let timeline = Timeline::of(&world.record(number).await?.facts);
            self.before.insert(number, timeline.clone());
            self.after.insert(number, timeline);
        }
        Ok(self.after.get_mut(&number).expect("it was put in above"))
    }

    /// A person's home on the plan's day.
    pub(super) async fn home(&mut self, world: &mut World<'_>, number: PersonalNumber) -> Ruled<Residence> {
        let day = self.day;
        Ok(self.homes(world, number).await?.on(day).clone())
    }

    /// The living members of a household on the plan's day, ascending, with what they are in it.
    pub(super) async fn members(
        &mut self,
        world: &mut World<'_>,
        household: &HouseholdNumber,
    ) -> Ruled<BTreeMap<PersonalNumber, Option<Relation>>> {
        let day = self.day;
        let mut members = BTreeMap::new();
        for number in self.ever_in(world, household).await? {
            match self.homes(world, number).await?.household_on(day) {
                Some((own, relation)) if own == household => members.insert(number, relation),
                _ => None,
            };
        }
        Ok(members)
    }

    /// Changes the permanent part of a person's home from the plan's day on for good; whatever temporary residence lies
    /// over it stays. A later change of the permanent part is not overwritten: somebody registered it knowingly.
    pub(super) async fn settle(
        &mut self,
        world: &mut World<'_>,
        number: PersonalNumber,
        field: &'static str,
        change: impl Fn(&mut Residence),
    ) -> Ruled<()> {
        let day = self.day;
        let homes = self.homes(world, number).await?;
        if homes.permanent_changes_after(day) {
            return Err(ResidenceRefusal::LaterResidence { field }.into());
        }
        let was = homes.on(day).household.clone();
        let beliefs = homes.rewrite(day, None, change);
        let is = homes.on(day).household.clone();
        self.touched.extend(was.into_iter().chain(is));
        for belief in beliefs {
            self.decision.believe(number, belief);
        }
        Ok(())
    }

    /// Whoever died in a household leaves it when it is changed: a dead person is no member and no head.
    pub(super) async fn dismiss_the_dead(
        &mut self,
        world: &mut World<'_>,
        household: &HouseholdNumber,
    ) -> Ruled<()> {
        let day = self.day;
        for number in self.ever_in(world, household).await? {
            let homes = self.homes(world, number).await?;
            if homes.is_dead_on(day) && homes.on(day).household.as_ref() == Some(household) {
                let leaves = |home: &mut Residence| {
                    if home.household.as_ref() == Some(household) {
                        (home.household, home.relation_to_head) = (None, None);
                    }
                };
                for belief in homes.rewrite(day, None, leaves) {
                    self.decision.believe(number, belief);
                }
            }
        }
        Ok(())
    }

    /// Puts a person's history as it would be in the place of what is planned: for taking an event back.
    pub(super) async fn replace(
        &mut self,
        world: &mut World<'_>,
        number: PersonalNumber,
        facts: &[Fact],
    ) -> Ruled<()> {
        self.homes(world, number).await?;
        let timeline = Timeline::of(facts);
        let before = &self.before[&number];
        self.touched.extend(before.households().chain(timeline.households()).cloned());
        self.after.insert(number, timeline);
        Ok(())
    }

    /// The decision, if every household that was touched has exactly one head on each day from the plan's day on.
    pub(super) async fn whole(mut self, world: &mut World<'_>) -> Ruled<Decision> {
        match self.disorders(world).await?.first() {
            None => Ok(self.decision),
            Some(disorder) if disorder.was_there => Err(ResidenceRefusal::HouseholdInDisorder.into()),
            Some(disorder) if disorder.day > self.day => Err(ResidenceRefusal::LaterHousehold.into()),
            Some(Disorder { household, day, .. }) => {
                let heads = heads_on(&self.before, household, *day);
                let has_left = |head: &PersonalNumber| !is_in(&self.after[head], household, *day);
                let has_one_left = heads.first().is_some_and(has_left);
                let refusal =
                    if has_one_left { ResidenceRefusal::HeadLeaves } else { ResidenceRefusal::NotOneHead };
                Err(refusal.into())
            }
        }
    }

    /// Every day from the plan's day on, on which a household that was touched would not have exactly one head.
    pub(super) async fn disorders(&mut self, world: &mut World<'_>) -> Ruled<Vec<Disorder>> {
        let mut disorders = Vec::new();
        for household in self.touched.clone() {
            for number in self.ever_in(world, &household).await? {
                self.homes(world, number).await?;
            }
            for day in days_of_change(&self.after, &household, self.day) {
                if is_in_disorder(&self.after, &household, day) {
                    let was_there = is_in_disorder(&self.before, &household, day);
                    disorders.push(Disorder { household: household.clone(), day, was_there });
                }
            }
        }
        Ok(disorders)
    }

    /// Everyone who was looked at, with their homes as they would be.
    pub(super) const fn all(&self) -> &Timelines {
        &self.after
    }

    async fn ever_in(
        &mut self,
        world: &mut World<'_>,
        household: &HouseholdNumber,
    ) -> Ruled<Vec<PersonalNumber>> {
        let mut ever = world.ever_in(household).await?;
        // A household beyond all bounds is refused as such by the service, without every person of it being read here.
        ever.truncate(CIRCLE_MAX);
        // All of them are going to be asked for.
        world.look_at(&ever).await?;
        Ok(ever)
    }
}

pub(super) type Timelines = BTreeMap<PersonalNumber, Timeline>;

/// A household has members on a day, but not exactly one head.
pub(super) struct Disorder {
    pub(super) household: HouseholdNumber,
    pub(super) day: Date,
    /// Whether it has been so without the plan.
    pub(super) was_there: bool,
}

/// The day, and every later one on which anything of a household's members changes, ascending.
fn days_of_change(timelines: &Timelines, household: &HouseholdNumber, day: Date) -> BTreeSet<Date> {
    let concerned = timelines.values().filter(|timeline| timeline.households().any(|own| own == household));
    concerned.flat_map(|timeline| timeline.boundaries_after(day)).chain([day]).collect()
}

fn is_in_disorder(timelines: &Timelines, household: &HouseholdNumber, day: Date) -> bool {
    let has_members = timelines.values().any(|timeline| is_in(timeline, household, day));
    has_members && heads_on(timelines, household, day).len() != 1
}

fn is_in(timeline: &Timeline, household: &HouseholdNumber, day: Date) -> bool {
    timeline.household_on(day).is_some_and(|(own, _)| own == household)
}

fn heads_on(timelines: &Timelines, household: &HouseholdNumber, day: Date) -> Vec<PersonalNumber> {
    let is_head = |timeline: &Timeline| timeline.household_on(day) == Some((household, Some(Relation::Head)));
    timelines.iter().filter(|(_, timeline)| is_head(timeline)).map(|(number, _)| *number).collect()
}
