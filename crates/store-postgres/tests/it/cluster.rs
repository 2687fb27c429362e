//! One server for the tests of this binary, and a database of its own for each case.

use dancu_store_postgres::{DatabaseOptions, PostgresStore, StoreLocation};
use dancu_testkit::PostgresCluster;
use std::sync::OnceLock;
use tokio::{runtime::Handle, task::block_in_place};

/// A server with a database that has every table.
pub struct Server {
    pub cluster: PostgresCluster,
    template: String,
}

impl Server {
    /// Starts one.
    pub fn start() -> Self {
        let cluster = PostgresCluster::start();
        let template = cluster.create_database("template0");
        let location: StoreLocation = cluster.url(&template).parse().unwrap();
        // On a runtime of its own, which takes its connections with it: a database in use cannot be copied.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                PostgresStore::open(&location, DatabaseOptions::default()).await.unwrap().close();
            });
        })
        .join()
        .unwrap();
        Self { cluster, template }
    }

    /// A new database with empty tables.
    pub fn new_location(&self) -> StoreLocation {
        self.cluster.url(&self.new_database()).parse().unwrap()
    }

    /// The name of a new database with empty tables.
    pub fn new_database(&self) -> String {
        self.cluster.create_database(&self.template)
    }
}

/// The server that most tests share.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(Server::start)
}

/// A new database on the shared server.
pub fn new_location() -> StoreLocation {
    shared().new_location()
}

/// Opens a database from a test on a runtime of several threads.
pub fn open(location: &StoreLocation) -> PostgresStore {
    let options = DatabaseOptions { connections_max: 8, ..DatabaseOptions::default() };
    block_in_place(|| Handle::current().block_on(PostgresStore::open(location, options))).unwrap()
}

/// A store on a new database of the shared server.
pub fn new_store() -> PostgresStore {
    open(&new_location())
}

/// A port of this machine that nobody listens on at this moment.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
