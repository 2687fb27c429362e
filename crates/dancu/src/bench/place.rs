//! Where a measurement keeps its persons: files in its folder, or a PostgreSQL server of its own beside them.

use crate::{
    bench::cluster::Cluster,
    cli::BenchArgs,
    config::{Config, SecretUrl},
    failure::Failure,
};
use std::path::{Path, PathBuf};

/// The database with the country, and the one for the calibration.
const COUNTRY: &str = "country";
const RAW: &str = "raw";

/// The place of one measurement. A server ends when this is dropped.
pub struct Place {
    folder: PathBuf,
    cluster: Option<Cluster>,
}

impl Place {
    /// The place that the arguments ask for.
    pub fn open(args: &BenchArgs, folder: &Path) -> Result<Self, Failure> {
        let cluster = if args.postgres {
            let cluster = Cluster::start(folder)?;
            cluster.ensure(COUNTRY)?;
            Some(cluster)
        } else {
            None
        };
        Ok(Self { folder: folder.to_owned(), cluster })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Which store it is.
    pub const fn store(&self) -> &'static str {
        if self.cluster.is_some() { "postgres" } else { "sqlite" }
    }

    /// The server, if it is one.
    pub const fn cluster(&self) -> Option<&Cluster> {
        self.cluster.as_ref()
    }

    /// The settings of a platform over the country.
    pub fn config(&self) -> Config {
        let keys_dir = self.folder.join("keys");
        let defaults = Config::default();
        match &self.cluster {
            None => Config { data_dir: self.folder.join("data"), keys_dir, ..defaults },
            Some(cluster) => Config {
                // The lock and the log's files.
                data_dir: self.folder.join("server-data"),
                store_url: SecretUrl::new(cluster.url(COUNTRY)),
                keys_dir,
                ..defaults
            },
        }
    }

    /// The settings of an empty platform for the calibration, with the same tables.
    pub fn raw_config(&self) -> Result<Config, Failure> {
        self.remove_raw()?;
        let (data_dir, keys_dir) = (self.raw_folder(), self.folder.join("keys"));
        let mut config = Config { data_dir, keys_dir, ..Config::default() };
        if let Some(cluster) = &self.cluster {
            cluster.create(RAW, "template0")?;
            config.store_url = SecretUrl::new(cluster.url(RAW));
        }
        Ok(config)
    }

    /// A copy of the country as it is now, for the calibration. Nobody may be connected to it. Gives its folder.
    pub fn copy_country(&self) -> Result<PathBuf, Failure> {
        self.remove_raw()?;
        let to = self.raw_folder();
        if let Some(cluster) = &self.cluster {
            cluster.create(RAW, COUNTRY)?;
            return Ok(to);
        }
        std::fs::create_dir_all(&to).map_err(|error| Failure::file(&to, &error))?;
        let file = self.folder.join("data/register.db");
        std::fs::copy(&file, to.join("register.db")).map_err(|error| Failure::file(&file, &error))?;
        Ok(to)
    }

    /// The address of the country's database.
    pub fn country_url(&self) -> Option<String> {
        self.cluster.as_ref().map(|cluster| cluster.url(COUNTRY))
    }

    /// The address of the calibration's database.
    pub fn raw_url(&self) -> Option<String> {
        self.cluster.as_ref().map(|cluster| cluster.url(RAW))
    }

    /// The file of the country's register, when it is one.
    pub fn country_file(&self) -> PathBuf {
        self.folder.join("data/register.db")
    }

    /// The file of the calibration, when it is one.
    pub fn raw_file(&self) -> PathBuf {
        self.raw_folder().join("register.db")
    }

    fn raw_folder(&self) -> PathBuf {
        self.folder.join("raw")
    }

    /// Gives the calibration's disk space back.
    pub fn remove_raw(&self) -> Result<(), Failure> {
        // There is none unless the folder was measured in before.
        let _ = std::fs::remove_dir_all(self.raw_folder());
        self.cluster.as_ref().map_or(Ok(()), |cluster| cluster.remove(RAW))
    }
}
