//! `tenon run`: two processes on one file, roles, and the end.

use std::io::Write;

use super::flows::without_password;
use super::site::{CUSTOMER, Done, Site, eventually, order};
use crate::servers::{amqp_vhost, postgres_schema};

#[test]
fn what_another_process_sends_is_delivered_while_the_hub_runs() {
    let site = Site::new();
    let hub = site.run(&[]);
    site.send("customer", CUSTOMER);
    site.given("T_CUST-CKMY.json");
    site.send("order", &order("SO-1", "已确认"));
    site.given("T_ORD-SO-1.json");
    hub.stop();
}

#[test]
fn a_term_signal_ends_the_hub_in_order() {
    let site = Site::new();
    let orders: String = (0..300)
        .map(|number| order(&format!("SO-{number}"), "已确认"))
        .collect();
    site.send("customer", CUSTOMER);
    site.send("order", &orders);
    let hub = site.run(&[]);
    site.given("T_ORD-SO-0.json");
    hub.terminate();
    hub.hears("stopping: finishing what is in hand");
    assert_eq!(hub.end().code(), Some(0));
    // What was not in hand is not lost: the next hub goes on with it.
    let hub = site.run(&[]);
    eventually(|| {
        let given = std::fs::read_dir(site.path("config/erp/in")).expect("the ERP's folder");
        let names = given.map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        });
        let orders = names
            .filter(|name| name.starts_with("T_ORD-") && name.ends_with(".json"))
            .count();
        if orders == 300 {
            Ok(())
        } else {
            Err(format!("{orders} orders of 300 were given"))
        }
    });
    hub.stop();
}

#[test]
fn roles_split_the_way_over_processes() {
    let site = Site::new();
    site.send("customer", CUSTOMER);
    let route = site.run(&["--role", "receive,route"]);
    assert!(
        !route.talk().contains("http://"),
        "only the role api listens: {}",
        route.talk()
    );
    eventually(|| {
        let found = site.tenon(&["trace", "C1", "--json"]);
        let routed =
            found.code == Some(0) && found.document()["deliveries"][0]["state"] == "underway";
        if routed {
            Ok(())
        } else {
            Err(format!("{found:?}"))
        }
    });
    let deliver = site.run(&["--role", "deliver"]);
    site.given("T_CUST-CKMY.json");
    deliver.stop();
    route.stop();
}

#[test]
fn the_http_side_answers_while_the_hub_runs() {
    let site = Site::new();
    let hub = site.run(&[]);
    let body = order("SO-1", "已确认");
    let bearer = |token: &str| format!("authorization: Bearer {token}\r\n");
    assert_eq!(
        hub.asked("POST /in/crm/orders", &bearer("let-the-crm-in"), &body),
        202
    );
    assert_eq!(hub.asked("POST /in/crm/orders", "", &body), 401);
    assert_eq!(
        hub.asked("GET /api/v1/summary", &bearer("let-me-in"), ""),
        200
    );
    assert_eq!(hub.asked("GET /api/v1/summary", "", ""), 401);
    site.send("customer", CUSTOMER);
    site.given("T_ORD-SO-1.json");
    // A caller that stops in the middle of its request does not keep the hub from ending.
    let mut stalled = std::net::TcpStream::connect(hub.address()).expect("the hub listens");
    stalled
        .write_all(b"POST /in/crm/orders HTTP/1.1\r\nhost: hub\r\ncontent-le")
        .expect("sent");
    hub.stop();
}

#[test]
fn a_connector_is_served_as_its_file_says_now() {
    let site = Site::new();
    let hub = site.run(&[]);
    site.send("customer", CUSTOMER);
    site.given("T_CUST-CKMY.json");
    let url = format!("http://{}", hub.address());
    let reload = ["connector", "reload", "erp", "--url", &url];
    let file = "config/connectors/erp.toml";
    let as_it_was = std::fs::read_to_string(site.path(file)).expect("the ERP's file");

    site.write(
        file,
        &as_it_was.replace("entity = \"order\"", "entity = \"ordre\""),
    );
    site.tenon(&reload)
        .with(2)
        .says("erp.toml:")
        .says("did you mean `order`?");
    site.write(
        file,
        &as_it_was.replace(
            "\"files\"\ndirectory = \"../erp\"",
            "\"http\"\nurl = \"http://127.0.0.1:9\"",
        ),
    );
    site.tenon(&reload).with(3).says("to erp");
    site.send("order", &order("SO-1", "已确认"));
    site.given("T_ORD-SO-1.json");

    let condition = "entity = \"order\"\nwhere = '.number != \"SO-2\"'";
    site.write(file, &as_it_was.replace("entity = \"order\"", condition));
    site.tenon(&reload)
        .with(0)
        .shows("erp is served as its file says now");
    site.send(
        "order",
        &(order("SO-2", "已确认") + &order("SO-3", "已确认")),
    );
    site.given("T_ORD-SO-3.json");
    assert!(!site.path("config/erp/in/T_ORD-SO-2.json").exists());

    site.write(file, &as_it_was);
    hub.hang_up();
    hub.hears("crm: reloaded");
    hub.hears("erp: reloaded");
    site.send("order", &order("SO-4", "已确认"));
    site.given("T_ORD-SO-4.json");
    site.tenon(&["connector", "reload", "pdm", "--url", &url])
        .with(1)
        .says("no connector `pdm`");
    hub.stop();
    site.tenon(&reload).with(3).says("does not answer");
}

#[test]
fn a_reload_reaches_every_node_and_says_which_goes_on_as_it_was() {
    let (vhost, schema) = (amqp_vhost(), postgres_schema());
    let prefix = vhost.queue("reload.");
    let node = || {
        let site = Site::new();
        let broker = without_password(&site, "broker", &vhost.url);
        let store = without_password(&site, "store", &schema.url());
        let settings = std::fs::read_to_string(site.path("config/tenon.toml")).expect("settings");
        let engines =
            format!("broker = '{broker}'\nstore = '{store}'\nqueue_prefix = '{prefix}'\n");
        site.write("config/tenon.toml", &(engines + &settings));
        site
    };
    let (one, other) = (node(), node());
    let (hub, fellow) = (one.run(&[]), other.run(&[]));
    let url = format!("http://{}", hub.address());
    let reload = ["connector", "reload", "erp", "--url", &url];
    let file = "config/connectors/erp.toml";
    let as_it_was = std::fs::read_to_string(other.path(file)).expect("the ERP's file");
    let done = one.tenon(&reload).with(0);
    assert_eq!(done.stdout.matches("reloaded").count(), 2, "{done:#?}");

    other.write(
        file,
        &as_it_was.replace("entity = \"order\"", "entity = \"ordre\""),
    );
    one.tenon(&reload)
        .with(1)
        .says("1 of 2 nodes do not serve it as their file says now")
        .shows("unchanged")
        .shows("did you mean `order`?");
    fellow.hears("asked to reload, the connector goes on as it was");
    let document = one.tenon(&[&reload[..], &["--json"]].concat()).with(1);
    let document = document.document();
    let outcome = |number: usize| document["nodes"][number]["outcome"].clone();
    assert_eq!([outcome(0), outcome(1)], ["reloaded", "unchanged"]);
    // With the file in order again, and one node gone.
    other.write(file, &as_it_was);
    let done = one.tenon(&reload).with(0);
    assert_eq!(done.stdout.matches("reloaded").count(), 2, "{done:#?}");
    fellow.stop();
    let alone = one.tenon(&reload).with(0);
    assert_eq!(alone.stdout, "erp is served as its file says now\n");
    hub.stop();
}

#[test]
fn a_hub_goes_on_whose_store_is_full_when_the_first_link_is_made() {
    let site = Site::new();
    site.tenon(&["migrate"]).with(0);
    let told_to = |statement: &'static str| {
        let file = format!("sqlite:{}", site.path("config/data/tenon.db").display());
        let told = async {
            let pool = sqlx::SqlitePool::connect(&file).await?;
            sqlx::query(statement).execute(&pool).await?;
            pool.close().await;
            Ok::<(), sqlx::Error>(())
        };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(told).expect("the store is told");
    };
    // The store takes everything but the link.
    told_to(
        "create trigger full before insert on invitation begin
             select raise(fail, 'database or disk is full');
         end",
    );
    let hub = site.run(&[]);
    hub.hears("whether anybody can sign in is not known: ");
    hub.hears("`tenon user add` makes an administrator");
    site.send("customer", CUSTOMER);
    site.given("T_CUST-CKMY.json");
    assert_eq!(hub.asked("GET /health/live", "", ""), 200);
    hub.stop();
    // With room again, the next start makes it.
    told_to("drop trigger full");
    let hub = site.run(&[]);
    hub.hears("the first administrator follows");
    hub.stop();
}

#[test]
fn a_hub_whose_secrets_are_not_set_does_not_start() {
    let site = Site::new();
    Done::of(site.command(&["run"]).env_remove("CRM_TOKEN"))
        .with(2)
        .says("environment variable `CRM_TOKEN` is not set");
    Done::of(site.command(&["run"]).env_remove("TENON_TOKEN"))
        .with(2)
        .says("tenon.toml:4:1: environment variable `TENON_TOKEN` is not set");
}

#[test]
fn an_address_that_is_taken_is_told() {
    let site = Site::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    Done::of(site.command(&["run"]).env("TENON__HTTP__LISTEN", &address))
        .with(3)
        .says(&format!("cannot listen on {address}"));
}
