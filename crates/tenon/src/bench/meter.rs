//! Counts effects in the target over time, and what the process spent on them.

use std::time::{Duration, Instant};

use crate::exit::Exit;

/// How often the target is counted: counting rows is work for its database, too.
const INTERVAL: Duration = Duration::from_millis(100);
/// Without any progress for so long, the count ends.
const PATIENCE: Duration = Duration::from_secs(30);

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meter {
    /// Effects in the target at the end.
    pub(super) counted: u64,
    /// Effects per second between the first tenth and the ninth.
    pub(super) rate: f64,
    /// CPU time of this process, user and system, in microseconds.
    pub(super) cpu_us: f64,
    /// The largest resident size seen, in MiB.
    pub(super) resident_mib: f64,
}

/// Counts until `expected` effects are there, or nothing moves any more.
pub(super) async fn until<F>(expected: u64, mut count: impl FnMut() -> F) -> Result<Meter, Exit>
where
    F: Future<Output = Result<u64, Exit>>,
{
    let (start, cpu_before) = (Instant::now(), cpu_us());
    let mut samples: Vec<(f64, u64)> = vec![(0.0, 0)];
    let (mut counted, mut progressed, mut resident_mib) = (0, Instant::now(), 0.0_f64);
    let mut ticks = tokio::time::interval(INTERVAL);
    while counted < expected && progressed.elapsed() < PATIENCE {
        ticks.tick().await;
        let now = count().await?;
        if now > counted {
            progressed = Instant::now();
        }
        counted = now;
        samples.push((start.elapsed().as_secs_f64(), counted));
        resident_mib = resident_mib.max(resident());
    }
    let rate = rate(&samples, expected);
    Ok(Meter {
        counted,
        rate,
        cpu_us: cpu_us() - cpu_before,
        resident_mib,
    })
}

/// The rate between the moments when a tenth and nine tenths were there: start and end excluded.
fn rate(samples: &[(f64, u64)], expected: u64) -> f64 {
    let reached = |share: u64| {
        samples
            .iter()
            .find(|(_, count)| *count >= expected * share / 10)
    };
    match (reached(1), reached(9)) {
        (Some((from, low)), Some((to, high))) if to > from => (high - low) as f64 / (to - from),
        (Some(_), Some((to, high))) if *to > 0.0 => *high as f64 / to,
        _ => 0.0,
    }
}

/// CPU time of this process so far; 0 where the system does not tell.
fn cpu_us() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|field| field.parse::<f64>().ok())
        .sum::<f64>()
        * 1e6
        / TICKS_PER_SECOND
}

/// Resident size of this process in MiB; 0 where the system does not tell.
pub(super) fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_leaves_out_both_ends() {
        let samples = [(0.0, 0), (1.0, 10), (2.0, 50), (3.0, 90), (9.0, 100)];
        assert_eq!(rate(&samples, 100), 40.0);
        assert_eq!(rate(&[(0.0, 0), (2.0, 100)], 100), 50.0);
        assert_eq!(rate(&[(0.0, 0), (2.0, 10)], 100), 0.0);
    }
}
