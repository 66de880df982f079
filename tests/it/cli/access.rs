//! `tenon user`, `tenon token`, `tenon audit`, and what a hub that runs says to those who come.

use std::io::Write;
use std::process::{Output, Stdio};

use super::site::{Done, Site};

/// Runs a command that reads a password from standard input.
fn with_password(site: &Site, arguments: &[&str], password: &str) -> Done {
    let mut child = site
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin
        .write_all(format!("{password}\n").as_bytes())
        .expect("written");
    drop(stdin);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Done {
        code: status.code(),
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

const PASSWORD: &str = "correct horse battery";

#[test]
fn people_and_programs_are_let_in_from_the_command_line() {
    let site = Site::new();
    let add = ["user", "add", "chief", "--role", "administrator"];
    let done = site
        .tenon(&add)
        .with(0)
        .says("chief may sign in as administrator");
    assert!(
        done.stdout.starts_with("http://127.0.0.1:0/password#"),
        "{done:?}"
    );
    site.tenon(&add)
        .with(1)
        .says("there is an account of this name already");
    site.tenon(&["user", "add", "x", "--role", "king"])
        .with(2)
        .says("`king` is no role");
    let add = [
        "user",
        "add",
        "li.wei",
        "--role",
        "operator",
        "--system",
        "erp",
        "--password-stdin",
    ];
    with_password(&site, &add, "short")
        .with(1)
        .says("at least 10 characters");
    with_password(&site, &add, PASSWORD).with(0);
    site.tenon(&["user", "role", "li.wei", "steward"]).with(0);
    site.tenon(&["user", "disable", "chief"])
        .with(1)
        .says("no administrator would be left");
    site.tenon(&["user", "disable", "li.wei"])
        .with(0)
        .says("may not sign in any more");
    site.tenon(&["user", "disable", "li.wei", "--undo"])
        .with(0)
        .says("may sign in again");
    let done = site.tenon(&["user", "password", "li.wei"]).with(0);
    assert!(done.stdout.contains("/password#"), "{done:?}");
    site.tenon(&["user", "password", "nobody"])
        .with(1)
        .says("no user `nobody`");
    let listed = site.tenon(&["user", "list", "--json"]).with(0).documents();
    assert_eq!(
        (&listed[0]["user"], &listed[1]["user"]),
        (&"chief".into(), &"li.wei".into())
    );
    assert_eq!(listed[1]["role"], "steward");
    site.tenon(&["user", "list"]).with(0).shows("administrator");

    let made = site
        .tenon(&["token", "create", "report", "--days", "30"])
        .with(0);
    let token = made.stdout.trim().to_owned();
    assert!(token.starts_with("tenon_"), "{token}");
    let listed = site.tenon(&["token", "list", "--json"]).with(0);
    assert!(!listed.stdout.contains(&token));
    assert_eq!(listed.document()["role"], "viewer");
    assert_eq!(listed.document()["scopes"], serde_json::Value::Null);
    let scrape = [
        "token",
        "create",
        "scrape",
        "--scope",
        "metrics:read",
        "--scope",
        "health:read",
    ];
    site.tenon(&scrape).with(0);
    let listed = site.tenon(&["token", "list", "--json"]).with(0).documents();
    assert_eq!(
        listed[0]["scopes"],
        serde_json::json!(["health:read", "metrics:read"])
    );
    site.tenon(&["token", "list"])
        .with(0)
        .shows("health:read, metrics:read");
    site.tenon(&["token", "create", "other", "--scope", "metrics:write"])
        .with(1)
        .says("`metrics:write` is no scope: access:read, ");
    site.tenon(&["token", "revoke", "report"]).with(0);
    site.tenon(&["token", "revoke", "other"])
        .with(1)
        .says("no token `other`");
    site.tenon(&["token", "list"]).with(0).shows("report");

    let verified = site
        .tenon(&["audit", "verify", "--json"])
        .with(0)
        .document();
    assert_eq!(verified["broken"], serde_json::Value::Null);
    let head = verified["head"].as_str().expect("a head").to_owned();
    site.tenon(&["audit", "verify", "--head", &head])
        .with(0)
        .shows("entries hold");
    let other = head.replace('a', "b");
    site.tenon(&["audit", "verify", "--head", &other])
        .with(1)
        .says("was tampered with");
    let trail = site.tenon(&["audit", "export"]).with(0);
    assert_eq!(
        trail.documents().len() as u64,
        verified["entries"].as_u64().expect("a count")
    );
    assert!(!trail.stdout.contains(&token) && !trail.stdout.contains(PASSWORD));
    assert_eq!(trail.documents()[0]["via"], "command line");
    site.tenon(&["audit", "export", "--format", "csv"])
        .with(0)
        .shows("position,at,who");
}

#[test]
fn a_hub_says_how_the_first_one_gets_in_and_logs_no_secret() {
    let site = Site::new();
    let hub = site.run(&["-vv"]);
    hub.hears("the first administrator follows");
    let talk = hub.talk();
    let link = talk.split("/first#").nth(1).expect("a link");
    let link = link
        .split_whitespace()
        .next()
        .expect("a token")
        .trim_end_matches('"')
        .to_owned();
    let json = "content-type: application/json\r\n";
    let body = format!("{{\"token\":\"{link}\",\"user\":\"chief\",\"password\":\"{PASSWORD}\"}}");
    assert_eq!(hub.asked("POST /api/v1/session/first", json, &body), 200);
    assert_eq!(hub.asked("POST /api/v1/session/first", json, &body), 401);
    let sign_in = format!("{{\"user\":\"chief\",\"password\":\"{PASSWORD}\"}}");
    assert_eq!(hub.asked("POST /api/v1/session", json, &sign_in), 200);
    let secret = "authorization: Bearer let-me-in\r\n";
    assert_eq!(hub.asked("GET /api/v1/summary", secret, ""), 200);
    let wrong =
        "authorization: Bearer tenon_a-token-that-was-stolen\r\ncookie: tenon=a-stolen-session\r\n";
    assert_eq!(
        hub.asked("GET /api/v1/summary?token=in-the-query", wrong, ""),
        401
    );
    let again = site.run(&["--role", "api"]);
    let said = again.talk();
    assert!(!said.contains("/first#"), "there is somebody now: {said}");
    again.stop();
    let talk = hub.talk();
    assert!(talk.contains("answered"), "{talk}");
    for secret in [
        PASSWORD,
        "let-me-in",
        "a-token-that-was-stolen",
        "a-stolen-session",
        "in-the-query",
    ] {
        assert!(!talk.contains(secret), "`{secret}` is in the log: {talk}");
    }
    hub.stop();
}

#[test]
fn mistakes_in_who_may_what_are_told_with_their_place() {
    let site = Site::new();
    let settings = "[access]\nidle = '2h'\nlongest = '1h'\nlock_after = 0\n[access.oidc]\n\
        issuer = 'https://id.example.com'\nclient_id = 'tenon'\nclient_secret = 'in plain sight'\nroles = []\n\
        [alerts]\nurl = '${env:NO_SUCH_ALERT_URL}'\nsecret = 'in plain sight'\n";
    site.write("config/tenon.toml", settings);
    let done = site.tenon(&["check"]).with(2);
    let said = format!("{}{}", done.stdout, done.stderr);
    for place in ["tenon.toml:8", "tenon.toml:12"] {
        assert!(said.contains(place), "no word of {place}: {said}");
    }
    let settings = settings.replace("'in plain sight'", "'${env:CRM_TOKEN}'");
    site.write("config/tenon.toml", &settings);
    let done = site.tenon(&["check"]).with(2);
    let said = format!("{}{}", done.stdout, done.stderr);
    for words in [
        "`longest` must be at least `idle`",
        "0 would let nobody sign in",
        "needs `url` under `[access]`",
    ] {
        assert!(said.contains(words), "no word of {words}: {said}");
    }
    let settings = "[alerts]\nurl = '${env:NO_SUCH_ALERT_URL}'\n";
    site.write("config/tenon.toml", settings);
    let done = site.tenon(&["check"]);
    let said = format!("{}{}", done.stdout, done.stderr);
    assert!(said.contains("NO_SUCH_ALERT_URL"), "{said}");
}
