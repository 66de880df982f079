//! `tenon check`: every problem at once, with its place; what is right is shown with its guarantee.

use std::path::Path;

use serde_json::{Value, json};

use super::site::{Done, Site, tenon};

/// The example configuration of the repository.
fn example() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace");
    root.join("config").display().to_string()
}

/// What the example refers to.
const SECRETS: [&str; 9] = [
    "TENON_TOKEN",
    "CRM_WEBHOOK_TOKEN",
    "ERP_PASSWORD",
    "INVOICING_TOKEN",
    "PDM_SHARE",
    "OA_TOKEN",
    "DRP_PASSWORD",
    "SCM_TOKEN",
    "TRYTON_PASSWORD",
];

#[test]
fn the_example_is_right_and_its_routes_are_shown() {
    let mut command = tenon(&["check", "--config", &example()]);
    for name in SECRETS {
        command.env(name, "set");
    }
    let done = Done::of(&mut command).with(0);
    let route = |entity: &str, from: &str, to: &str, guarantee: &str| {
        let found = done.stdout.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.first() == Some(&entity)
                && words.get(1) == Some(&from)
                && words.get(3) == Some(&to)
                && line.ends_with(guarantee)
        });
        assert!(
            found,
            "no route {entity} {from} → {to}, {guarantee}: {}",
            done.stdout
        );
    };
    route("order", "crm/orders", "erp", "once in effect");
    route("customer", "erp/customer", "crm", "once in effect");
    route("customer", "crm/customer", "invoicing", "once in effect");
    route("invoice", "erp/invoice", "invoicing", "once in effect");
    route("bom", "pdm/bom", "scm", "once in effect");
    route("order", "drp/order", "erp", "once in effect");
    for (entity, from, to) in [
        // Design to manufacturing, approvals, suppliers.
        ("bom", "pdm/bom", "plant"),
        ("engineering_change", "pdm/engineering_change", "plant"),
        ("approval", "plant/approval", "oa"),
        ("approval", "oa/approval", "plant"),
        ("purchase_order", "plant/purchase_order", "scm"),
        ("purchase_order", "scm/purchase_order", "plant"),
        ("supply_plan", "plant/supply_plan", "scm"),
        ("supply_plan", "scm/supply_plan", "plant"),
        // Dealers.
        ("inventory", "erp/inventory", "drp"),
        ("sell_out", "drp/sell_out", "erp"),
        // What became of an order and its invoice; service; what is published.
        ("shipment", "erp/shipment", "crm"),
        ("invoice", "invoicing/invoice", "erp"),
        ("invoice", "invoicing/invoice", "crm"),
        ("receipt", "erp/receipt", "crm"),
        // Another department's CRM.
        ("order", "export/order", "erp"),
        ("customer", "erp/customer", "export"),
        ("shipment", "erp/shipment", "export"),
        ("receipt", "erp/receipt", "export"),
        ("case", "crm/case", "service"),
        ("case", "service/case", "crm"),
        ("document", "pdm/document", "km"),
        ("customer", "crm/customer", "km"),
    ] {
        route(entity, from, to, "once in effect");
    }
}

#[test]
fn the_cases_of_the_example_hold() {
    let mut command = tenon(&["test", "--config", &example()]);
    for name in SECRETS {
        command.env(name, "set");
    }
    Done::of(&mut command).with(0).shows("km");
}

#[test]
fn what_the_example_needs_and_does_not_find_is_told_with_its_place() {
    let done = Done::of(&mut tenon(&["check", "--config", &example()])).with(2);
    for (file, variable) in [
        ("tenon.toml", "TENON_TOKEN"),
        ("crm.toml", "CRM_WEBHOOK_TOKEN"),
        ("erp.toml", "ERP_PASSWORD"),
        ("invoicing.toml", "INVOICING_TOKEN"),
        ("pdm.toml", "PDM_SHARE"),
        ("oa.toml", "OA_TOKEN"),
        ("drp.toml", "DRP_PASSWORD"),
        ("scm.toml", "SCM_TOKEN"),
        ("export.toml", "TRYTON_PASSWORD"),
    ] {
        let told = done.stderr.lines().any(|line| {
            line.contains(&format!("{file}:"))
                && line.ends_with(&format!(": environment variable `{variable}` is not set"))
        });
        assert!(told, "{variable}: {}", done.stderr);
    }
    done.says("9 problems");
}

/// A directory with a problem of every sort.
fn broken() -> Site {
    let site = Site::bare();
    site.write(
        "config/tenon.toml",
        "partitons = 4\nbroker = 'amqp://hub:hunter2@mq'\n[http]\ntoken = 'hunter2'\n\
         [master.fields]\nlegal_nmae = ['crm']\n",
    );
    site.write(
        "config/connectors/crm.toml",
        "name = 'crm'\nkind = 'crm'\npreset = 'files'\ndirectory = '.'\ndeliver = []\nwebhook = []\n\
         [[receive]]\nentity = 'custmer'\nkey = 'k'\nmapping = 'preset:customer.in.jq'\nfiles = '*.csv'\n\
         [[receive]]\nentity = 'order'\nevry = '1s'\n\
         [[receive]]\nentity = 'customer'\nevery = 'ten seconds'\n",
    );
    site.write(
        "config/connectors/erp.toml",
        "name = 'erp'\nkind = 'erp'\npreset = 'sql'\nurl = 'postgres://hub:hunter2@db/erp'\n\
         [[receive]]\nentity = 'item'\nmapping = 'missing.jq'\n\
         [[deliver]]\nentity = 'customer'\nmapping = 'broken.jq'\n\
         [[deliver]]\nentity = 'order'\nmapping = 'endless.jq'\n",
    );
    site.write(
        "config/connectors/broken.jq",
        "# A mapping.\n{ CUST_NO: .code, }}\n",
    );
    site.write(
        "config/connectors/endless.jq",
        "# A mapping.\ndef turn: turn;\n{ ORD_NO: turn }\n",
    );
    let invoicing = "name = 'invoicing'\nkind = 'invoicing'\npreset = 'http'\nurl = 'http://127.0.0.1:9'\n\
                     auth = { bearer = '${env:NO_SUCH_SECRET}' }\n";
    site.write("config/connectors/invoicing.toml", invoicing);
    site.write("config/connectors/invoicing_too.toml", invoicing);
    site.write(
        "config/connectors/malformed.toml",
        "name = 'malformed\nkind = 'erp'\n",
    );
    site.write(
        "config/connectors/stranger.toml",
        "name = 'stranger'\nkind = 'epr'\npreset = 'sql'\n",
    );
    site
}

/// Every problem of that directory: file, line, column, a part of what is said, a part of the help.
const PROBLEMS: &[(&str, u64, u64, &str, &str)] = &[
    (
        "tenon.toml",
        1,
        1,
        "unknown field `partitons`",
        "did you mean `partitions`?",
    ),
    (
        "tenon.toml",
        2,
        1,
        "the password stands in plain sight",
        "${env:NAME}",
    ),
    (
        "tenon.toml",
        4,
        1,
        "the secret stands in plain sight",
        "${env:NAME}",
    ),
    (
        "tenon.toml",
        6,
        1,
        "a customer has no field `legal_nmae`",
        "did you mean `legal_name`?",
    ),
    (
        "crm.toml",
        8,
        10,
        "unknown variant `custmer`",
        "did you mean `customer`?",
    ),
    (
        "crm.toml",
        14,
        1,
        "unknown field `evry`",
        "did you mean `every`?",
    ),
    ("crm.toml", 17, 9, "`ten seconds`", ""),
    (
        "erp.toml",
        4,
        1,
        "the password stands in plain sight",
        "${env:NAME}",
    ),
    ("erp.toml", 7, 1, "missing.jq", ""),
    ("broken.jq", 2, 20, "expected", ""),
    ("endless.jq", 2, 11, "turn calls itself", "reduce"),
    (
        "invoicing.toml",
        5,
        19,
        "environment variable `NO_SUCH_SECRET` is not set",
        "",
    ),
    (
        "invoicing_too.toml",
        1,
        1,
        "a second system named `invoicing`",
        "invoicing.toml",
    ),
    ("malformed.toml", 1, 18, "invalid literal string", ""),
    (
        "stranger.toml",
        2,
        1,
        "unknown kind `epr`",
        "did you mean `erp`?",
    ),
];

#[test]
fn every_problem_of_every_file_is_told_at_once() {
    let site = broken();
    let done = site.tenon(&["check"]).with(2);
    for (file, line, column, message, help) in PROBLEMS {
        let place = format!("/{file}:{line}:{column}: ");
        let told = done.stderr.lines().any(|told| {
            told.split_once(&place)
                .is_some_and(|(_, said)| said.contains(message) && said.contains(help))
        });
        assert!(told, "{place}{message} ({help}) in\n{}", done.stderr);
    }
    assert_eq!(done.stdout, "", "problems are talk");
    assert!(
        !done.stderr.contains("hunter2"),
        "a secret is repeated: {}",
        done.stderr
    );
}

#[test]
fn problems_are_data_for_scripts() {
    let site = broken();
    let done = site.tenon(&["check", "--format", "json"]).with(2);
    let found = done.document();
    let problems = found["problems"].as_array().expect("problems");
    for (file, line, column, message, help) in PROBLEMS {
        let told = problems.iter().any(|problem| {
            problem["file"]
                .as_str()
                .is_some_and(|path| path.ends_with(&format!("/{file}")))
                && problem["position"] == json!({ "line": line, "column": column })
                && problem["message"]
                    .as_str()
                    .is_some_and(|text| text.contains(message))
                && problem["help"].as_str().unwrap_or_default().contains(help)
        });
        assert!(
            told,
            "{file}:{line}:{column} {message} ({help}) in {found:#}"
        );
    }
    assert_eq!(found["routes"], json!([]));
    assert_eq!(done.stderr, "");
}

#[test]
fn what_is_right_is_data_for_scripts_too() {
    let site = Site::new();
    let found = site
        .tenon(&["check", "--format", "json"])
        .with(0)
        .document();
    assert_eq!(found["problems"], json!([]));
    let order = json!({ "entity": "order", "from": "crm", "inlet": "orders", "by": "webhook",
        "to": "erp", "guarantee": "once in effect" });
    let customer = json!({ "entity": "customer", "from": "crm", "inlet": "customer", "by": "poll",
        "to": "erp", "guarantee": "once in effect" });
    assert_eq!(found["routes"], json!([customer, order]));
    assert!(found["notes"].is_array());
}

#[test]
fn a_system_that_nobody_knows_is_no_priority() {
    let site = Site::new();
    site.write(
        "config/tenon.toml",
        "[http]\ntoken = '${env:TENON_TOKEN}'\n[master]\npriority = ['erp', 'cmr']\n\
         [master.fields]\nowner = ['nobody']\n",
    );
    site.tenon(&["check"])
        .with(2)
        .says("tenon.toml:4:20: no system is named `cmr` (did you mean `crm`?)")
        .says("tenon.toml:6:10: no system is named `nobody`")
        .says("2 problems");
}

#[test]
fn engines_and_limits_are_checked_wherever_they_are_set() {
    let site = Site::new();
    site.write("config/tenon.toml", "store = 'embeded'\npartitions = 65\n");
    site.tenon(&["check"])
        .with(2)
        .says("tenon.toml:1:1: `store` names no engine that is known here")
        .says("tenon.toml:2:1: `partitions` must be from 1 to 64");
    let site = Site::new();
    let check = |name: &str, value: &str| Done::of(site.command(&["check"]).env(name, value));
    check("TENON__BROKER", "redis://127.0.0.1")
        .with(2)
        .says("`broker` names no engine");
    check("TENON__PARTITIONS", "many")
        .with(2)
        .says("TENON__ variable does not fit");
    check("TENON__PARTITIONS", "8").with(0);
    check("TENON__HTTP__TOKEN", "0815").with(0);
}

#[test]
fn secret_files_are_beside_the_file_that_names_them() {
    let site = Site::new();
    site.write(
        "config/tenon.toml",
        "[http]\nlisten = '127.0.0.1:0'\ntoken = '${file:secrets/api}'\n",
    );
    let file = site.path("config/connectors/crm.toml");
    let text = std::fs::read_to_string(&file).expect("a connector file");
    site.write(
        "config/connectors/crm.toml",
        &text.replace("${env:CRM_TOKEN}", "${file:crm/token}"),
    );
    let missing = |name: &str| format!("secret file `{}`", site.path(name).display());
    site.tenon(&["check"])
        .with(2)
        .says(&missing("config/secrets/api"))
        .says(&missing("config/connectors/crm/token"));
    site.write("config/secrets/api", "let-me-in\n");
    site.write("config/connectors/crm/token", "let-the-crm-in\n");
    // Wherever the command is run from.
    Done::of(site.command(&["check"]).current_dir("/")).with(0);
}

#[test]
fn a_directory_that_is_not_there_is_a_problem() {
    let site = Site::bare();
    site.tenon(&["check"])
        .with(2)
        .says("connectors: cannot be read");
    site.write("config/connectors/readme.txt", "nothing");
    site.tenon(&["check"])
        .with(2)
        .says("holds no connector file");
}

#[test]
fn no_system_may_be_called_as_the_hub_itself() {
    let site = Site::new();
    let file = site.path("config/connectors/erp.toml");
    let text = std::fs::read_to_string(&file).expect("a connector file");
    let text = text.replacen("\"erp\"", "\"tenon\"", 1);
    site.write("config/connectors/erp.toml", &text);
    site.tenon(&["check"])
        .with(2)
        .says("erp.toml:2:1: `tenon` is the hub itself");
}

#[test]
fn a_change_of_the_canonical_model_is_held_against_every_mapping() {
    let site = Site::new();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/order/v1.json");
    let order = std::fs::read_to_string(folder).expect("the schema of orders");
    let check = |text: &str| {
        site.write("changed/order/v1.json", text);
        let schemas = site.path("changed");
        site.tenon(&[
            "check",
            "--format",
            "json",
            "--schemas",
            schemas.to_str().unwrap(),
        ])
    };
    let broken = |done: &Done| -> Vec<String> {
        let document = done.document();
        let breaks = document["change"]["breaks"].as_array().expect("a list");
        breaks
            .iter()
            .map(|broken| broken["because"].to_string())
            .collect()
    };
    assert_eq!(broken(&check(&order).with(0)), [] as [&str; 0]);

    // A member that goes: who delivers orders reads it, who sends them states it.
    let mut changed: Value = serde_json::from_str(&order).expect("JSON");
    let members = changed["properties"].as_object_mut().expect("members");
    members.remove("status").expect("a status");
    changed["required"]
        .as_array_mut()
        .expect("a list")
        .retain(|name| name != "status");
    let done = check(&changed.to_string()).with(2);
    assert!(broken(&done)[0].contains("status"), "{done:#?}");
    assert_eq!(broken(&done).len(), 1);
    let said = site.tenon(&["check", "--schemas", site.path("changed").to_str().unwrap()]);
    said.with(2)
        .says("one route breaks")
        .says("crm/orders → erp");

    check("{").with(2);
    site.tenon(&["check", "--schemas", site.path("nothing").to_str().unwrap()])
        .with(2)
        .says("holds no schema such as `order/v1.json`");
}
