//! Asks a running hub at a fixed rate whether customers are known: `tests/bench/online.py` starts it.
//!
//! ```text
//! checks URL TOKEN QUERIES.csv RATE SECONDS
//! ```
//!
//! Latency is counted from the moment at which a check was to be sent, so that a hub which stands
//! still is not spared the checks that wait. One JSON line: latencies in milliseconds, and how often
//! the right master was the first candidate, and among the first five.

#![allow(clippy::print_stdout, reason = "its figures are data for stdout")]

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

#[derive(Debug, Deserialize)]
struct Query {
    entity_id: i64,
    name: String,
    tax_id: String,
    code: String,
    phone: String,
    email: String,
    address: String,
    contact: String,
    city: String,
}

impl Query {
    fn customer(&self) -> Value {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let listed = |text: &str| given(text).into_iter().collect::<Vec<_>>();
        let placed = !self.address.is_empty() || !self.city.is_empty();
        let address = json!({"street": given(&self.address), "city": given(&self.city)});
        json!({
            "legal_name": given(&self.name),
            "tax_id": given(&self.tax_id),
            "code": given(&self.code),
            "phones": listed(&self.phone),
            "emails": listed(&self.email),
            "addresses": if placed { vec![address] } else { Vec::new() },
            "contacts": listed(&self.contact).iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        })
    }

    /// The master that the loader made of the company; none if it was not loaded.
    fn master(&self) -> Option<String> {
        (self.entity_id >= 0).then(|| format!("00000000-0000-7000-8000-{:012x}", self.entity_id))
    }
}

/// A check that is ready to be sent: what is measured is the hub, so little as can be is done
/// between.
struct Prepared {
    body: bytes::Bytes,
    master: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    candidates: Vec<Candidate>,
}

#[derive(Debug, Deserialize)]
struct Candidate {
    master_id: String,
}

/// What became of one check.
struct Asked {
    latency: Duration,
    /// Where the right master stood; none if it did not.
    place: Option<usize>,
    is_known: bool,
}

async fn ask(
    client: &reqwest::Client,
    url: &str,
    token: &str,
    check: &Prepared,
    due: Instant,
) -> Result<Asked, String> {
    let answer = client
        .post(format!("{url}/api/v1/masters/check"))
        .bearer_auth(token)
        .body(check.body.clone())
        .send()
        .await
        .and_then(reqwest::Response::error_for_status);
    let answer: Answer = match answer {
        Ok(answer) => answer.json().await.map_err(|error| error.to_string())?,
        Err(error) => return Err(error.to_string()),
    };
    let latency = due.elapsed();
    let place = answer
        .candidates
        .iter()
        .position(|candidate| Some(&candidate.master_id) == check.master.as_ref());
    Ok(Asked {
        latency,
        place,
        is_known: check.master.is_some(),
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, token, path, rate, seconds] = arguments.as_slice() else {
        return Err("checks URL TOKEN QUERIES.csv RATE SECONDS".into());
    };
    let queries: Vec<Query> = csv::Reader::from_path(path)?
        .deserialize()
        .collect::<Result<_, _>>()?;
    let checks = queries.iter().map(|query| Prepared {
        body: query.customer().to_string().into(),
        master: query.master(),
    });
    let checks: Arc<Vec<Prepared>> = Arc::new(checks.collect());
    let (rate, seconds): (f64, f64) = (rate.parse()?, seconds.parse()?);
    let client = reqwest::Client::new();
    let (url, token): (Arc<str>, Arc<str>) = (url.as_str().into(), token.as_str().into());
    let began = Instant::now();
    let mut underway = Vec::new();
    for number in 0..(rate * seconds) as usize {
        let due = began + Duration::from_secs_f64(number as f64 / rate);
        sleep_until(due).await;
        let (client, checks) = (client.clone(), checks.clone());
        let (url, token) = (url.clone(), token.clone());
        underway.push(tokio::spawn(async move {
            let check = &checks[number % checks.len()];
            ask(&client, &url, &token, check, due).await
        }));
    }
    let (mut asked, mut failed) = (Vec::new(), Vec::new());
    for check in underway {
        match check.await? {
            Ok(answer) => asked.push(answer),
            Err(reason) => failed.push(reason),
        }
    }
    let took = began.elapsed().as_secs_f64();
    let mut latencies: Vec<f64> = asked
        .iter()
        .map(|it| it.latency.as_secs_f64() * 1_000.0)
        .collect();
    latencies.sort_by(f64::total_cmp);
    let at = |share: f64| {
        latencies
            .get((latencies.len() as f64 * share) as usize)
            .copied()
    };
    let known: Vec<&Asked> = asked.iter().filter(|it| it.is_known).collect();
    let share = |within: usize| {
        let found = known
            .iter()
            .filter(|it| it.place.is_some_and(|place| place < within));
        found.count() as f64 / known.len().max(1) as f64
    };
    println!(
        "{}",
        json!({
            "checks": asked.len(), "failed": failed.len(), "first_failure": failed.first(),
            "checks_per_second": (asked.len() as f64 / took).round(),
            "latency_ms": {"p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p999": at(0.999), "max": latencies.last()},
            "right_master_first": share(1), "right_master_in_five": share(5),
        })
    );
    Ok(())
}
