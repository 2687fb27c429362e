//! What is believed of a person's residence, day by day, and what rewriting some of the days does to it.

use dancu_register::{
    Belief, Fact, FactValue, HouseholdNumber, Life, Relation, Residence, TemporaryResidence,
};
use jiff::{Timestamp, civil::Date};

/// Some days with one residence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: Date,
    pub(super) to: Option<Date>,
    pub(super) home: Residence,
}

/// The residences of a person as believed now: stretches without overlap, ascending; days between them are unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Timeline {
    stretches: Vec<Stretch>,
    /// Days on which the person is believed to be dead.
    dead: Vec<(Date, Option<Date>)>,
}

impl Timeline {
    /// What is believed now, from a person's whole history.
    pub(super) fn of(facts: &[Fact]) -> Self {
        Self::from(facts.iter().filter(|fact| fact.recorded_to.is_none()))
    }

    /// What was believed just before an instant.
    pub(super) fn known_before(facts: &[Fact], instant: Timestamp) -> Self {
        Self::from(
            facts.iter().filter(|fact| {
                fact.recorded_from < instant && fact.recorded_to.is_none_or(|end| instant <= end)
            }),
        )
    }

    fn from<'f>(facts: impl Iterator<Item = &'f Fact>) -> Self {
        let mut timeline = Self::default();
        for fact in facts {
            let (from, to) = (fact.valid_from, fact.valid_to);
            match &fact.value {
                FactValue::Residence(home) => {
                    timeline.stretches.push(Stretch { from, to, home: home.clone() });
                }
                FactValue::Life(Life::Dead { .. }) => timeline.dead.push((from, to)),
                _ => {}
            }
        }
        timeline.stretches.sort_by_key(|stretch| stretch.from);
        timeline
    }

    /// The residence on a day.
    pub(super) fn on(&self, day: Date) -> &Residence {
        self.stretch_on(day).map_or(&Residence::NOWHERE, |stretch| &stretch.home)
    }

    fn stretch_on(&self, day: Date) -> Option<&Stretch> {
        self.stretches.iter().rev().find(|stretch| holds(stretch.from, stretch.to, day))
    }

    pub(super) fn is_dead_on(&self, day: Date) -> bool {
        self.dead.iter().any(|(from, to)| holds(*from, *to, day))
    }

    /// The household to which the living person belongs on a day, with what they are in it.
    pub(super) fn household_on(&self, day: Date) -> Option<(&HouseholdNumber, Option<Relation>)> {
        if self.is_dead_on(day) {
            return None;
        }
        let home = self.on(day);
        home.household.as_ref().map(|household| (household, home.relation_to_head))
    }

    /// Every household of any day.
    pub(super) fn households(&self) -> impl Iterator<Item = &HouseholdNumber> {
        self.stretches.iter().filter_map(|stretch| stretch.home.household.as_ref())
    }

    /// The days after `day` on which anything of residence or life changes, in no order.
    pub(super) fn boundaries_after(&self, day: Date) -> impl Iterator<Item = Date> {
        let stretches = self.stretches.iter().map(|stretch| (stretch.from, stretch.to));
        let days = stretches.chain(self.dead.iter().copied());
        days.flat_map(|(from, to)| [Some(from), to]).flatten().filter(move |boundary| *boundary > day)
    }

    /// The stretches that meet some days, cut to them; days of which nothing is known are [`Residence::NOWHERE`].
    pub(super) fn within(&self, from: Date, to: Option<Date>) -> Vec<Stretch> {
        let mut cut = Vec::new();
        let mut next = Some(from);
        for stretch in &self.stretches {
            let Some(begin) = next else { break };
            if to.is_some_and(|end| stretch.from >= end) || stretch.to.is_some_and(|end| end <= begin) {
                continue;
            }
            if begin < stretch.from {
                cut.push(Stretch { from: begin, to: Some(stretch.from), home: Residence::NOWHERE });
            }
            let end = earlier(stretch.to, to);
            cut.push(Stretch { from: begin.max(stretch.from), to: end, home: stretch.home.clone() });
            next = end;
        }
        if let Some(begin) = next.filter(|begin| to.is_none_or(|end| *begin < end)) {
            cut.push(Stretch { from: begin, to, home: Residence::NOWHERE });
        }
        cut
    }

    /// Rewrites every stretch within some days, so that whatever the rewriting leaves alone stays as it was in each; the
    /// beliefs that say so.
    pub(super) fn rewrite(
        &mut self,
        from: Date,
        to: Option<Date>,
        change: impl Fn(&mut Residence),
    ) -> Vec<Belief> {
        let mut beliefs = Vec::new();
        for mut stretch in self.within(from, to) {
            let was = stretch.home.clone();
            change(&mut stretch.home);
            if stretch.home != was {
                self.lay(stretch.clone());
                let Stretch { from, to, home } = stretch;
                beliefs.push(Belief { value: FactValue::Residence(home), valid_from: from, valid_to: to });
            }
        }
        beliefs
    }

    /// Puts a stretch over what stood on its days.
    fn lay(&mut self, new: Stretch) {
        let mut left = Vec::with_capacity(self.stretches.len() + 2);
        for old in self.stretches.drain(..) {
            if old.from < new.from {
                let to = earlier(old.to, Some(new.from));
                left.push(Stretch { to, ..old.clone() });
            }
            if let Some(end) = new.to.filter(|end| old.to.is_none_or(|to| *end < to)) {
                left.push(Stretch { from: old.from.max(end), ..old });
            }
        }
        left.push(new);
        left.sort_by_key(|stretch| stretch.from);
        self.stretches = left;
    }

    /// Whether the permanent part, the place in a household included, becomes another one after a day.
    pub(super) fn permanent_changes_after(&self, day: Date) -> bool {
        let now = self.on(day);
        self.within(day, None).iter().any(|later| !has_same_permanent_part(&later.home, now))
    }

    /// The days of the stretches around a day on which some part of the residence stays the same.
    pub(super) fn run_around(
        &self,
        day: Date,
        is_same: impl Fn(&Residence, &Residence) -> bool,
    ) -> Option<(Date, Option<Date>)> {
        let index = self.stretches.iter().rposition(|stretch| holds(stretch.from, stretch.to, day))?;
        let home = &self.stretches[index].home;
        let (mut first, mut last) = (index, index);
        while first > 0
            && self.stretches[first - 1].to == Some(self.stretches[first].from)
            && is_same(&self.stretches[first - 1].home, home)
        {
            first -= 1;
        }
        while let Some(next) = self.stretches.get(last + 1) {
            if self.stretches[last].to != Some(next.from) || !is_same(&next.home, home) {
                break;
            }
            last += 1;
        }
        Some((self.stretches[first].from, self.stretches[last].to))
    }
}

fn holds(from: Date, to: Option<Date>, day: Date) -> bool {
    from <= day && to.is_none_or(|end| day < end)
}

/// The earlier of two ends; `None` is no end.
fn earlier(one: Option<Date>, other: Option<Date>) -> Option<Date> {
    one.into_iter().chain(other).min()
}

fn has_same_permanent_part(one: &Residence, other: &Residence) -> bool {
    one.household == other.household
        && one.relation_to_head == other.relation_to_head
        && one.file_number == other.file_number
        && is_same_permanent_place(one, other)
}

/// Whether two residences have the same permanent commune and address.
pub(super) fn is_same_permanent_place(one: &Residence, other: &Residence) -> bool {
    one.permanent_commune == other.permanent_commune && one.permanent_address == other.permanent_address
}

/// Whether two residences have the same temporary one.
pub(super) fn is_same_temporary(one: &Residence, other: &Residence) -> bool {
    one.temporary == other.temporary
}

/// The residence with another temporary part.
pub(super) fn with_temporary(temporary: Option<TemporaryResidence>) -> impl Fn(&mut Residence) {
    move |home| home.temporary.clone_from(&temporary)
}

#[cfg(test)]
#[path = "timeline_tests.rs"]
mod tests;
