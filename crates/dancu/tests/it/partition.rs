//! A node that is cut off from the database by the network: nothing is refused and nothing arrives, as behind a cable that was
//! pulled. It answers nobody, the other goes on, and it comes back by itself.

use crate::{
    nodes::{House, Load, NARROW_LIMIT, wait_for, wait_for_all},
    support::{client::question, server::Server},
};
use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// The file that a server of PostgreSQL listens on, below its folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// A wire between a node and the database.
#[derive(Default)]
struct Wire {
    is_cut: Mutex<bool>,
    changed: Condvar,
    /// How often it was mended: what was on its way before is lost.
    mended: AtomicU64,
}

impl Wire {
    /// Carries what comes to a socket in `here` to the one in `there`.
    fn lay(here: &Path, there: &Path) -> Arc<Self> {
        let wire = Arc::new(Self::default());
        let listener = UnixListener::bind(here.join(SOCKET)).unwrap();
        let (carrying, there) = (Arc::clone(&wire), there.join(SOCKET));
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                carrying.connect(near, there.clone());
            }
        });
        wire
    }

    fn connect(self: &Arc<Self>, near: UnixStream, there: PathBuf) {
        let wire = Arc::clone(self);
        std::thread::spawn(move || {
            wire.while_cut();
            let Ok(far) = UnixStream::connect(there) else { return };
            let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            let other_way = Arc::clone(&wire);
            std::thread::spawn(move || other_way.carry(far_too, near_too));
            wire.carry(near, far);
        });
    }

    fn while_cut(&self) {
        let is_cut = self.is_cut.lock().unwrap();
        drop(self.changed.wait_while(is_cut, |is_cut| *is_cut).unwrap());
    }

    /// Bytes that meet a cut are lost, and their connection with them once it is mended.
    fn carry(&self, mut from: UnixStream, mut to: UnixStream) {
        let mended = self.mended.load(Ordering::Acquire);
        let mut bytes = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            self.while_cut();
            if self.mended.load(Ordering::Acquire) != mended || to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }

    fn cut(&self) {
        *self.is_cut.lock().unwrap() = true;
    }

    fn mend(&self) {
        self.mended.fetch_add(1, Ordering::Release);
        *self.is_cut.lock().unwrap() = false;
        self.changed.notify_all();
    }
}

#[test]
fn a_node_that_is_cut_off_answers_nobody_and_comes_back_by_itself() {
    let house = House::new();
    let people = house.world.people();
    // The address of the database names the folder of its socket.
    let there = house.url.split("host=").nth(1).unwrap().split('&').next().unwrap().replace("%2F", "/");
    let here = house.world.path("wire");
    std::fs::create_dir(&here).unwrap();
    let wire = Wire::lay(&here, Path::new(&there));
    let main = house.start("main");
    let mut command = house.command("b");
    let encoded = |folder: &str| folder.replace('/', "%2F");
    let url = house.url.replace(&there, here.to_str().unwrap());
    let url = url.replace(&encoded(&there), &encoded(here.to_str().unwrap()));
    assert_ne!(url, house.url);
    command.env("DANCU_STORE_URL", url);
    let cut_off = house.world.spawn_with(command).wait_until_ready();
    let tokens = ["wide", "narrow"].map(|client| house.world.token(&main, client));
    let load = Load {
        tokens: [&tokens[0], &tokens[1]],
        people: &people,
        receipts: Mutex::default(),
        stopped: AtomicBool::new(false),
    };
    let answered = [AtomicU64::new(0), AtomicU64::new(0)];
    let more_while_cut = std::thread::scope(|scope| {
        for client in 0..4 {
            for (server, answered) in [&main, &cut_off].into_iter().zip(&answered) {
                let (load, address) = (&load, server.address);
                scope.spawn(move || load.ask(address, client, answered));
            }
        }
        wait_for_all(&answered);
        wire.cut();
        // What was committed before the cut may still be told; then nothing is.
        wait_for(&answered[0], 200);
        let told = answered[1].load(Ordering::Acquire);
        wait_for(&answered[0], 400);
        let more = answered[1].load(Ordering::Acquire) - told;
        wire.mend();
        wait_for_all(&answered);
        load.stopped.store(true, Ordering::Release);
        more
    });
    assert_eq!(more_while_cut, 0, "it cannot record, so it answers nobody");
    for server in [&main, &cut_off] {
        let mut connection = server.connect();
        while connection.verify(&tokens[1], &question(&people[0])).unwrap().status == 200 {}
    }
    [main, cut_off].into_iter().for_each(Server::stop);
    let receipts = load.receipts.into_inner().unwrap();
    assert_eq!(house.check(&receipts), NARROW_LIMIT, "no limit was exceeded, and no place was lost");
}
