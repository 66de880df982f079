//! Connections that break while messages flow. Only servers have connections.

use sqlx::{Connection, PgConnection};
use tenon_pipeline::Roles;

use super::company::Erp;
use super::durability::{all_there_in_order, applied_at_least, orders};
use super::place::{House, Place};
use crate::servers::{postgres_url, rabbitmqctl};

const KEYS: usize = 50;
const REVISIONS: usize = 20;

/// Cuts with `cut` three times while messages flow; all of them arrive, in order.
async fn interrupted(house: &House, cut: impl AsyncFn()) {
    house.shop_and_erp(Erp::Orders).await;
    let node = house.node().await;
    let hub = node.start(Roles::ALL).await;
    let messages = orders(&node, KEYS, REVISIONS);
    let accept = node.accept();
    let sending = async {
        for portion in messages.chunks(50) {
            // What the broker does not confirm stays with the sender, who sends it again.
            super::place::eventually(async || {
                accept
                    .accept(portion)
                    .await
                    .map_err(|failure| failure.to_string())
            })
            .await;
        }
    };
    let cutting = async {
        for cuts in 1..=3 {
            applied_at_least(house, cuts * 100).await;
            cut().await;
        }
    };
    tokio::join!(sending, cutting);
    all_there_in_order(house, &node, KEYS, REVISIONS).await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_broker_connection_loses_nothing() {
    let house = House::rabbitmq().await;
    let Place::Servers { vhost, .. } = house.place() else {
        panic!("on servers")
    };
    let name = vhost
        .name
        .clone()
        .expect("a virtual host of the test's own, by rabbitmqctl");
    let cut = async || {
        let arguments = [
            "close_all_connections",
            "--vhost",
            &name,
            "the cable is cut",
        ];
        rabbitmqctl(&arguments).expect("rabbitmqctl closes connections");
    };
    interrupted(&house, cut).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terminated_database_sessions_lose_nothing() {
    let house = House::rabbitmq().await;
    let Place::Servers { application, .. } = house.place() else {
        panic!("on servers")
    };
    let cut = async || {
        // After one cut the hub connects anew in its own time: the next one waits for it.
        super::place::eventually(async || {
            let mut connection = PgConnection::connect(&postgres_url())
                .await
                .map_err(|error| error.to_string())?;
            let ended: Vec<bool> = sqlx::query_scalar(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
            )
            .bind(application)
            .fetch_all(&mut connection)
            .await
            .expect("sessions are terminated");
            if ended.is_empty() {
                return Err("the hub has no session".to_owned());
            }
            Ok(())
        })
        .await;
    };
    interrupted(&house, cut).await;
}
