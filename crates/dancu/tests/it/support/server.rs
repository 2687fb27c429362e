//! The server's process.

use super::{
    command::Said,
    country::World,
    http::{Answer, Connection},
};
use serde_json::Value;
use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

/// Longest wait for the process to do what it should. Reached only when something is broken.
pub const PROCESS_TIME_MAX: Duration = Duration::from_mins(4);

/// A process that was started and may not be ready yet.
pub struct Starting {
    pub child: Child,
    ready: Option<Ready>,
    errors: PathBuf,
}

/// Where a process says that it is ready.
pub struct Ready(Receiver<String>);

/// A process that answers. Killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub origin: String,
    errors: PathBuf,
}

impl World {
    /// Starts the server on a free port.
    pub fn spawn(&self) -> Starting {
        self.spawn_with(self.command(&[]))
    }

    /// Starts a command that is or becomes the binary, of this world's folders.
    pub fn spawn_with(&self, command: Command) -> Starting {
        self.spawn_on(command, 0, &[])
    }

    pub fn spawn_on(&self, mut command: Command, port: u16, further: &[&str]) -> Starting {
        command.args(["up", "--json", "--listen", &format!("127.0.0.1:{port}")]).args(further);
        self.spawn_command(command, "stderr.txt")
    }

    /// Starts a command that says when it is ready; its errors go to a file of the world.
    pub fn spawn_command(&self, mut command: Command, errors: &str) -> Starting {
        let errors = self.path(errors);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(fs::File::create(&errors).unwrap());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, ready) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Starting { child, ready: Some(Ready(ready)), errors }
    }

    /// A server that is ready.
    pub fn start(&self) -> Server {
        self.spawn().wait_until_ready()
    }

    /// A server that is ready, on a port that was free just before.
    pub fn start_on(&self, port: u16) -> Server {
        self.spawn_on(self.command(&[]), port, &[]).wait_until_ready()
    }

    /// A server with further words on its command line.
    pub fn start_with(&self, further: &[&str]) -> Server {
        self.spawn_on(self.command(&[]), 0, further).wait_until_ready()
    }

    /// Starts the server, which must refuse to start; what it said.
    pub fn start_fails(&self) -> Said {
        let mut starting = self.spawn();
        let status = wait(&mut starting.child);
        let out = starting.take_ready().0.try_iter().collect();
        Said { is_ok: status.success(), out, err: fs::read_to_string(&starting.errors).unwrap() }
    }
}

impl Ready {
    /// The address and the origin, or `None` when the process ended before it was ready.
    pub fn address(&self) -> Option<(SocketAddr, String)> {
        match self.0.recv_timeout(PROCESS_TIME_MAX) {
            Ok(line) => Some(read_ready(&line)),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("neither ready nor ended"),
        }
    }
}

impl Starting {
    /// Takes the word of readiness apart, so that one thread can wait for it and another kill the process.
    pub fn take_ready(&mut self) -> Ready {
        self.ready.take().unwrap()
    }

    pub fn wait_until_ready(mut self) -> Server {
        let Some((address, origin)) = self.take_ready().address() else {
            panic!("the server did not start: {}", fs::read_to_string(&self.errors).unwrap());
        };
        Server { child: self.child, address, origin, errors: self.errors }
    }

    /// Kills the process (SIGKILL) at a moment that it does not choose.
    pub fn kill_after(&mut self, moment: Duration) {
        let until = Instant::now() + moment;
        while Instant::now() < until {
            std::thread::yield_now();
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Kills the process (SIGKILL) once it has written so many bytes to files and sockets.
    pub fn kill_after_writing(&mut self, bytes: u64) {
        let until = Instant::now() + PROCESS_TIME_MAX;
        let mut is_late = false;
        while !is_late && written(self.child.id()).is_some_and(|written| written < bytes) {
            is_late = Instant::now() > until;
            std::thread::yield_now();
        }
        // Killed in any case, so that nobody waits for it.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        assert!(!is_late, "{bytes} bytes were not written in time");
    }
}

/// Bytes that a process has handed to `write` and its like; `None` when it has ended.
pub fn written(id: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{id}/io")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("wchar: ")?.trim().parse().ok())
}

fn read_ready(line: &str) -> (SocketAddr, String) {
    let ready: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    let address = ready["address"].as_str().unwrap().trim_start_matches("http://").parse().unwrap();
    (address, ready["origin"].as_str().unwrap().to_owned())
}

/// Waits for the end of a process that is about to end.
fn wait(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + PROCESS_TIME_MAX;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if Instant::now() > until {
            child.kill().unwrap();
            panic!("the process did not end");
        }
        std::thread::yield_now();
    }
}

impl Server {
    pub fn connect(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.connect().get(path).unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it wrote to the error stream so far.
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap()
    }

    /// Resident memory in KiB.
    pub fn memory_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends Ctrl-C.
    pub fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Ctrl-C, and waits for the end.
    pub fn stop(mut self) {
        self.interrupt();
        self.ended_well();
    }

    /// Waits for the end of a process that was told to stop; it must have ended without an error.
    pub fn ended_well(&mut self) {
        let status = wait(&mut self.child);
        assert!(status.success(), "{status}: {}", self.errors());
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
