//! Disks of the test's own: a small one in memory, and one that cannot be written, mounted in a namespace of the
//! process under test, so that neither the machine nor another test sees them.

use super::{command::DANCU, country::World, server::Server};
use std::{
    fs::{self, File},
    os::fd::AsRawFd,
    path::PathBuf,
    process::{Command, Stdio},
};

/// How this user makes a namespace of mounts; `None` where the machine does not allow it.
fn namespace() -> Option<&'static [&'static str]> {
    const WAYS: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];
    WAYS.into_iter().find(|way| {
        let mut probe = Command::new("unshare");
        probe.args(*way).args(["sh", "-c", "mount -t tmpfs -o size=64k tmpfs /mnt"]);
        probe.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    })
}

impl World {
    /// The binary with its data folder on a disk in memory of so many KiB, mounted with `option` once the data
    /// is there. `None`, and a word about it, where the machine does not allow mounting.
    pub fn on_small_disk(&self, size_kib: u64, option: &str) -> Option<Command> {
        let Some(way) = namespace() else {
            eprintln!("NOT RUN: this machine lets nobody mount a disk in a namespace (unshare --mount)");
            return None;
        };
        let (data, before) = (self.path("data"), self.path("data-before"));
        fs::rename(&data, &before).unwrap();
        fs::create_dir(&data).unwrap();
        let script = format!(
            "mount -t tmpfs -o size={size_kib}k,mode=700 tmpfs '{0}' && cp -a '{1}/.' '{0}' \
             && mount -o remount,{option} '{0}' && exec \"$0\" \"$@\"",
            data.display(),
            before.display()
        );
        let mut command = Command::new("unshare");
        command.args(way).args(["sh", "-c", &script, DANCU]);
        self.name_folders(&mut command);
        Some(command)
    }
}

/// The data folder on the small disk, as seen from outside; works after the process has ended.
pub struct SmallDisk(File);

impl SmallDisk {
    pub fn of(world: &World, server: &Server) -> Self {
        let inside = world.path("data");
        let path = format!("/proc/{}/root{}", server.id(), inside.display());
        Self(File::open(path).unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        format!("/proc/{}/fd/{}/{name}", std::process::id(), self.0.as_raw_fd()).into()
    }

    /// Fills the disk to its last byte.
    pub fn fill(&self) {
        use std::io::Write;
        let mut ballast = File::create(self.path("ballast")).unwrap();
        for length in [65_536, 4_096, 1] {
            while ballast.write_all(&vec![0; length]).is_ok() {}
        }
    }

    /// Gives the space back.
    pub fn empty(&self) {
        fs::remove_file(self.path("ballast")).unwrap();
    }

    /// Copies what is there to the world's own data folder.
    pub fn bring_home(self, world: &World) {
        fs::remove_dir(world.path("data")).unwrap();
        fs::create_dir(world.path("data")).unwrap();
        super::country::copy(&self.path(""), &world.path("data"));
    }
}
