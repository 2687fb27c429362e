//! The demonstration: a synthetic country, connected organisations, staff with fresh codes, cards to scan.

use crate::{
    cards::{self, SampleCard},
    client::ClientSecret,
    config::Config,
    failure::Failure,
    load,
    platform::Platform,
    rehearsal, staff,
};
use dancu_exchange::{Author, ConnectionsDocument};
use serde::Serialize;
use serde_json::json;
use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

/// Seed of the demonstration's country.
const SEED: u64 = 1;

/// The clients that sign assertions; each gets a key in the demonstration's folder.
const CLIENTS_WITH_KEYS: [&str; 5] =
    ["ngan-hang-demo-core", "benh-vien-175-his", "xa-00004-node", "quan-su-demo-core", "cong-dich-vu-demo"];

/// Who works with the demonstration: id, name, role, and the page to open.
const STAFF: [(&str, &str, &str, &str); 5] = [
    ("tiep-don", "Lê Thị Tiếp Đón", "receptionist:benh-vien-175-desk", "/reception"),
    ("can-bo", "Trần Văn Cán Bộ", "officer:00004", "/officer"),
    (rehearsal::SECURITY.0, rehearsal::SECURITY.1, "operator", "/operator"),
    ("benh-vien", "Ngô Thị Bệnh Viện", "agency:benh-vien-175", "/agency"),
    // A review is signed by two.
    (rehearsal::LEGAL.0, rehearsal::LEGAL.1, "operator", "/operator"),
];

/// What to try, printed once the server is ready.
#[derive(Debug, Serialize)]
pub struct Demonstration {
    /// One-time codes of staff.
    pub staff: Vec<StaffCode>,
    /// Cards to scan.
    pub cards: Vec<SampleCard>,
    /// Folder of the clients' secret keys: `<client_id>.pem`.
    pub client_keys: PathBuf,
}

/// A one-time code.
#[derive(Debug, Serialize)]
pub struct StaffCode {
    /// Account.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// The page to open.
    pub page: &'static str,
    /// The code.
    pub code: String,
}

fn folder(config: &Config) -> PathBuf {
    config.data_dir.parent().unwrap_or(Path::new(".")).join("demo")
}

/// Creates what is missing. Broken off at any point, the next call goes on.
pub async fn prepare(platform: &Platform, config: &Config, persons: u64) -> Result<Demonstration, Failure> {
    let folder = folder(config);
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let people = folder.join("people.csv");
    let ready = folder.join("ready");
    if !ready.exists() {
        if !people.exists() {
            if platform.store.count_persons().await? > 0 {
                return Err(Failure::new(
                    "DANCU-CLI-040",
                    format!(
                        "{} đã có dữ liệu; bản trình diễn cần thư mục trống. Hãy chạy không có --demo.",
                        config.data_dir.display()
                    ),
                    format!(
                        "{} holds data already; the demonstration needs an empty folder. Run without --demo.",
                        config.data_dir.display()
                    ),
                ));
            }
            write_country(platform, &people, persons)?;
        }
        load::run(platform, &people, false).await?;
        connect(platform, &folder).await?;
        fs::write(&ready, b"").map_err(|error| Failure::file(&ready, &error))?;
    }
    let mut codes = Vec::new();
    for (id, name, role, page) in STAFF {
        let issued = staff::add(platform, id, name, staff::role(platform, role, None).await?).await?;
        codes.push(StaffCode { id, name, page, code: issued.code.shown() });
    }
    Ok(Demonstration { staff: codes, cards: cards::samples(&people)?, client_keys: folder })
}

fn write_country(platform: &Platform, people: &Path, persons: u64) -> Result<(), Failure> {
    let part = people.with_extension("csv.part");
    let file = fs::File::create(&part).map_err(|error| Failure::file(&part, &error))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let options =
        dancu_synth::Options { persons, seed: SEED, today: platform.state.clock.today(), sealed: false };
    dancu_synth::write_country(&options, &mut out, &mut |_| {})?;
    out.flush().and_then(|()| fs::rename(&part, people)).map_err(|error| Failure::file(&part, &error))
}

/// Connects two organisations and the commune's office, and makes keys for those whose software signs.
async fn connect(platform: &Platform, folder: &Path) -> Result<(), Failure> {
    let mut document: ConnectionsDocument =
        serde_json::from_str(include_str!("../../../data/demo_connections.json"))
            .map_err(|error| Failure::new("DANCU-CLI-041", error.to_string(), error.to_string()))?;
    for client in &mut document.clients {
        if CLIENTS_WITH_KEYS.contains(&client.id.as_str()) {
            let path = folder.join(format!("{}.pem", client.id));
            let secret =
                if path.exists() { ClientSecret::read(&path)? } else { ClientSecret::create(&path)? };
            client.keys = vec![secret.public];
        }
    }
    let state = &platform.state;
    document.apply(state.life.store(), &state.directory, &Author::console(), state.clock.now()).await?;
    rehearsal::make_official(platform).await
}

impl Demonstration {
    /// As JSON, for programs.
    pub fn to_json(&self, origin: &str, address: &str) -> String {
        json!({
            "origin": origin, "address": address, "staff": self.staff, "cards": self.cards,
            "client_keys": self.client_keys,
        })
        .to_string()
    }

    /// In words, for people.
    pub fn to_words(&self, origin: &str) -> String {
        use std::fmt::Write as _;
        let mut words = String::new();
        let _ = writeln!(words, "\n  Mở {origin}/sign-in/code và nhập mã (mỗi mã dùng một lần):");
        let _ = writeln!(words, "  Open {origin}/sign-in/code and type a code (each is good once):\n");
        for staff in &self.staff {
            let _ = writeln!(words, "    {}   {:<20} -> {origin}{}", staff.code, staff.name, staff.page);
        }
        let _ = writeln!(
            words,
            "\n  Công dân: cán bộ in mã ở /officer cho một số dưới đây, rồi mở {origin}/citizen"
        );
        let _ = writeln!(
            words,
            "  Citizen: the officer prints a code at /officer for a number below, then {origin}/citizen\n"
        );
        let _ =
            writeln!(words, "  Thẻ để quét (dán vào ô quét) / Cards to scan (paste into the scan field):\n");
        for card in &self.cards {
            let _ = writeln!(words, "    {}\n      {}", card.kind, card.qr);
        }
        let _ = writeln!(words, "\n  API: {origin}/v1/verify   khóa / keys: {}", self.client_keys.display());
        words
    }
}
