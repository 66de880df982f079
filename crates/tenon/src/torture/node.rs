//! A hub in a process of its own, started as any is and ended as none should be.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use tenon_pipeline::FailPoint;

use super::proxy::Proxy;
use crate::exit::Exit;

/// How long a node may take to answer.
const STARTING: Duration = Duration::from_secs(30);
/// How long a node may take to end in order.
const ENDING: Duration = Duration::from_secs(30);
/// How often a process is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Where a node's engines are, behind cables of its own.
pub(super) struct Cables {
    pub(super) broker: Arc<Proxy>,
    pub(super) store: Arc<Proxy>,
    /// The addresses that lead through them.
    pub(super) broker_url: String,
    pub(super) store_url: String,
}

/// One node.
pub(super) struct Node {
    name: String,
    config: PathBuf,
    /// Where its HTTP side listens.
    pub(super) listen: SocketAddr,
    log: PathBuf,
    pub(super) cables: Option<Cables>,
    /// The certificate of whoever vouches for the servers.
    authority: Option<PathBuf>,
    running: Option<Running>,
    /// Times it ended though nobody had ended it.
    pub(super) died: Vec<String>,
}

struct Running {
    child: Child,
    orders: ChildStdin,
    /// A fail point is armed: it may end at any time.
    doomed: bool,
}

impl Node {
    /// A node that does not run yet; its log grows in `directory`.
    pub(super) fn new(
        name: &str,
        directory: &Path,
        config: &Path,
        listen: SocketAddr,
        cables: Option<Cables>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            config: config.to_owned(),
            listen,
            log: directory.join(format!("{name}.log")),
            cables,
            authority: None,
            running: None,
            died: Vec::new(),
        }
    }

    /// A node that trusts the servers for which this certificate vouches.
    pub(super) fn trusting(mut self, authority: Option<PathBuf>) -> Self {
        self.authority = authority;
        self
    }

    /// Starts the process; it begins to work in its own time.
    pub(super) fn start(&mut self) -> Result<(), Exit> {
        self.launch(&[])
    }

    /// Starts the process with a clock that is so many seconds wrong.
    pub(super) fn start_with_clock(&mut self, seconds: i64) -> Result<(), Exit> {
        let Some(library) = wrong_clock() else {
            return self.start();
        };
        self.set_clock(seconds)?;
        let clock = self.clock().display().to_string();
        self.launch(&[
            ("LD_PRELOAD", library),
            ("FAKETIME_TIMESTAMP_FILE", &clock),
            ("FAKETIME_CACHE_DURATION", "1"),
            // Durations are measured with another clock, which no administrator can set.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ])
    }

    /// Sets a wrong clock while the process runs; it is noticed within a second.
    pub(super) fn set_clock(&self, seconds: i64) -> Result<(), Exit> {
        Ok(std::fs::write(self.clock(), format!("{seconds:+}\n"))?)
    }

    fn clock(&self) -> PathBuf {
        self.log.with_extension("clock")
    }

    fn launch(&mut self, environment: &[(&str, &str)]) -> Result<(), Exit> {
        // The shell lets a file that may not grow be an error of writing instead of the end, and
        // leaves no memory image behind: rules for one process alone, kept over `exec`.
        const SHELL: &str = "trap '' XFSZ; ulimit -c 0; exec \"$0\" \"$@\"";
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SHELL])
            .arg(std::env::current_exe()?)
            .args(["run", "--fail-points", "--config"])
            .arg(&self.config)
            .env("TENON__HTTP__LISTEN", self.listen.to_string())
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log);
        if let Some(authority) = &self.authority {
            command.env("SSL_CERT_FILE", authority);
        }
        if let Some(cables) = &self.cables {
            command
                .env("TENON__BROKER", &cables.broker_url)
                .env("TENON__STORE", &cables.store_url);
        }
        let mut child = command.spawn()?;
        let orders = child
            .stdin
            .take()
            .ok_or_else(|| Exit::runtime("the node takes no orders"))?;
        self.running = Some(Running {
            child,
            orders,
            doomed: false,
        });
        Ok(())
    }

    /// Whether it has ended, by itself or at a fail point; then it is to be started again.
    pub(super) fn has_ended(&mut self) -> bool {
        let Some(running) = &mut self.running else {
            return true;
        };
        let Ok(Some(status)) = running.child.try_wait() else {
            return false;
        };
        let at_a_point = running.doomed && status.signal() == Some(Signal::ABORT.as_raw());
        // Whoever finds its servers away when it starts says so and ends; it is started again.
        let servers_away = self.cables.is_some() && status.code() == Some(3);
        if !at_a_point && !servers_away {
            self.died.push(format!(
                "{}: {status}; {}",
                self.name,
                last_lines(&self.log)
            ));
        }
        self.running = None;
        true
    }

    /// Ends it without notice.
    pub(super) fn kill(&mut self) {
        if self.has_ended() {
            return;
        }
        if let Some(mut running) = self.running.take() {
            // A process that has ended meanwhile is as dead as one that is killed.
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Sends a signal.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            let _ = kill_process(pid, signal);
        }
    }

    fn pid(&self) -> Option<Pid> {
        Some(Pid::from_child(&self.running.as_ref()?.child))
    }

    /// Arms a fail point, or none.
    pub(super) fn arm(&mut self, point: Option<(FailPoint, u32)>) {
        let Some(running) = &mut self.running else {
            return;
        };
        let order = match point {
            Some((point, times)) => format!("{} {times}\n", point.as_str()),
            None => "none\n".to_owned(),
        };
        // Once armed it may have ended before it hears of anything else.
        running.doomed = true;
        let _ = running.orders.write_all(order.as_bytes());
    }

    /// No file of the node may grow over so many bytes; `None` lifts that.
    pub(super) fn limit_files(&self, bytes: Option<u64>) {
        // The hard limit stays as it was inherited: only then may the soft one be lifted again.
        let maximum = getrlimit(Resource::Fsize).maximum;
        let limit = Rlimit {
            current: bytes.or(maximum),
            maximum,
        };
        if let Some(pid) = self.pid() {
            let _ = prlimit(Some(pid), Resource::Fsize, limit);
        }
    }

    /// Ends it as an operator would.
    pub(super) async fn stop(&mut self) {
        self.signal(Signal::CONT);
        // Who has only just been started does not listen for signals yet, and would end by one.
        let began = Instant::now();
        while began.elapsed() < STARTING && !self.has_ended() && !self.answers().await {
            tokio::time::sleep(LOOK).await;
        }
        self.signal(Signal::TERM);
        let began = Instant::now();
        while let Some(running) = &mut self.running {
            match running.child.try_wait() {
                Ok(Some(status)) => {
                    self.judge_end(status);
                    self.running = None;
                }
                _ if began.elapsed() > ENDING => {
                    self.died
                        .push(format!("{}: does not end when told to", self.name));
                    self.kill();
                }
                _ => tokio::time::sleep(LOOK).await,
            }
        }
    }

    /// Whether its HTTP side takes callers.
    async fn answers(&self) -> bool {
        tokio::net::TcpStream::connect(self.listen).await.is_ok()
    }

    fn judge_end(&mut self, status: ExitStatus) {
        if !status.success() {
            self.died.push(format!(
                "{}: told to end, {status}; {}",
                self.name,
                last_lines(&self.log)
            ));
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(running) = &mut self.running {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

/// The library that gives a process a wrong clock (Debian's package libfaketime), if it is installed.
pub(super) fn wrong_clock() -> Option<&'static str> {
    const PLACES: [&str; 4] = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
        "/usr/lib/faketime/libfaketimeMT.so.1",
        "/usr/local/lib/faketime/libfaketimeMT.so.1",
    ];
    PLACES.into_iter().find(|place| Path::new(place).is_file())
}

/// The end of a log, for a person.
fn last_lines(log: &Path) -> String {
    use std::io::{Read, Seek, SeekFrom};
    const BYTES: u64 = 2000;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().unwrap_or_else(|error| format!("no log: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};

    use super::*;

    #[tokio::test]
    async fn who_has_only_just_been_started_is_told_to_end_when_it_listens()
    -> Result<(), Box<dyn std::error::Error>> {
        // A process that dies of the signal until it is told to heed it.
        const SHELL: &str =
            "read line; trap 'exit 0' TERM; echo heeding; while :; do sleep 0.01; done";
        let directory = tempfile::tempdir()?;
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        let listen = free.local_addr()?;
        drop(free);
        let mut node = Node::new("node", directory.path(), directory.path(), listen, None);
        let mut child = Command::new("/bin/sh")
            .args(["-c", SHELL])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (orders, said) = (child.stdin.take(), child.stdout.take());
        let (mut start, said) = (orders.ok_or("no input")?, said.ok_or("no output")?);
        let mut unheard = Command::new("/bin/cat").stdin(Stdio::piped()).spawn()?;
        let orders = unheard.stdin.take().ok_or("no input")?;
        node.running = Some(Running {
            child,
            orders,
            doomed: false,
        });
        let starting = async {
            start.write_all(b"go\n")?;
            let mut line = String::new();
            BufReader::new(said).read_line(&mut line)?;
            let listener = tokio::net::TcpListener::bind(listen).await?;
            Ok::<_, std::io::Error>((line, listener))
        };
        // What is named first is polled first: it is told to end before it heeds anything.
        let ((), started) = tokio::join!(node.stop(), starting);
        assert_eq!(started?.0, "heeding\n");
        unheard.wait()?;
        assert_eq!(node.died, Vec::<String>::new());
        assert!(node.running.is_none());
        Ok(())
    }
}
