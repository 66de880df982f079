//! A connector that is asked how it is, and that is served as its changed file says.

use serde_json::json;

use super::site::{Site, TOKEN, get, post};

#[tokio::test]
async fn a_connector_is_reloaded_or_says_why_not_and_either_is_in_the_trail() {
    let site = Site::new().await;
    let (hub, router) = site.run().await;
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    let reload = async |name: &str| {
        let path = format!("/api/v1/connectors/{name}/reload");
        post(&router, &path, &headers, String::new()).await
    };
    let file = site.file("erp.toml");
    let as_it_was = std::fs::read_to_string(&file).expect("the file");
    let write = |text: &str| std::fs::write(&file, text).expect("written");

    write(&as_it_was.replace("file = 'order-", "fiel = 'order-"));
    let detail = reload("erp").await.problem(422, "connector.unchanged");
    assert!(
        detail.contains("erp.toml:") && detail.contains("did you mean `file`?"),
        "{detail}"
    );
    write(
        &as_it_was
            .replace(
                "preset = 'files'\ndirectory = '.'",
                "preset = 'http'\nurl = 'http://127.0.0.1:9'",
            )
            .replace("files = 'invoice*.json'", "path = '/invoices'")
            .replace(
                "file = 'order-{native_id}.json'\nkey = 'order_no'",
                "path = '/orders'",
            ),
    );
    let detail = reload("erp").await.problem(409, "connector.unchanged");
    assert!(detail.starts_with("order to erp: "), "{detail}");
    let shown = get(&router, "/api/v1/connectors/erp")
        .await
        .with(200)
        .json();
    assert_eq!(shown["preset"], "files");

    write(&as_it_was.replace("every = '1h'", "every = '2h'"));
    let (fellow, _) = site.run().await;
    let reloaded = reload("erp").await.with(200).json();
    assert!(reloaded["took_ms"].is_u64(), "{reloaded}");
    let nodes = reloaded["nodes"].as_array().expect("nodes");
    let said: Vec<_> = nodes
        .iter()
        .map(|node| (&node["own"], &node["outcome"], &node["detail"]))
        .collect();
    let [own, other, well, none] = [json!(true), json!(false), json!("reloaded"), json!(null)];
    assert_eq!(said, [(&own, &well, &none), (&other, &well, &none)]);
    fellow.stop().await;
    let shown = get(&router, "/api/v1/connectors/erp")
        .await
        .with(200)
        .json();
    assert_eq!(shown["receives"][0]["every_ms"], 7_200_000);
    reload("pdm").await.problem(404, "connector.unknown");

    let trail = get(&router, "/api/v1/audit?action=connector.reloaded")
        .await
        .with(200)
        .json();
    let outcomes: Vec<_> = trail["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter(|entry| entry["subject"] == "erp")
        .map(|entry| entry["detail"]["reloaded"].clone())
        .collect();
    assert_eq!(
        outcomes,
        [json!(true), json!(false), json!(false)],
        "{trail:#}"
    );
    let told = trail["items"].as_array().expect("items").iter();
    let told = told.map(|entry| &entry["detail"]["nodes"]);
    let told: Vec<_> = told.filter(|nodes| nodes.is_array()).collect();
    assert_eq!(told, [&reloaded["nodes"]], "{trail:#}");
    hub.stop().await;
}

#[tokio::test]
async fn a_probe_asks_what_is_polled_and_what_is_given_and_takes_nothing() {
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    let probe = async |site: &Site, name: &str| {
        let path = format!("/api/v1/connectors/{name}/probe");
        let answer = post(&site.router(), &path, &headers, String::new()).await;
        answer.with(200).json()
    };
    let site = Site::new().await;
    let record = site.file("invoice-1.json");
    std::fs::write(&record, r#"[{"id":"R-1"}]"#).expect("written");
    let said = probe(&site, "erp").await;
    assert_eq!(said["receives"], json!({ "invoice": null }));
    assert_eq!(said["delivers"], json!({ "order": null }));
    assert!(record.exists());
    // Who only calls is not asked.
    let said = probe(&site, "shop").await;
    assert_eq!(
        (&said["receives"], &said["delivers"]),
        (&json!({}), &json!({}))
    );

    let silent = Site::of_bare(
        "name = 'pdm'\nkind = 'bare'\npreset = 'http'\nurl = 'http://127.0.0.1:9'\n\
         [[receive]]\nentity = 'order'\nkey = 'no'\npath = '/orders'\nmapping = 'order.in.jq'\nevery = '1h'\n",
    )
    .await;
    let said = probe(&silent, "pdm").await;
    let why = said["receives"]["order"].as_str().expect("a reason");
    assert!(why.contains("127.0.0.1:9"), "{why}");
}
