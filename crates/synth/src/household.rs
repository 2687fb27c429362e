//! Who lives with whom, and where.

use crate::{draw::Draw, person::Person, rates};
use dancu_core::Sex;
use dancu_register::{MaritalStatus, Relation};
use jiff::civil::Date;

/// Persons under one roof.
#[derive(Default)]
pub struct Household {
    /// Who they are, in the order in which they came.
    pub members: Vec<usize>,
    /// One of them.
    pub head: usize,
    /// A married child's family lives there already.
    has_young_couple: bool,
}

/// The households of a block.
pub struct Households {
    /// All of them; none is empty.
    pub list: Vec<Household>,
    /// Where each person lives; `None` for the dead and the missing.
    pub of: Vec<Option<usize>>,
}

struct Builder<'a> {
    draw: &'a mut Draw,
    people: &'a [Person],
    today: Date,
    children: Vec<Vec<usize>>,
    made: Households,
}

/// Houses everyone who is alive and not missing.
pub fn house(draw: &mut Draw, people: &[Person], today: Date) -> Households {
    let mut children = vec![Vec::new(); people.len()];
    for (child, person) in people.iter().enumerate() {
        for parent in [person.mother, person.father].into_iter().flatten() {
            children[parent].push(child);
        }
    }
    let made = Households { list: Vec::new(), of: vec![None; people.len()] };
    let mut builder = Builder { draw, people, today, children, made };
    builder.house_adults();
    builder.house_minors();
    builder.hand_on();
    builder.made
}

impl Builder<'_> {
    fn found(&mut self, head: usize) -> usize {
        self.made.list.push(Household { members: vec![head], head, has_young_couple: false });
        self.made.of[head] = Some(self.made.list.len() - 1);
        self.made.list.len() - 1
    }

    fn join(&mut self, household: usize, person: usize) {
        self.made.list[household].members.push(person);
        self.made.of[person] = Some(household);
    }

    /// The household of a person's mother, else father, as far as they have one.
    fn parental(&self, person: usize) -> Option<usize> {
        let parents = [self.people[person].mother, self.people[person].father];
        parents.into_iter().flatten().find_map(|parent| self.made.of[parent])
    }

    /// The same, if there is still room.
    fn roomy_parental(&self, person: usize) -> Option<usize> {
        let has_room =
            |household: &usize| self.made.list[*household].members.len() < rates::HOUSEHOLD_PERSONS_FULL;
        self.parental(person).filter(has_room)
    }

    /// Oldest first, so that parents live somewhere before their children look for a place.
    fn house_adults(&mut self) {
        let mut deferred = Vec::new();
        for person in 0..self.people.len() {
            let one = &self.people[person];
            let age = one.age(self.today);
            if self.made.of[person].is_some() || !one.is_present() || age < 18 {
                continue;
            }
            let spouse = one.spouse().filter(|spouse| self.people[*spouse].is_present());
            if let Some(spouse) = spouse {
                self.house_couple(person, spouse);
            } else if one.status != MaritalStatus::Single && age >= 65 && self.grown_child(person, false) {
                deferred.push(person);
            } else {
                self.house_alone(person, age);
            }
        }
        for person in deferred {
            let child = self.children[person].iter().find_map(|child| self.made.of[*child]);
            match child {
                Some(household) if self.draw.chance(rates::LIVE_WITH_CHILD) => self.join(household, person),
                _ => {
                    self.found(person);
                }
            }
        }
    }

    /// Whether a child of 18 or more is present; with `married`, a married one.
    fn grown_child(&self, person: usize, married: bool) -> bool {
        self.children[person].iter().map(|child| &self.people[*child]).any(|child| {
            child.is_present()
                && child.age(self.today) >= 18
                && (!married || child.status == MaritalStatus::Married)
        })
    }

    fn house_couple(&mut self, one: usize, other: usize) {
        let (husband, wife) = if self.people[one].sex == Sex::Male { (one, other) } else { (other, one) };
        let free = |builder: &Self, child| {
            builder.roomy_parental(child).filter(|household| !builder.made.list[*household].has_young_couple)
        };
        let his = free(self, husband).filter(|_| self.draw.chance(rates::LIVE_WITH_HIS_PARENTS));
        let place = match his {
            Some(household) => Some(household),
            None => free(self, wife).filter(|_| self.draw.chance(rates::LIVE_WITH_HER_PARENTS)),
        };
        if let Some(household) = place {
            self.made.list[household].has_young_couple = true;
            self.join(household, husband);
            self.join(household, wife);
        } else if self.draw.chance(rates::WIFE_IS_HEAD) {
            let household = self.found(wife);
            self.join(household, husband);
        } else {
            let household = self.found(husband);
            self.join(household, wife);
        }
    }

    fn house_alone(&mut self, person: usize, age: i32) {
        let rate = if self.people[person].status == MaritalStatus::Single {
            rates::LIVE_WITH_PARENTS.iter().find(|row| age < row.0).map_or(0, |row| row.1)
        } else if age < 40 {
            rates::BACK_TO_PARENTS
        } else {
            0
        };
        match self.roomy_parental(person) {
            Some(household) if self.draw.chance(rate) => self.join(household, person),
            _ => {
                self.found(person);
            }
        }
    }

    /// With the mother, else the father, a grandparent, a brother or sister; else with any household.
    fn house_minors(&mut self) {
        for child in 0..self.people.len() {
            if self.made.of[child].is_some() || !self.people[child].is_present() {
                continue;
            }
            let parents = [self.people[child].mother, self.people[child].father];
            let parents = parents.into_iter().flatten();
            let household = self
                .parental(child)
                .or_else(|| parents.clone().find_map(|parent| self.parental(parent)))
                .or_else(|| {
                    let mut siblings = parents.clone().flat_map(|parent| &self.children[parent]);
                    siblings.find_map(|sibling| self.made.of[*sibling])
                });
            let household = match household {
                Some(household) => household,
                None => self.draw.index(self.made.list.len()),
            };
            self.join(household, child);
        }
    }

    /// In some households of the old, a married child has become the head.
    fn hand_on(&mut self) {
        for index in 0..self.made.list.len() {
            let head = self.made.list[index].head;
            if self.people[head].age(self.today) < 70 || !self.grown_child(head, true) {
                continue;
            }
            let heir = self.made.list[index].members.iter().copied().find(|member| {
                self.children[head].contains(member) && self.people[*member].status == MaritalStatus::Married
            });
            if let Some(heir) = heir.filter(|_| self.draw.chance(rates::HEAD_HANDED_ON)) {
                self.made.list[index].head = heir;
            }
        }
    }
}

/// What a member is to the head, read off the family.
pub fn relation(people: &[Person], head: usize, member: usize) -> Relation {
    let (one, chief) = (&people[member], &people[head]);
    let parents = |of: usize| [people[of].mother, people[of].father].into_iter().flatten();
    if member == head {
        Relation::Head
    } else if chief.spouse() == Some(member) {
        Relation::Spouse
    } else if parents(member).any(|parent| parent == head || chief.spouse() == Some(parent)) {
        Relation::Child
    } else if parents(head).any(|parent| parent == member) {
        Relation::Parent
    } else if parents(member)
        .flat_map(parents)
        .any(|ancestor| ancestor == head || chief.spouse() == Some(ancestor))
    {
        Relation::Grandchild
    } else if one.mother.is_some() && one.mother == chief.mother
        || one.father.is_some() && one.father == chief.father
    {
        Relation::Sibling
    } else {
        Relation::Other
    }
}
