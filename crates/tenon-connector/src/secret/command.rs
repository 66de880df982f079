//! Secrets that a command knows: `pass show erp`, `vault kv get …`, a script of one's own.

use std::collections::HashMap;
use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};

/// The longest that a command may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long its answer is taken for what it would answer again.
const KEPT: Duration = Duration::from_secs(300);
/// The longest secret, in bytes.
const LONGEST: u64 = 64 * 1024;

static KNOWN: LazyLock<Mutex<HashMap<String, (Instant, SecretString)>>> =
    LazyLock::new(Mutex::default);

/// What a command writes to its standard output, without its last line end.
///
/// Run by `sh -c`, with the hub's own environment and nothing on its standard input. What it writes
/// to standard error is not kept: it may quote the secret.
///
/// # Errors
/// Why there is no secret, in words.
pub(super) fn answer(command: &str) -> Result<SecretString, String> {
    let mut known = KNOWN.lock().map_err(|_| "it failed before".to_owned())?;
    if let Some((at, secret)) = known.get(command)
        && at.elapsed() < KEPT
    {
        return Ok(secret.clone());
    }
    let secret = SecretString::from(run(command)?);
    if secret.expose_secret().is_empty() {
        return Err("it wrote nothing".to_owned());
    }
    known.insert(command.to_owned(), (Instant::now(), secret.clone()));
    Ok(secret)
}

fn run(command: &str) -> Result<String, String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("it cannot be started: {error}"))?;
    let output = child.stdout.take();
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.map(|output| output.take(LONGEST).read_to_string(&mut text));
        read.transpose().map(|_| text)
    });
    let began = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if began.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(None) => {
                // Whatever becomes of the killing, the secret is not there.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it did not end within {} s", PATIENCE.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    };
    if !status.success() {
        return Err(format!("it ended with {status}"));
    }
    let text = reading
        .join()
        .map_err(|_| "its output cannot be read".to_owned())?
        .map_err(|error| format!("its output cannot be read: {error}"))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
