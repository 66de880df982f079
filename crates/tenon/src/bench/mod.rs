//! `tenon bench`: throughput with ground truth in the target, beside the broker's own limit.
//!
//! Each scenario is preceded, in the same run, by the *raw hop*: the very messages that the scenario
//! finds in its inbound queue, headers and all, through the same broker from queue to queue: consumed,
//! published with confirms and acknowledged, with no work at all. The ratio of the two is what our
//! stages cost; it holds on a busy machine too.

mod ground;
mod load;
mod meter;

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tenon_broker::{Publication, Queue, SharedBroker};
use tenon_connector::{Deployment, Inlet};
use tenon_core::{Message, Native, SystemName};
use tenon_pipeline::{
    Accept, Hub, MasterPolicy, Roles, Settings, deliver_queue, inbound_queue, native_publication,
};

use crate::cli::{Bench, Engine, Scenario};
use crate::exit::Exit;
use crate::output;
use ground::Ground;
use meter::Meter;

/// Lanes of the raw hop and partitions of the hub.
const LANES: u32 = 4;
/// Messages published at once.
const BATCH: usize = 256;

/// What a scenario came to; the keys are a contract.
#[derive(Debug, Serialize)]
struct Report {
    scenario: &'static str,
    engine: &'static str,
    messages: u64,
    counted_in_target: u64,
    messages_per_second: f64,
    raw_hop_messages_per_second: f64,
    ratio: f64,
    cpu_us_per_message: f64,
    latency_ms: Latency,
    resident_mib: f64,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p99: f64,
}

pub(crate) async fn run(options: Bench) -> Result<(), Exit> {
    let scenarios = match options.scenario {
        Some(scenario) => vec![scenario],
        None => vec![Scenario::Route, Scenario::Full],
    };
    let mut reports = Vec::new();
    for scenario in scenarios {
        let ground = Ground::prepare(&options).await?;
        let measured = measure(&options, scenario, &ground).await;
        ground.clear().await?;
        let report = measured?;
        if options.json {
            output::json(&report)?;
        }
        reports.push(report);
    }
    if !options.json {
        show(&reports);
    }
    match reports
        .iter()
        .find(|report| report.counted_in_target != report.messages)
    {
        None => Ok(()),
        Some(report) => Err(Exit::runtime(format!(
            "{} of {} messages were counted in the target",
            report.counted_in_target, report.messages
        ))),
    }
}

async fn measure(options: &Bench, scenario: Scenario, ground: &Ground) -> Result<Report, Exit> {
    let raw = raw_hop(ground, options.messages).await?;
    let meter = match scenario {
        Scenario::Route => route(ground, options.messages).await?,
        Scenario::Full => full(ground, options.messages).await?,
    };
    let latency = ground
        .store
        .dashboard()
        .await?
        .latency_ms
        .unwrap_or((0.0, 0.0));
    Ok(Report {
        scenario: match scenario {
            Scenario::Route => "route",
            Scenario::Full => "full",
        },
        engine: match options.engine {
            Engine::Embedded => "embedded",
            Engine::Rabbitmq => "rabbitmq",
        },
        messages: options.messages,
        counted_in_target: meter.counted,
        messages_per_second: meter.rate,
        raw_hop_messages_per_second: raw.rate,
        ratio: meter.rate / raw.rate,
        cpu_us_per_message: meter.cpu_us / options.messages as f64,
        latency_ms: Latency {
            p50: latency.0,
            p99: latency.1,
        },
        resident_mib: meter.resident_mib,
    })
}

/// Messages from `raw.inbound.N` to `raw.out`, with no work between.
async fn raw_hop(ground: &Ground, messages: u64) -> Result<Meter, Exit> {
    let broker = &ground.broker;
    let inbound = |queue: &str| format!("raw.{queue}");
    let queue = |name: String| Queue {
        name,
        single_active_consumer: true,
        max_length: None,
    };
    let out = "raw.out".to_owned();
    let mut queues: Vec<Queue> = (0..LANES)
        .map(|lane| queue(inbound(&inbound_queue(lane))))
        .collect();
    queues.push(Queue {
        single_active_consumer: false,
        ..queue(out.clone())
    });
    broker.declare(&queues).await?;
    let inlet = inlet(ground)?;
    for start in (0..messages).step_by(BATCH) {
        let numbers = start..messages.min(start + BATCH as u64);
        let publication = |number| {
            let publication = native_publication(&order(inlet, number), LANES, false);
            Publication {
                queue: inbound(&publication.queue),
                ..publication
            }
        };
        publish(broker, numbers.map(publication).collect()).await?;
    }
    let stop = tokio_util::sync::CancellationToken::new();
    let mut hops = tokio::task::JoinSet::new();
    for lane in 0..LANES {
        let (broker, stop, out) = (broker.clone(), stop.clone(), out.clone());
        let from = inbound(&inbound_queue(lane));
        hops.spawn(async move {
            let mut consumer = broker.consume(&from, 512).await?;
            loop {
                let batch = tokio::select! {
                    () = stop.cancelled() => return Ok::<(), Exit>(()),
                    batch = consumer.next_batch(BATCH) => batch?,
                };
                let Some(last) = batch.last().map(|delivery| delivery.tag) else {
                    continue;
                };
                let publications = batch
                    .into_iter()
                    .map(|delivery| Publication {
                        queue: out.clone(),
                        headers: delivery.headers,
                        body: delivery.body,
                    })
                    .collect();
                publish(&broker, publications).await?;
                consumer.ack_through(last).await?;
            }
        });
    }
    let meter = meter::until(messages, || broker_depth(broker, &out)).await?;
    stop.cancel();
    while hops.join_next().await.is_some() {}
    Ok(meter)
}

async fn broker_depth(broker: &SharedBroker, queue: &str) -> Result<u64, Exit> {
    Ok(broker.depth(queue).await?)
}

async fn publish(broker: &SharedBroker, batch: Vec<Publication>) -> Result<(), Exit> {
    match broker
        .publish(batch)
        .await
        .into_iter()
        .find_map(Result::err)
    {
        None => Ok(()),
        Some(error) => Err(error.into()),
    }
}

/// Inbound queue → all stages → confirmed in the target's queue.
async fn route(ground: &Ground, messages: u64) -> Result<Meter, Exit> {
    let queues = tenon_pipeline::queues(&ground.deployment, LANES);
    ground.broker.declare(&queues).await?;
    accept_all(ground, messages).await?;
    let roles = Roles {
        receive: false,
        route: true,
        deliver: false,
    };
    let hub = start(ground, roles).await?;
    let target = deliver_queue(&target()?);
    let meter = meter::until(messages, || broker_depth(&ground.broker, &target)).await;
    hub.stop().await;
    meter
}

/// Source → row in a SQL target, outcome journaled.
async fn full(ground: &Ground, messages: u64) -> Result<Meter, Exit> {
    let hub = start(
        ground,
        Roles {
            receive: false,
            ..Roles::ALL
        },
    )
    .await?;
    let metered = async {
        let (meter, accepted) = tokio::join!(
            meter::until(messages, || ground.count_rows()),
            accept_all(ground, messages)
        );
        accepted?;
        meter
    };
    let meter = metered.await;
    hub.stop().await;
    meter
}

async fn start(ground: &Ground, roles: Roles) -> Result<Hub, Exit> {
    let settings = Settings {
        roles,
        partitions: LANES,
        master: MasterPolicy::default(),
        keep: None,
    };
    let deployment: Arc<Deployment> = ground.deployment.clone();
    Ok(Hub::start(
        settings,
        deployment,
        ground.broker.clone(),
        ground.store.clone(),
    )
    .await?)
}

async fn accept_all(ground: &Ground, messages: u64) -> Result<(), Exit> {
    let inlet = inlet(ground)?;
    let accept = Accept::new(ground.broker.clone(), LANES);
    let mut batch = Vec::with_capacity(BATCH);
    for number in 0..messages {
        batch.push(order(inlet, number));
        if batch.len() == BATCH || number + 1 == messages {
            accept_retrying(&accept, &batch).await?;
            batch.clear();
        }
    }
    Ok(())
}

/// Where the bench's orders come in.
fn inlet(ground: &Ground) -> Result<&Inlet, Exit> {
    let mut inlets = ground
        .deployment
        .systems
        .iter()
        .flat_map(|system| &system.inlets);
    inlets
        .next()
        .ok_or_else(|| Exit::runtime("the bench's source has no inlet"))
}

/// One order as its source hands it in.
fn order(inlet: &Inlet, number: u64) -> Message<Native> {
    inlet.message(load::order(number), None, None, "bench".to_owned())
}

/// A full queue makes a source wait; anything else ends the bench.
async fn accept_retrying(accept: &Accept, batch: &[Message<Native>]) -> Result<(), Exit> {
    loop {
        match accept.accept(batch).await {
            Ok(()) => return Ok(()),
            Err(failure) if failure.code == "broker.full" => {
                tokio::time::sleep(Duration::from_millis(10)).await; // why: back-pressure
            }
            Err(failure) => return Err(failure.into()),
        }
    }
}

fn target() -> Result<SystemName, Exit> {
    SystemName::new(ground::TARGET).map_err(|error| Exit::runtime(error.to_string()))
}

fn show(reports: &[Report]) {
    let rows: Vec<Vec<String>> = reports
        .iter()
        .map(|report| {
            vec![
                report.scenario.to_owned(),
                report.engine.to_owned(),
                report.messages.to_string(),
                report.counted_in_target.to_string(),
                format!("{:.0}", report.messages_per_second),
                format!("{:.0}", report.raw_hop_messages_per_second),
                format!("{:.2}", report.ratio),
                format!("{:.0}", report.cpu_us_per_message),
                format!("{:.0}", report.latency_ms.p50),
                format!("{:.0}", report.latency_ms.p99),
                format!("{:.0}", report.resident_mib),
            ]
        })
        .collect();
    let header = [
        "scenario",
        "engine",
        "messages",
        "in target",
        "msg/s",
        "raw hop/s",
        "ratio",
        "CPU µs",
        "p50 ms",
        "p99 ms",
        "MiB",
    ];
    output::table(&header, &rows);
}
