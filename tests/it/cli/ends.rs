//! How commands end that have something to reach, and those that have nothing.

use super::site::{Done, Site, tenon};

/// Nobody listens there.
const NO_BROKER: &str = "amqp://127.0.0.1:1";
const NO_STORE: &str = "postgres://tenon@127.0.0.1:1/tenon";

#[test]
fn a_store_that_refuses_ends_every_command_that_needs_it() {
    let site = Site::new();
    // Side by side, since each has the patience of a connection.
    std::thread::scope(|scope| {
        for arguments in [
            &["run"][..],
            &["migrate"],
            &["trace", "SO-1"],
            &["parked", "list"],
            &["parked", "show", "1"],
            &["parked", "redrive"],
        ] {
            let mut command = site.command(arguments);
            command.env("TENON__STORE", NO_STORE);
            scope.spawn(move || Done::of(&mut command).with(3).says("tenon: "));
        }
    });
}

#[test]
fn a_broker_that_is_away_ends_what_needs_it_and_nothing_else() {
    let site = Site::new();
    site.write("order.json", "{}");
    let order = site.path("order.json").display().to_string();
    let away =
        |arguments: &[&str]| Done::of(site.command(arguments).env("TENON__BROKER", NO_BROKER));
    away(&["run"]).with(3).says("127.0.0.1:1");
    away(&["send", "--system", "crm", "--entity", "order", &order]).with(3);
    away(&["parked", "redrive"]).with(3);
    away(&["migrate"]).with(0);
    away(&["parked", "list"]).with(0);
    away(&["trace", "SO-1"]).with(1).says("nothing is known");
}

#[test]
fn a_directory_with_problems_ends_every_command_that_reads_it() {
    let site = Site::bare();
    for arguments in [
        &["run"][..],
        &["check"],
        &["test"],
        &["migrate"],
        &["trace", "SO-1"],
        &["parked", "list"],
        &["send", "--system", "crm", "--entity", "order", "order.json"],
    ] {
        site.tenon(arguments)
            .with(2)
            .says("connectors: cannot be read")
            .says("1 problem");
    }
}

#[test]
fn tables_are_brought_up_to_date_as_often_as_one_likes() {
    let site = Site::new();
    for _ in 0..2 {
        let done = site
            .tenon(&["migrate"])
            .with(0)
            .says("the store's tables are up to date");
        assert_eq!(done.stdout, "");
    }
    assert!(site.path("config/data/tenon.db").is_file());
}

#[test]
fn completions_are_written_for_every_shell() {
    for (shell, sign) in [
        ("bash", "complete -F _tenon"),
        ("zsh", "#compdef tenon"),
        ("fish", "complete -c tenon"),
    ] {
        let done = Done::of(&mut tenon(&["completions", shell]))
            .with(0)
            .shows(sign)
            .shows("redrive");
        assert_eq!(done.stderr, "");
    }
    Done::of(&mut tenon(&["completions", "cmd"])).with(2);
}

#[test]
fn kinds_and_presets_are_listed() {
    let text = Done::of(&mut tenon(&["connector", "list"])).with(0);
    let listed = Done::of(&mut tenon(&["connector", "list", "--json"]))
        .with(0)
        .documents();
    let pairs: Vec<(&str, &str)> = listed
        .iter()
        .map(|preset| {
            (
                preset["kind"].as_str().unwrap_or("?"),
                preset["preset"].as_str().unwrap_or("?"),
            )
        })
        .collect();
    for kind in ["crm", "erp", "invoicing"] {
        for preset in ["files", "sql", "http"] {
            assert!(
                pairs.contains(&(kind, preset)),
                "{kind} {preset} in {pairs:?}"
            );
        }
    }
    assert_eq!(
        text.stdout.lines().count(),
        2 + listed.len(),
        "a header, a rule, a line each"
    );
}

#[test]
fn a_misspelt_command_is_refused_with_the_nearest() {
    Done::of(&mut tenon(&["chekc"])).with(2).says("check");
    Done::of(&mut tenon(&["check", "--formt", "json"]))
        .with(2)
        .says("--format");
    Done::of(&mut tenon(&["--version"])).with(0).shows("tenon ");
    Done::of(&mut tenon(&["run", "--help"]))
        .with(0)
        .shows("--role");
}
