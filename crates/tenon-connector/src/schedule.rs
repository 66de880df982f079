//! When a system is asked and when it is left alone, by the clock of a named zone.
//!
//! ```toml
//! [[maintenance]]                       # Saturdays from 22:00 to 2:00 nothing is asked and nothing given
//! cron  = "0 22 * * SAT"
//! zone  = "Asia/Shanghai"
//! lasts = "4h"
//!
//! [[receive]]
//! entity   = "inventory"
//! schedule = { cron = "30 2 * * *", zone = "Asia/Shanghai" }
//! ```
//!
//! A schedule is for what may be read only now and then; a time that passed while the hub was down
//! is not made up for. In a maintenance window messages wait: no delivery is tried, and none counts.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use croner::Cron;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::Error;
use tenon_core::{Entity, Failure, Message, Outbound};

use crate::{
    Checkpoint, Delivered, Guarantee, Humane, Inlet, Intake, Outlet, Permit, Received, Sink,
    Source, Transport,
};

/// The longest window: a longer one is a system that is not there.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Times that come again: minute, hour, day of month, month, day of week, in a zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Box<Cron>,
    zone: TimeZone,
    text: Box<str>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScheduleConfig {
    /// Minute, hour, day of month, month, day of week.
    #[schemars(example = &"30 2 * * 1-5")]
    cron: String,
    /// The zone whose clock counts.
    #[schemars(example = &"Asia/Shanghai")]
    zone: String,
}

impl JsonSchema for Schedule {
    fn schema_name() -> Cow<'static, str> {
        "schedule".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ScheduleConfig::json_schema(generator)
    }
}

impl Schedule {
    fn new<E: Error>(cron: &str, zone: &str) -> Result<Self, E> {
        let read = Cron::from_str(cron).map_err(|error| {
            E::custom(format_args!(
                "`{cron}` is no cron pattern such as \"30 2 * * 1-5\": {error}"
            ))
        })?;
        let zone = TimeZone::get(zone).map_err(|_| {
            E::custom(format_args!(
                "`{zone}` is no time zone such as Asia/Shanghai"
            ))
        })?;
        Ok(Self {
            cron: Box::new(read),
            zone,
            text: cron.into(),
        })
    }

    /// The pattern, as it is written.
    pub fn cron(&self) -> &str {
        &self.text
    }

    /// The zone by whose clock it goes: `Asia/Shanghai`.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// The first time after `moment`; `None` for a pattern that never comes, such as 30 February.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let moment: Zoned = moment.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&moment, false).ok()?;
        Some(next.timestamp())
    }
}

impl<'de> Deserialize<'de> for Schedule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let config = ScheduleConfig::deserialize(deserializer)?;
        Self::new(&config.cron, &config.zone)
    }
}

/// Times at which a system is left alone, each for a while.
#[derive(Debug, Clone)]
pub struct Window {
    /// When it begins.
    pub begins: Schedule,
    /// For how long.
    pub lasts: Duration,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WindowConfig {
    /// When it opens: minute, hour, day of month, month, day of week.
    #[schemars(example = &"0 22 * * SAT")]
    cron: String,
    /// The zone whose clock counts.
    #[schemars(example = &"Asia/Shanghai")]
    zone: String,
    /// How long it is open, at most a week.
    #[schemars(example = &"4h")]
    lasts: Humane,
}

impl JsonSchema for Window {
    fn schema_name() -> Cow<'static, str> {
        "window".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        WindowConfig::json_schema(generator)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let config = WindowConfig::deserialize(deserializer)?;
        if config.lasts.0.is_zero() || config.lasts.0 > LONGEST {
            return Err(D::Error::custom(
                "a window lasts for more than nothing and at most a week",
            ));
        }
        Ok(Self {
            begins: Schedule::new(&config.cron, &config.zone)?,
            lasts: config.lasts.0,
        })
    }
}

impl Window {
    /// How long the window is still open at `moment`, if it is.
    pub fn left(&self, moment: Timestamp) -> Option<Duration> {
        let earliest = moment.checked_sub(self.lasts).ok()?;
        // Of windows that overlap themselves the last one counts: it is open longest.
        let mut began = None;
        let mut at = earliest;
        while let Some(next) = self.begins.after(at).filter(|next| *next <= moment) {
            began = Some(next);
            at = next;
        }
        let ends = began?.checked_add(self.lasts).ok()?;
        Duration::try_from(ends.duration_since(moment)).ok()
    }
}

/// A transport that heeds the clock.
#[derive(Debug)]
pub(crate) struct Attended {
    pub(crate) inner: Arc<dyn Transport>,
    pub(crate) windows: Arc<[Window]>,
}

fn closed(windows: &[Window], moment: Timestamp) -> Option<Duration> {
    windows
        .iter()
        .filter_map(|window| window.left(moment))
        .max()
}

#[async_trait]
impl Transport for Attended {
    fn guarantee(&self, entity: Entity) -> Guarantee {
        self.inner.guarantee(entity)
    }

    async fn open_source(
        &self,
        inlet: &Inlet,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Box<dyn Source>, Failure> {
        let inner = self.inner.open_source(inlet, checkpoint).await?;
        let schedule = match &inlet.intake {
            Intake::Poll { schedule, .. } => schedule.clone(),
            Intake::Webhook(_) => None,
        };
        let due = schedule
            .as_ref()
            .map(|schedule| schedule.after(Timestamp::now()));
        Ok(Box::new(AttendedSource {
            inner,
            windows: self.windows.clone(),
            schedule,
            due: due.flatten(),
        }))
    }

    async fn open_sink(&self, outlet: &Outlet) -> Result<Arc<dyn Sink>, Failure> {
        Ok(Arc::new(AttendedSink {
            inner: self.inner.open_sink(outlet).await?,
            windows: self.windows.clone(),
        }))
    }

    async fn complete(&self, inlet: &Inlet, record: Bytes) -> Result<Bytes, Failure> {
        open(&self.windows)?;
        self.inner.complete(inlet, record).await
    }
}

/// Whether the system may be spoken to.
fn open(windows: &[Window]) -> Result<(), Failure> {
    match closed(windows, Timestamp::now()) {
        None => Ok(()),
        Some(left) => Err(Failure::transient(
            "maintenance",
            format!(
                "the system is in a maintenance window for {} s more; what goes to it waits",
                left.as_secs()
            ),
        )
        .retry_after(left)),
    }
}

struct AttendedSource {
    inner: Box<dyn Source>,
    windows: Arc<[Window]>,
    schedule: Option<Schedule>,
    /// When a scheduled inlet is read next; it is read on until there is nothing more.
    due: Option<Timestamp>,
}

#[async_trait]
impl Source for AttendedSource {
    async fn receive(&mut self) -> Result<Option<Received>, Failure> {
        let now = Timestamp::now();
        if closed(&self.windows, now).is_some() {
            return Ok(None);
        }
        let Some(schedule) = &self.schedule else {
            return self.inner.receive().await;
        };
        if self.due.is_none_or(|due| due > now) {
            return Ok(None);
        }
        let received = self.inner.receive().await?;
        if received.is_none() {
            self.due = schedule.after(Timestamp::now());
        }
        Ok(received)
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        self.inner.settle().await
    }
}

struct AttendedSink {
    inner: Arc<dyn Sink>,
    windows: Arc<[Window]>,
}

#[async_trait]
impl Sink for AttendedSink {
    async fn probe(&self) -> Result<(), Failure> {
        open(&self.windows)?;
        self.inner.probe().await
    }

    async fn deliver(
        &self,
        batch: &[Message<Outbound>],
        permit: &dyn Permit,
    ) -> Vec<Result<Delivered, Failure>> {
        match open(&self.windows) {
            Ok(()) => self.inner.deliver(batch, permit).await,
            Err(failure) => batch.iter().map(|_| Err(failure.clone())).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(cron: &str, zone: &str) -> Schedule {
        Schedule::new::<serde::de::value::Error>(cron, zone).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let check = |cron: &str, zone: &str, moment: &str, expected: &str| {
            let next = schedule(cron, zone).after(at(moment)).unwrap();
            assert_eq!(next, at(expected), "{cron} {zone} after {moment}");
        };
        check(
            "30 2 * * *",
            "Asia/Shanghai",
            "2026-03-01T00:00:00Z",
            "2026-03-01T18:30:00Z",
        );
        check(
            "0 22 * * SAT",
            "Asia/Shanghai",
            "2026-03-01T00:00:00Z",
            "2026-03-07T14:00:00Z",
        );
        // Half past two does not exist in Berlin on the last Sunday of March: it is read once all the same.
        let next = schedule("30 2 * * *", "Europe/Berlin").after(at("2026-03-28T12:00:00Z"));
        assert!(next.unwrap() < at("2026-03-29T12:00:00Z"), "{next:?}");
        assert_eq!(
            schedule("0 0 30 2 *", "UTC").after(at("2026-03-01T00:00:00Z")),
            None
        );
    }

    #[test]
    fn a_window_is_open_from_its_beginning_until_its_end() {
        let window: Window =
            toml::from_str("cron = '0 22 * * SAT'\nzone = 'Asia/Shanghai'\nlasts = '4h'").unwrap();
        let check = |moment: &str, expected: Option<u64>| {
            let left = window.left(at(moment)).map(|left| left.as_secs());
            assert_eq!(left, expected, "{moment}");
        };
        check("2026-03-07T13:59:59Z", None);
        check("2026-03-07T14:00:00Z", Some(4 * 3600));
        check("2026-03-07T17:59:59Z", Some(1));
        check("2026-03-08T14:00:00Z", None);
    }

    #[test]
    fn what_is_no_time_is_told() {
        let refused = |text: &str| toml::from_str::<Window>(text).unwrap_err().to_string();
        assert!(refused("cron = 'noon'\nzone = 'UTC'\nlasts = '1h'").contains("no cron pattern"));
        assert!(
            refused("cron = '0 2 * * *'\nzone = 'Shanghai'\nlasts = '1h'").contains("no time zone")
        );
        assert!(
            refused("cron = '0 2 * * *'\nzone = 'UTC'\nlasts = '8d'").contains("at most a week")
        );
    }
}
