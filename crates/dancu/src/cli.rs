//! The words of the command line.

use clap::{Args, Parser, Subcommand};
use dancu_ledger::NodeName;
use std::path::PathBuf;

/// Population register, data exchange and transparency log of a country, in one program.
#[derive(Debug, Parser)]
#[command(name = "dancu", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// File with settings.
    #[arg(long, global = true, default_value = "dancu.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// Folder of the databases; overrides the settings.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Folder of the keys; overrides the settings.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub keys: Option<PathBuf>,
    /// Database for everything but the log's public files, `postgres://user@host/name`; overrides the settings. Put an
    /// address with a password into the environment (`DANCU_STORE_URL`): others see a command line.
    #[arg(long, global = true, value_name = "URL")]
    pub store: Option<String>,
    /// Name of this node among several over one database.
    #[arg(long, global = true, value_name = "NAME")]
    pub node: Option<NodeName>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the server.
    Up(UpArgs),
    /// Start a witness: a process of its own that cosigns the checkpoints of logs it knows, and never two histories of one.
    Witness(WitnessArgs),
    /// Write a synthetic country as CSV, or XLSX or Parquet by the name of the file. The same seed gives the same bytes.
    Synth(SynthArgs),
    /// Match two files of persons, or find the duplicates of one. Needs no running system and no store.
    Match(MatchArgs),
    /// Match an agency's file against the register, under the agency's contract. Every automatic match gets an entry in the log
    /// first. Can be broken off and run again. The server must be stopped.
    Reconcile(ReconcileArgs),
    /// Load persons from CSV, XLSX or Parquet into the register. Can be broken off and run again.
    Load(LoadArgs),
    /// Write the persons of a contract to CSV, XLSX or Parquet. Every one of them gets an entry in the log first. The
    /// server must be stopped.
    Export(ExportArgs),
    /// Verify or rebuild the transparency log. The server must be stopped.
    Ledger {
        /// What to do with it.
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Record commands (births, moves …) from a JSON file. Run again, the same file changes nothing twice. The server must
    /// be stopped.
    Change(ChangeArgs),
    /// Show a person as of a day, as known at an instant. The look is in the log first. The server must be stopped.
    Person(PersonArgs),
    /// Connect organisations from a document (TOML or JSON). The server must be stopped.
    Connect {
        /// The document.
        document: PathBuf,
    },
    /// The store as a whole. The server must be stopped.
    Store {
        /// What to do with it.
        #[command(subcommand)]
        command: StoreCommand,
    },
    /// Accounts of staff. The server must be stopped.
    Staff {
        /// What to do with them.
        #[command(subcommand)]
        command: StaffCommand,
    },
    /// Control tools of civil status. The server must be stopped.
    Control {
        /// What to do.
        #[command(subcommand)]
        command: ControlCommand,
    },
    /// Print the QR text of cards of persons in a CSV, one of each kind, to try the reception desk with.
    Cards {
        /// The CSV that was loaded.
        file: PathBuf,
    },
    /// What a client needs: a key, and an assertion to get a token with.
    Client {
        /// What is needed.
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// List the days for which persons were counted, or forget one: this month's is then counted anew. The server must be stopped.
    Statistics(StatisticsArgs),
    /// Let the next key sign statements about sign-ins at portals, and publish the one after it. Each node works with it from
    /// its next start; where there are several, copy the files `id-token-*.key` first.
    RotateSignInKey,
    /// Measure. Ours and a calibration in the same run.
    Bench(BenchArgs),
}

/// Which figures.
#[derive(Debug, Args)]
pub struct StatisticsArgs {
    /// Forget the figures of this day, such as those of a register that was loaded in part only.
    #[arg(long, value_name = "DAY")]
    pub forget: Option<jiff::civil::Date>,
}

/// How to start.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// Create a synthetic country with connected organisations and staff when the data folder is empty.
    #[arg(long)]
    pub demo: bool,
    /// Persons of the synthetic country.
    #[arg(long, default_value_t = 100_000, requires = "demo")]
    pub persons: u64,
    /// Address and port; overrides the settings. Port 0 takes a free one.
    #[arg(long)]
    pub listen: Option<std::net::SocketAddr>,
    /// Print one JSON object instead of the addresses in words, once ready.
    #[arg(long)]
    pub json: bool,
    /// Start although the newest record is later than the clock.
    #[arg(long)]
    pub accept_clock_behind: bool,
    /// Run as this commune's own node: the desk takes commands in and hands them over to the centre.
    #[arg(long, value_name = "CODE", requires_all = ["centre", "client", "client_key"])]
    pub commune: Option<dancu_core::CommuneCode>,
    /// The centre, e.g. `https://dancu.example`.
    #[arg(long, value_name = "ADDRESS", requires = "commune")]
    pub centre: Option<url::Url>,
    /// The `client_id` of this node at the centre.
    #[arg(long, requires = "commune")]
    pub client: Option<String>,
    /// File of this node's secret key (`dancu client key`).
    #[arg(long, value_name = "FILE", requires = "commune")]
    pub client_key: Option<PathBuf>,
}

/// How to start a witness. What it cosigned is kept in the data folder (`--data`), which must not be lost.
#[derive(Debug, Args)]
pub struct WitnessArgs {
    /// File of the witness's secret key; the verifier key is written beside it, with the ending `.pub`.
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// Name of a new witness, in its cosignatures for ever, e.g. `witness.example/w1`; draws the key where there is none.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// File with the verifier keys of the logs, one a line.
    #[arg(long, value_name = "FILE")]
    pub logs: PathBuf,
    /// Address and port; overrides the settings. Port 0 takes a free one.
    #[arg(long)]
    pub listen: Option<std::net::SocketAddr>,
    /// Print one JSON object instead of the address in words, once ready.
    #[arg(long)]
    pub json: bool,
}

/// What to write.
#[derive(Debug, Args)]
pub struct SynthArgs {
    /// How many persons.
    #[arg(long, default_value_t = 100_000)]
    pub persons: u64,
    /// Seed.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The day on which the country is looked at. Part of what makes the bytes.
    #[arg(long, default_value = "2026-11-21")]
    pub today: jiff::civil::Date,
    /// Adds the sealed columns `ethnicity` and `blood_group`. Everything else stays the same.
    #[arg(long)]
    pub sealed: bool,
    /// Where to; standard output when left out.
    #[arg(long, short)]
    pub output: Option<PathBuf>,
    /// In place of a country, two files of it to match and who is who: `register.csv`, `agency.csv` with the errors of real
    /// files at documented rates, `truth.csv`.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["output", "sealed"])]
    pub corrupt: Option<PathBuf>,
}

/// What to match with what.
#[derive(Debug, Args)]
pub struct MatchArgs {
    /// A file: CSV, XLSX or Parquet, told by its first bytes.
    pub left: PathBuf,
    /// Another file; when left out, rows of one person are looked for within the first.
    pub right: Option<PathBuf>,
    /// Which column is what (`docs/guide/match.md`); guessed from the headers when left out.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Folder for the results; made when it is not there.
    #[arg(long, value_name = "FOLDER")]
    pub out: PathBuf,
    /// A frozen model (`model.json` of an earlier run); weights are learned from the files when left out.
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Show no progress and no sums.
    #[arg(long)]
    pub quiet: bool,
}

/// Which file to match against the register.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    /// The agency's file: CSV, XLSX or Parquet, told by its first bytes.
    pub file: PathBuf,
    /// Client whose contract (`file_match`) says what is told, for what and on which legal basis.
    #[arg(long)]
    pub client: String,
    /// Which column is what (`docs/guide/clean-a-file.md`); guessed from the headers when left out.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// Take what was guessed without a question.
    #[arg(long)]
    pub yes: bool,
    /// Folder of the run and its results; `FILE.reconcile` when left out.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// The letter with which the file came; it stands in every person's log entry.
    #[arg(long, default_value = "")]
    pub reference: String,
    /// Show no progress and no sums.
    #[arg(long)]
    pub quiet: bool,
}

/// What to load.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The file: CSV, XLSX or Parquet, told by its first bytes.
    pub file: PathBuf,
    /// Rows of one transaction at most: what a crash takes back, and what memory holds.
    #[arg(long, value_name = "ROWS", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub batch_rows: u32,
    /// The day for which the file speaks: changes without a day of their own begin on it. Today when left out.
    #[arg(long, value_name = "DAY")]
    pub effective: Option<jiff::civil::Date>,
    /// Show no progress bar.
    #[arg(long)]
    pub quiet: bool,
}

/// What to write out.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The file; its name tells the format (`.csv`, `.xlsx`, `.parquet`). Must not exist.
    pub file: PathBuf,
    /// Client whose contract names the fields, the purpose and the legal basis.
    #[arg(long)]
    pub client: String,
    /// The decision that orders it, e.g. the number of a letter; it stands in every person's log entry.
    #[arg(long)]
    pub reference: String,
    /// Operator who orders it.
    #[arg(long, value_name = "STAFF")]
    pub ordered_by: String,
    /// Another operator, who approves it.
    #[arg(long, value_name = "STAFF")]
    pub approved_by: String,
    /// Residents of this commune only; may stand several times. Everyone when left out.
    #[arg(long, value_name = "CODE")]
    pub commune: Vec<dancu_core::CommuneCode>,
    /// The day on which the facts hold; today when left out.
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<jiff::civil::Date>,
}

/// What to record.
#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// One command, an array of them, or one after the other; `-` is standard input.
    pub file: PathBuf,
    /// Operator who orders it; needed for commands that change who somebody is.
    #[arg(long, value_name = "STAFF", requires = "approved_by")]
    pub ordered_by: Option<String>,
    /// Another operator, who approves it.
    #[arg(long, value_name = "STAFF", requires = "ordered_by")]
    pub approved_by: Option<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// Whom to show.
#[derive(Debug, Args)]
pub struct PersonArgs {
    /// Personal number.
    pub number: dancu_core::PersonalNumber,
    /// Client whose contract allows the look.
    #[arg(long, default_value = "commune-desk")]
    pub client: String,
    /// Why: a case or a letter. It stands in the person's log entry.
    #[arg(long)]
    pub reference: String,
    /// The day on which the facts hold; today when left out.
    #[arg(long, value_name = "DAY")]
    pub as_of: Option<jiff::civil::Date>,
    /// The instant at which the register knew them; now when left out.
    #[arg(long, value_name = "INSTANT")]
    pub known_at: Option<jiff::Timestamp>,
    /// Name relatives and household too; each of them gets an entry in the log.
    #[arg(long)]
    pub family: bool,
    /// Every row ever recorded, in place of the record.
    #[arg(long, conflicts_with = "family")]
    pub history: bool,
}

/// What to do with the log.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Verify every record, tile, count and signature from the files.
    Check {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Rebuild tiles and index from the records.
    Repair,
}

/// What to do with the control tools.
#[derive(Debug, Subcommand)]
pub enum ControlCommand {
    /// Look for what contradicts itself and open findings. A second run finds nothing new.
    Scan {
        /// One commune, by its code of today; all when left out.
        #[arg(long, value_name = "CODE")]
        commune: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Go through the looks in the log that were never gone through and raise alarms. A running server does it by itself.
    Alarms {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What to do with the store as a whole.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Copy everything into an empty store, files or database, and verify it. Can be broken off and run again.
    Copy {
        /// A data folder, or `postgres://…`.
        #[arg(long, value_name = "FOLDER or URL")]
        from: String,
        /// A data folder, or `postgres://…`; empty, or begun by this same copy.
        #[arg(long, value_name = "FOLDER or URL")]
        to: String,
    },
}

/// What to do with accounts of staff.
#[derive(Debug, Subcommand)]
pub enum StaffCommand {
    /// Open or change an account and print a one-time code.
    Add {
        /// Identifier, e.g. `an.nguyen`.
        id: String,
        /// Name.
        name: String,
        /// `receptionist:<client>`, `officer:<commune code>` or `operator`.
        role: String,
        /// Lets an officer read sealed values of one person at a time, under the contract of this client. Without it an
        /// account that had the right loses it.
        #[arg(long, value_name = "CLIENT")]
        sealed: Option<String>,
        /// The member's own personal number, so that looks at relatives and the own household are seen. Read by the watch
        /// over the log alone; without it what was declared before stays.
        #[arg(long, value_name = "NUMBER")]
        number: Option<String>,
    },
    /// Print a new one-time code.
    Code {
        /// Identifier.
        id: String,
    },
    /// Close an account.
    Close {
        /// Identifier.
        id: String,
    },
}

/// What a client needs.
#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Make a P-256 key pair: writes the secret key, prints the public one as JSON Web Key.
    Key {
        /// File for the secret key (PKCS#8, PEM); must not exist.
        file: PathBuf,
    },
    /// Print the thumbprint of a certificate for mutual TLS; it stands beside the client's key as `x5t#S256` (RFC 8705).
    Certificate {
        /// File of the certificate (PEM).
        file: PathBuf,
    },
    /// Print a signed assertion, good once and for a minute (RFC 7523).
    Assertion {
        /// File of the secret key.
        #[arg(long)]
        key: PathBuf,
        /// The `client_id`.
        #[arg(long)]
        client: String,
        /// The server.
        #[arg(long, default_value = "http://localhost:8080")]
        audience: String,
    },
}

/// What to measure.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub struct BenchArgs {
    /// `verify`, `fetch`, `xroad`, `soak`, `ledger`, `load`, `read`, `change`, `search`, `cost`, `layout` or `match`.
    pub name: BenchName,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
    /// Persons in the register of the measurement.
    #[arg(long, default_value_t = 1_000_000)]
    pub persons: u64,
    /// Seconds of each part.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Connections of the load.
    #[arg(long, default_value_t = 128)]
    pub connections: usize,
    /// Measure on a PostgreSQL server of its own, started for it in its folder, in place of files.
    #[arg(long)]
    pub postgres: bool,
    /// `verify` and `fetch` over TLS with a client's certificate, as `xroad` always is; the echo too.
    #[arg(long)]
    pub tls: bool,
    /// Answers of `verify`, `fetch` and `xroad` are signed, and compared with what this machine can sign and check at all.
    #[arg(long)]
    pub signed: bool,
    /// Folder for its files; a temporary one in `var/` when left out.
    #[arg(long)]
    pub folder: Option<PathBuf>,
}

/// The measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum BenchName {
    /// Verified, counted, durably logged answers with receipts, against a bare echo.
    Verify,
    /// Agreed values of one person, told, counted, durably logged, against a bare echo.
    Fetch,
    /// Verification through the X-Road door, over mutual TLS, against a bare echo.
    Xroad,
    /// The questions of a country's day in 24 turns of `--seconds` each, with the latency and the memory of every hour.
    Soak,
    /// Durable appends to the log, against the disk's own flushes.
    Ledger,
    /// Loading persons, against a raw insert.
    Load,
    /// Reading one person, against a raw read.
    Read,
    /// Recording changes of persons, against raw writes of the same rows.
    Change,
    /// Searching persons in every way, against a raw read of the index.
    Search,
    /// What a person costs: bytes by table, and the load where the folder is empty. `load` prints it too.
    Cost,
    /// History laid out in several ways: written, read, changed.
    Layout,
    /// Two files of so many persons matched, reading included, with the truth known: at a tenth, three tenths and all.
    Match,
}
