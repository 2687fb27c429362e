//! What every store of the search's index must do, tried through loads and whole searches.

use crate::FakeClock;
use dancu_core::{Clock, CommuneCode, PersonalNumber, fold};
use dancu_register::{
    At, RegisterStore,
    csv::{COLUMNS, Column, KnownPlaces},
    load::{LoadRequest, load},
};
use dancu_search::{Candidates, Finder, FoundBy, Likeness, QueryText, RESULTS_MAX, SearchStore};
use jiff::{SignedDuration, civil::date};
use std::{fmt::Write, sync::Arc};
use tempfile::TempDir;

/// Runs every case, each on a store of its own; `open` gives an empty one with whatever keeps it alive.
pub async fn search_suite<S: RegisterStore + SearchStore + 'static, G>(open: impl Fn() -> (S, G)) {
    macro_rules! cases {
        ($($case:ident)*) => { $({
            let (store, _guard) = open();
            $case(&Desk::new(Arc::new(store))).await;
        })* };
    }
    cases! {
        an_empty_register_holds_nobody
        a_person_is_found_by_each_number
        names_written_alike_stand_in_the_order_in_which_they_are_meant
        a_person_is_found_whatever_one_slip_of_the_finger_made_of_the_name
        birth_and_commune_narrow_the_list
        a_name_that_was_borne_is_found_and_told_as_such
        a_home_is_where_it_is_now
        children_are_found_by_their_parents
        a_list_has_an_end_and_says_so
        words_are_told_once_and_in_their_order
        a_new_register_has_a_whole_index
    }
}

struct Anywhere;

impl KnownPlaces for Anywhere {
    fn is_known(&self, _: CommuneCode) -> bool {
        true
    }
}

/// Phường Ba Đình and Phường Ngọc Hà, both of today.
const HERE: &str = "00004";
const THERE: &str = "00008";

/// A register with its index and a clock.
struct Desk {
    register: Arc<dyn RegisterStore>,
    index: Arc<dyn SearchStore>,
    finder: Finder,
    clock: FakeClock,
    folder: TempDir,
}

/// One person of a file.
#[derive(Clone, Copy)]
struct Row<'a> {
    serial: u64,
    name: &'a str,
    birth_date: &'a str,
    commune: &'a str,
    old_number: &'a str,
    father: Option<u64>,
}

const fn row<'a>(serial: u64, name: &'a str, birth_date: &'a str, commune: &'a str) -> Row<'a> {
    Row { serial, name, birth_date, commune, old_number: "", father: None }
}

fn number(serial: u64) -> PersonalNumber {
    PersonalNumber::from_value(1_085_000_000 + serial).expect("a number")
}

impl Desk {
    fn new<S: RegisterStore + SearchStore + 'static>(store: Arc<S>) -> Self {
        let (register, index): (Arc<dyn RegisterStore>, Arc<dyn SearchStore>) = (store.clone(), store);
        Self {
            finder: Finder::new(Arc::clone(&register), Arc::clone(&index)),
            register,
            index,
            clock: FakeClock::at("2026-11-21T02:00:00Z"),
            folder: tempfile::tempdir().expect("tests may make folders"),
        }
    }

    /// Loads rows as a file of their own, a second after the last.
    async fn load(&self, file: &str, rows: &[Row<'_>]) {
        let mut text = COLUMNS.iter().map(|column| column.name()).collect::<Vec<_>>().join(",");
        for row in rows {
            let own = number(row.serial).to_string();
            let father = row.father.map(|serial| number(serial).to_string()).unwrap_or_default();
            let value = |column: &Column| match column {
                Column::Number => own.as_str(),
                Column::OldNumber => row.old_number,
                Column::FullName => row.name,
                Column::Sex => "M",
                Column::BirthDate => row.birth_date,
                Column::Nationality => "VNM",
                Column::Father => father.as_str(),
                Column::PermanentCommune => row.commune,
                Column::PermanentSince if !row.commune.is_empty() => "2025-08-01",
                _ => "",
            };
            write!(text, "\n{}", COLUMNS.iter().map(value).collect::<Vec<_>>().join(","))
                .expect("a string takes all");
        }
        let path = self.folder.path().join(file);
        std::fs::write(&path, text).expect("tests may write files");
        self.clock.advance(SignedDuration::from_secs(1));
        let request = LoadRequest::new(&path, date(2026, 11, 21));
        let report =
            load(&*self.register, &self.clock, &Anywhere, &request, &mut |_| {}).await.expect("loads");
        assert_eq!(report.progress.rejected, 0);
    }

    async fn find(&self, query: QueryText) -> Candidates {
        let at = At { as_of: date(2026, 11, 21), known_at: self.clock.now() };
        let query = query.read().expect("tests ask what may be asked");
        self.finder.find(&query, at).await.expect("the store reads")
    }

    /// The serials found, in their order.
    async fn serials(&self, query: QueryText) -> Vec<u64> {
        self.find(query).await.hits.iter().map(|hit| hit.number.value() - 1_085_000_000).collect()
    }
}

fn named(name: &str, birth_date: &str) -> QueryText {
    QueryText { name: name.to_owned(), birth_date: birth_date.to_owned(), ..QueryText::default() }
}

async fn an_empty_register_holds_nobody(desk: &Desk) {
    assert_eq!(desk.serials(named("Nguyễn Văn Hùng", "1985")).await, [0_u64; 0]);
    assert_eq!(
        desk.serials(QueryText { number: number(1).to_string(), ..QueryText::default() }).await,
        [0_u64; 0]
    );
}

async fn a_person_is_found_by_each_number(desk: &Desk) {
    let one = Row { old_number: "012345678", ..row(1, "Trần Thị Lan", "1985-03-02", HERE) };
    desk.load("a.csv", &[one, row(2, "Trần Thị Lan", "1985-03-02", HERE)]).await;
    let number = QueryText { number: "001 085 000 001".to_owned(), ..QueryText::default() };
    assert_eq!(desk.serials(number.clone()).await, [1]);
    let old = QueryText { old_number: "012345678".to_owned(), ..QueryText::default() };
    assert_eq!(desk.serials(old).await, [1]);
    let neighbour = QueryText { old_number: "012345679".to_owned(), ..QueryText::default() };
    assert_eq!(desk.serials(neighbour).await, [0_u64; 0]);
    let contradicted = QueryText { name: "Lê Văn Cũ".to_owned(), ..number };
    assert_eq!(desk.serials(contradicted).await, [0_u64; 0], "every condition counts");
    desk.load("b.csv", &[Row { old_number: "111111111", ..one }]).await;
    let former = QueryText { old_number: "012345678".to_owned(), ..QueryText::default() };
    let found = desk.find(former).await.hits;
    assert_eq!((found.len(), found[0].found_by), (1, FoundBy::Former));
}

async fn names_written_alike_stand_in_the_order_in_which_they_are_meant(desk: &Desk) {
    desk.load(
        "a.csv",
        &[
            row(1, "Nguyễn Thị Hường", "1985", HERE),
            row(2, "Nguyễn Thị Hương", "1985-03-02", HERE),
            row(3, "NGUYEN THI HUONG", "1985-03-02", HERE),
            row(4, "Nguyễn Thị Hươngg", "1985-03-02", HERE),
            row(5, "Nguyễn Thị Lan", "1985-03-02", HERE),
        ],
    )
    .await;
    assert_eq!(desk.serials(named("Nguyễn Thị Hương", "1985")).await, [2, 3, 1, 4]);
    assert_eq!(desk.serials(named("Hương Nguyễn Thị", "1985")).await, [2, 3, 1]);
    let two_words = desk.find(named("Nguyễn Hương", "")).await;
    assert_eq!(two_words.hits[0].likeness, Likeness::OtherOrder);
    assert_eq!(two_words.hits[0].number, number(2));
}

/// Everything that one slip makes of a word: a letter left out, doubled, taken for another, exchanged with the next.
fn slips(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut made = Vec::new();
    for place in 0..letters.len() {
        let mut edit = |change: &dyn Fn(&mut Vec<char>)| {
            let mut other = letters.clone();
            change(&mut other);
            made.push(other.into_iter().collect::<String>());
        };
        edit(&|word| word.insert(place, word[place]));
        edit(&|word| word[place] = 'x');
        if letters.len() > 2 {
            edit(&|word| {
                word.remove(place);
            });
        }
        if place > 0 {
            edit(&|word| word.swap(place - 1, place));
        }
    }
    made
}

async fn a_person_is_found_whatever_one_slip_of_the_finger_made_of_the_name(desk: &Desk) {
    let names = [
        "Nguyễn Văn Hùng",
        "Trần Thị Thúy Hòa",
        "Lý Mỹ Kỳ",
        "Đặng Trường An",
        "H'Hen Niê",
        "Phạm Nguyễn Bảo-Ngọc",
        "Hoàng Phượng",
        "Y Blok",
    ];
    let rows: Vec<Row<'_>> =
        (1..).zip(names).map(|(serial, name)| row(serial, name, "1985-03-02", HERE)).collect();
    desk.load("a.csv", &rows).await;
    for (serial, name) in (1..).zip(names) {
        let found = async |written: &str| {
            let serials = desk.serials(named(written, "1985")).await;
            assert!(serials.contains(&serial), "{written} is meant for {name}");
        };
        found(name).await;
        found(&fold(name)).await;
        found(&name.to_uppercase()).await;
        let words: Vec<&str> = name.split(' ').collect();
        for turn in 1..words.len() {
            found(&[&words[turn..], &words[..turn]].concat().join(" ")).await;
        }
        // A slip at a hyphen makes one word of two, or parts them elsewhere: more than one word then differs.
        let may_slip = |word: &str| word.chars().count() > 1 && !word.contains('-');
        for (place, word) in words.iter().enumerate().filter(|(_, word)| may_slip(word)) {
            for slip in slips(&fold(word)) {
                let mut other: Vec<&str> = words.clone();
                other[place] = &slip;
                found(&other.join(" ")).await;
            }
        }
    }
}

async fn birth_and_commune_narrow_the_list(desk: &Desk) {
    desk.load(
        "a.csv",
        &[
            row(1, "Lê Văn Bình", "1985-03-02", HERE),
            row(2, "Lê Văn Bình", "1985-02-03", HERE),
            row(3, "Lê Văn Bình", "1985-07", THERE),
            row(4, "Lê Văn Bình", "1986-03-02", THERE),
            row(5, "Lê Văn Bình", "1985-09-09", ""),
        ],
    )
    .await;
    assert_eq!(desk.serials(named("Lê Văn Bình", "02/03/1985")).await, [1, 2], "day and month exchanged");
    assert_eq!(desk.serials(named("Bình", "1985")).await.len(), 4, "one word with a year");
    assert_eq!(desk.serials(named("Lê Văn Bình", "1986")).await, [4]);
    let there = QueryText { commune: THERE.to_owned(), ..named("lê bình", "") };
    assert_eq!(desk.serials(there.clone()).await, [3, 4]);
    let one_word = QueryText { name: "binh".to_owned(), ..there };
    assert_eq!(desk.serials(one_word).await, [3, 4]);
}

async fn a_name_that_was_borne_is_found_and_told_as_such(desk: &Desk) {
    desk.load("a.csv", &[row(1, "Võ Thị Mai", "1985-03-02", HERE)]).await;
    desk.load("b.csv", &[row(1, "Võ Ngọc Mai Anh", "1985-03-02", HERE)]).await;
    let former = desk.find(named("Võ Thị Mai", "1985")).await;
    assert_eq!(former.hits.len(), 1);
    assert_eq!((former.hits[0].found_by, former.hits[0].likeness), (FoundBy::Former, Likeness::Same));
    let present = desk.find(named("Võ Ngọc Mai Anh", "1985")).await;
    assert_eq!(present.hits[0].found_by, FoundBy::Present);
    let here = QueryText { commune: HERE.to_owned(), ..named("Võ Ngọc Mai Anh", "") };
    assert_eq!(desk.serials(here).await, [1], "the new name is joined with the home that was known");
}

async fn a_home_is_where_it_is_now(desk: &Desk) {
    desk.load("a.csv", &[row(1, "Võ Thị Mai", "1985-03-02", HERE)]).await;
    desk.load("b.csv", &[row(1, "Võ Thị Mai", "1985-03-02", THERE)]).await;
    let living = |commune: &str| QueryText { commune: commune.to_owned(), ..named("Võ Thị Mai", "") };
    assert_eq!(desk.serials(living(THERE)).await, [1]);
    assert_eq!(desk.serials(living(HERE)).await, [0_u64; 0]);
}

async fn children_are_found_by_their_parents(desk: &Desk) {
    let child = |serial, name, birth_date| Row { father: Some(1), ..row(serial, name, birth_date, HERE) };
    desk.load(
        "a.csv",
        &[
            row(1, "Đỗ Văn Cường", "1985-03-02", HERE),
            child(2, "Đỗ Minh Khôi", "2015-04-05"),
            child(3, "Đỗ Minh An", "2018-04-05"),
            row(4, "Đỗ Minh Khôi", "2015-04-05", HERE),
        ],
    )
    .await;
    let of_father = QueryText { parent_number: number(1).to_string(), ..QueryText::default() };
    assert_eq!(desk.serials(of_father).await, [2, 3]);
    let by_name = |name: &str, birth_date: &str| QueryText {
        parent_name: "do van cuong".to_owned(),
        ..named(name, birth_date)
    };
    assert_eq!(desk.serials(by_name("Đỗ Minh Khôi", "")).await, [2]);
    assert_eq!(desk.serials(by_name("", "2018")).await, [3]);
}

async fn a_list_has_an_end_and_says_so(desk: &Desk) {
    let many = u64::try_from(RESULTS_MAX).expect("a small number") + 1;
    let rows: Vec<Row<'_>> =
        (1..=many).map(|serial| row(serial, "Nguyễn Văn Nam", "1985-03-02", HERE)).collect();
    desk.load("a.csv", &rows).await;
    let found = desk.find(named("Nguyễn Văn Nam", "1985")).await;
    assert!(found.is_cut);
    assert_eq!(found.hits.len(), RESULTS_MAX);
    assert!(found.hits.is_sorted_by_key(|hit| hit.number), "alike in all, they stand by number");
}

async fn words_are_told_once_and_in_their_order(desk: &Desk) {
    desk.load("a.csv", &[row(1, "Võ Thị Mai", "1985", ""), row(2, "Võ Văn Mai", "1985", "")]).await;
    let words = desk.index.words(0, 100).await.expect("reads");
    let mut texts: Vec<&str> = words.iter().map(|(_, word)| word.as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["mai", "thi", "van", "vo"]);
    assert!(words.is_sorted_by_key(|(id, _)| *id));
    assert_eq!(desk.index.words(words[1].0, 1).await.expect("reads"), words[2..3]);
}

async fn a_new_register_has_a_whole_index(desk: &Desk) {
    desk.load("a.csv", &[row(1, "Võ Thị Mai", "1985", "")]).await;
    assert!(desk.index.index_progress().await.expect("reads").is_complete);
    assert!(desk.index.index_more(10).await.expect("writes").is_complete);
}
