//! A configuration directory of one test, and the binary run on it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// How long a condition may take to come true before the test fails.
const PATIENCE: Duration = Duration::from_secs(100);

/// The binary, which lies beside the folder of the test executables.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows its own path");
    let profile = test
        .parent()
        .and_then(Path::parent)
        .expect("the test lies in its profile's folder");
    let binary = profile.join("tenon");
    assert!(
        binary.is_file(),
        "{} is not there; build it first: cargo build -p tenon",
        binary.display()
    );
    binary
}

/// The binary as a command, with nothing in its environment but what is given here.
pub(super) fn tenon(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// What a command came to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) code: Option<i32>,
    /// Data.
    pub(super) stdout: String,
    /// Talk.
    pub(super) stderr: String,
}

impl Done {
    pub(super) fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("the binary starts");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: status.code(),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }

    /// Fails unless the command ended with this code.
    #[track_caller]
    pub(super) fn with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Fails unless the talk holds this text.
    #[track_caller]
    pub(super) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no word of `{text}`: {self:#?}");
        self
    }

    /// Fails unless the data holds this text.
    #[track_caller]
    pub(super) fn shows(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no sign of `{text}`: {self:#?}");
        self
    }

    /// The data, one JSON document a line.
    #[track_caller]
    pub(super) fn documents(&self) -> Vec<Value> {
        let read = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
        };
        self.stdout.lines().map(read).collect()
    }

    /// The only document of the data.
    #[track_caller]
    pub(super) fn document(&self) -> Value {
        let mut documents = self.documents();
        assert_eq!(documents.len(), 1, "{self:#?}");
        documents.remove(0)
    }
}

/// A company of two: a CRM that sends, and an ERP that takes customers and orders as files.
pub(super) struct Site {
    directory: TempDir,
}

const SETTINGS: &str =
    "partitions = 2\n[http]\nlisten = '127.0.0.1:0'\ntoken = '${env:TENON_TOKEN}'\n";

const CRM: &str = r#"
name      = "crm"
kind      = "crm"
preset    = "files"
directory = "../crm"
deliver   = []

[tables]
order_status = "crm/order_status.csv"

[[receive]]
entity = "customer"
every  = "1h"

[[webhook]]
entity = "order"
name   = "orders"
auth   = { token = "${env:CRM_TOKEN}" }
"#;

const ERP: &str = r#"
name      = "erp"
kind      = "erp"
preset    = "files"
directory = "../erp"
receive   = []

[[deliver]]
entity = "customer"

[[deliver]]
entity = "order"
"#;

impl Site {
    pub(super) fn new() -> Self {
        let site = Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        };
        site.write("config/tenon.toml", SETTINGS);
        site.write("config/connectors/crm.toml", CRM);
        site.write("config/connectors/erp.toml", ERP);
        site.write(
            "config/connectors/crm/order_status.csv",
            "crm,canonical\n已确认,confirmed\n",
        );
        for folder in ["config/crm/out", "config/erp/in"] {
            std::fs::create_dir_all(site.path(folder)).expect("a folder of a system");
        }
        site
    }

    /// A directory with nothing in it.
    pub(super) fn bare() -> Self {
        Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    /// The binary on this configuration, its secrets set.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = tenon(arguments);
        command
            .env("TENON_CONFIG", self.path("config"))
            .env("TENON_TOKEN", "let-me-in")
            .env("CRM_TOKEN", "let-the-crm-in");
        command
    }

    pub(super) fn tenon(&self, arguments: &[&str]) -> Done {
        Done::of(&mut self.command(arguments))
    }

    /// Sends records as the CRM would; the ids of their messages.
    #[track_caller]
    pub(super) fn send(&self, entity: &str, records: &str) -> Vec<String> {
        let arguments = ["send", "--system", "crm", "--entity", entity, "--json", "-"];
        let mut child = self
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        child
            .stdin
            .take()
            .expect("a pipe")
            .write_all(records.as_bytes())
            .expect("written");
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().expect("it ends");
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        let stdout = String::from_utf8(stdout).expect("UTF-8");
        let id = |line: &str| {
            let sent: Value = serde_json::from_str(line).expect("JSON");
            sent["id"].as_str().expect("an id").to_owned()
        };
        stdout.lines().map(id).collect()
    }

    /// Starts the hub and waits until it says that it runs.
    pub(super) fn run(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(&[&["run"], arguments].concat()))
    }

    /// As `run`, with more in its environment.
    pub(super) fn run_in(&self, environment: &[(&str, &str)]) -> Running {
        let mut command = self.command(&["run"]);
        command.envs(environment.iter().copied());
        Running::start(command)
    }

    /// Waits until the ERP was given this file; what is in it.
    pub(super) fn given(&self, name: &str) -> Value {
        self.given_to("erp", name)
    }

    /// Waits until a system was given this file; what is in it.
    pub(super) fn given_to(&self, system: &str, name: &str) -> Value {
        let path = self.path(&format!("config/{system}/in")).join(name);
        eventually(|| {
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
            serde_json::from_str(&text).map_err(|error| format!("{name}: {error}: {text}"))
        })
    }

    /// Waits until a system was given so many files whose names begin like this; what is in them.
    pub(super) fn all_given_to(&self, system: &str, begins: &str, number: usize) -> Vec<Value> {
        let folder = self.path(&format!("config/{system}/in"));
        eventually(|| {
            let files = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
            let names = files.flatten().map(|file| file.file_name());
            let names = names.filter_map(|name| name.into_string().ok());
            let given = names.filter(|name| name.starts_with(begins) && name.ends_with(".json"));
            let read = |name: String| std::fs::read_to_string(folder.join(name));
            let given: Vec<Value> = given
                .filter_map(|name| serde_json::from_str(&read(name).ok()?).ok())
                .collect();
            match given.len() == number {
                true => Ok(given),
                false => Err(format!("{} files {begins}*: {given:?}", given.len())),
            }
        })
    }
}

/// A hub that runs.
pub(super) struct Running {
    child: Child,
    talk: Arc<Mutex<String>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let talk = Arc::new(Mutex::new(String::new()));
        let (heard, stderr) = (talk.clone(), child.stderr.take().expect("a pipe"));
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                *heard.lock().unwrap() += &(line + "\n");
            }
        });
        let running = Self { child, talk };
        running.hears("tenon is running");
        running
    }

    /// Waits until the hub has said this.
    pub(super) fn hears(&self, text: &str) {
        eventually(|| match self.talk() {
            talk if talk.contains(text) => Ok(()),
            talk => Err(format!("the hub does not say `{text}`: {talk}")),
        });
    }

    pub(super) fn talk(&self) -> String {
        self.talk.lock().unwrap().clone()
    }

    /// Where the HTTP side listens.
    pub(super) fn address(&self) -> String {
        let talk = self.talk();
        let address = talk
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        address.expect("an address in what it said").to_owned()
    }

    /// Asks the HTTP side; the status of the answer.
    pub(super) fn asked(&self, what: &str, headers: &str, body: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address()).expect("the hub listens");
        let length = body.len();
        let request = format!(
            "{what} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no status in {answer}"))
    }

    /// What the HTTP side answers to an operator.
    pub(super) fn get(&self, path: &str) -> Result<Value, String> {
        let mut stream = TcpStream::connect(self.address()).expect("the hub listens");
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: hub\r\nconnection: close\r\nauthorization: Bearer let-me-in\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let begins = body.find('{').ok_or_else(|| answer.clone())?;
        let ends = body.rfind('}').ok_or_else(|| answer.clone())?;
        serde_json::from_str(&body[begins..=ends]).map_err(|error| format!("{error}: {answer}"))
    }

    /// Sends SIGTERM.
    pub(super) fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends SIGHUP.
    pub(super) fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
    }

    /// Waits for the end.
    pub(super) fn end(mut self) -> ExitStatus {
        let child = Mutex::new(&mut self.child);
        eventually(|| match child.lock().unwrap().try_wait() {
            Ok(Some(status)) => Ok(status),
            other => Err(format!("the hub does not end: {other:?}")),
        })
    }

    /// Ends it as an operator would, and fails unless it ends well.
    pub(super) fn stop(self) {
        self.terminate();
        let talk = self.talk.clone();
        let status = self.end();
        assert_eq!(status.code(), Some(0), "{}", talk.lock().unwrap());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Only when the test failed before it ended the hub; after that there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `condition` is met; what it last said it lacked is what the test fails with.
pub(super) fn eventually<T>(condition: impl Fn() -> Result<T, String>) -> T {
    let began = Instant::now();
    loop {
        match condition() {
            Ok(value) => return value,
            Err(lacking) if began.elapsed() > PATIENCE => panic!("never came true: {lacking}"),
            Err(_) => std::thread::sleep(Duration::from_millis(25)),
        }
    }
}

/// A customer as the CRM's export has it.
pub(super) const CUSTOMER: &str = r#"{"客户编号":"C1","客户名称":"川可","工商全称":"上海川可贸易有限公司",
    "税号":"91350100M000100Y43","客户类型":"客户","手机":"13800000000"}"#;

/// An order of that customer as the CRM posts it.
pub(super) fn order(number: &str, status: &str) -> String {
    format!(
        r#"{{"orderNo":"{number}","customerId":"C1","orderDate":"2026-03-01","status":"{status}",
        "netAmount":"19.90","taxAmount":"2.587","totalAmount":22.487,
        "items":[{{"lineNo":1,"sku":"FS-305","qty":"1","price":"19.90","amount":19.90}}]}}"#
    )
}
