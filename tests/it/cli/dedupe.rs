//! `tenon master dedupe`: records of several systems, and which of them are one company.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use tempfile::TempDir;

use super::site::{Done, tenon};

/// Record ids by the company that they are of, as the file's writer knows it.
type Truth = BTreeMap<String, usize>;

const HEADER: &str =
    "source_system,source_id,name,tax_id,code,phone,email,address,contact,city,remark\n";

/// Brands, trades and cities that the companies of the tests are made from.
const BRANDS: [&str; 20] = [
    "棠溪", "砚北", "麦澜", "柏舟", "沐野", "简禾", "屿声", "竹里", "蔚岚", "鹿野", "梧声", "槐序",
    "清稔", "松壑", "云笺", "苇航", "禾砚", "澄怀", "溪午", "芥舟",
];
const TRADES: [(&str, &str); 5] = [
    ("阀门制造", "阀门"),
    ("电缆", "电缆"),
    ("医疗器械", "医疗"),
    ("包装材料", "包装"),
    ("国际贸易", "贸易"),
];
const CITIES: [&str; 5] = ["常德", "赣州", "威海", "曲靖", "衡水"];

/// Each company in three systems: the invoicing system has the registered name, the ERP another
/// spelling, the CRM a short name; and beside each a branch of it.
fn companies() -> (String, Truth) {
    let mut rows = String::from(HEADER);
    let mut truth = Truth::new();
    let mut number = 0;
    for brand in BRANDS {
        for ((long, short), city) in TRADES.into_iter().zip(CITIES) {
            number += 1;
            let mobile = format!("139{:08}", 16_220_000 + number * 7_919);
            let contact = format!("沈{}", &brand[..3]);
            let road = format!("{city}市海川大道{number}号");
            let mut add = |system: &str, kind: usize, fields: [&str; 6]| {
                let id = format!("{system}-{number}-{kind}");
                let [name, phone, email, address, contact, city] = fields;
                rows.push_str(&format!(
                    "{system},{id},{name},,,{phone},{email},{address},{contact},{city},x\n"
                ));
                truth.insert(id, number * 2 + kind);
            };
            let legal = format!("{city}市{brand}{long}有限公司");
            let branch = format!("{legal}西安分公司");
            add("invoicing", 0, [&legal, &mobile, "", &road, "", ""]);
            let moved = format!("{brand}{long}（{city}）有限责任公司");
            add("erp", 0, [&moved, &mobile, "", &road, &contact, city]);
            let noted = format!("{brand}{short}-月结");
            add(
                "crm",
                0,
                [&noted, &format!("+86 {mobile}"), "", "", &contact, city],
            );
            add("erp", 1, [&branch, &mobile, "", "", &contact, "西安"]);
        }
    }
    (rows, truth)
}

fn dedupe(folder: &Path, input: impl AsRef<[u8]>, more: &[&str]) -> Done {
    std::fs::write(folder.join("in.csv"), input).expect("a writable folder");
    let mut command = tenon(&[
        "master", "dedupe", "--input", "in.csv", "--output", "out.csv",
    ]);
    command.args(more).current_dir(folder);
    Done::of(&mut command)
}

/// The cells of a file that quotes nothing, without its header.
fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("a file was written");
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

fn clusters(path: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut clusters: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows(path) {
        clusters
            .entry(row[2].clone())
            .or_default()
            .insert(row[1].clone());
    }
    clusters
}

#[test]
fn spellings_of_one_company_meet_and_branches_stay_apart() {
    let folder = TempDir::new().expect("a folder");
    let (records, truth) = companies();
    let done = dedupe(
        folder.path(),
        &records,
        &["--review", "review.csv", "--json"],
    )
    .with(0);
    let summary = done.document();
    assert_eq!(summary["records"], 400);

    let found = clusters(&folder.path().join("out.csv"));
    let placed: usize = found.values().map(BTreeSet::len).sum();
    assert_eq!(placed, truth.len(), "every record has one row");
    let mut joined = 0;
    for cluster in found.values() {
        let companies: BTreeSet<usize> = cluster.iter().map(|id| truth[id]).collect();
        assert_eq!(companies.len(), 1, "one company a cluster: {cluster:?}");
        joined += cluster.len() * (cluster.len() - 1) / 2;
    }
    // Three records of a hundred companies each make three pairs.
    assert!(joined >= 285, "{joined} of 300 pairs were found");

    let review = std::fs::read_to_string(folder.path().join("review.csv")).expect("a review");
    let header = review.lines().next().unwrap_or_default();
    assert_eq!(
        header,
        "source_system_1,source_id_1,source_system_2,source_id_2,score,reasons"
    );
    assert_eq!(summary["review"], review.lines().count() - 1);
}

#[test]
fn doubt_goes_to_the_review_with_its_reasons() {
    let folder = TempDir::new().expect("a folder");
    let (mut records, _) = companies();
    // The same person and a short name: likely, and not sure.
    records.push_str("crm,B,瀚屿轴承,,,0591-61288001,,,何以安,福州,\n");
    records.push_str("erp,C,福州瀚屿轴承有限公司,,,,,福州市海川大道9号,何先生,福州,\n");
    dedupe(folder.path(), &records, &["--review", "review.csv"]).with(0);
    let pairs = rows(&folder.path().join("review.csv"));
    let pair = pairs.iter().find(|row| row[1] == "B" && row[3] == "C");
    let Some(pair) = pair else {
        panic!("B and C are not in the review: {pairs:?}")
    };
    let probability: f64 = pair[4].parse().expect("a number");
    assert!((0.5..1.0).contains(&probability), "{pair:?}");
    assert!(pair[5].contains("the brand is the same"), "{pair:?}");
}

#[test]
fn other_encodings_and_few_columns_will_do() {
    let folder = TempDir::new().expect("a folder");
    let records =
        "name,source_id,source_system\n上海川可贸易有限公司,1,crm\n上海川可貿易有限公司,2,erp\n";
    let (gbk, _, _) = encoding_rs::GB18030.encode(records);
    let with_mark = format!("\u{FEFF}{records}");
    for input in [records.as_bytes(), &gbk, with_mark.as_bytes()] {
        dedupe(folder.path(), input, &[]).with(0);
        let found: Vec<String> = rows(&folder.path().join("out.csv"))
            .into_iter()
            .map(|row| format!("{} {}", row[0], row[1]))
            .collect();
        assert_eq!(found, ["crm 1", "erp 2"]);
    }
}

#[test]
fn the_policy_file_is_obeyed_and_its_mistakes_are_shown() {
    let folder = TempDir::new().expect("a folder");
    let (records, truth) = companies();
    let policy = |text: &str| {
        std::fs::write(folder.path().join("master.toml"), text).expect("a writable folder");
        dedupe(folder.path(), &records, &["--policy", "master.toml"])
    };
    policy("[matching]\nsame_bits = 1000.0\n").with(0);
    let alone = clusters(&folder.path().join("out.csv"));
    assert_eq!(alone.len(), truth.len());
    let wrong = policy("[matching]\nsame_bit = 5\n").with(2);
    assert!(wrong.stderr.contains("master.toml:2:1"), "{}", wrong.stderr);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/master.toml");
    let example = example.display().to_string();
    dedupe(folder.path(), &records, &["--policy", &example]).with(0);
}

#[test]
fn bad_input_is_named() {
    let folder = TempDir::new().expect("a folder");
    let missing = dedupe(folder.path(), "source_system,name\ncrm,x\n", &[]).with(2);
    assert!(missing.stderr.contains("source_id"), "{}", missing.stderr);
    let mut absent = tenon(&[
        "master", "dedupe", "--input", "none.csv", "--output", "out.csv",
    ]);
    let absent = Done::of(absent.current_dir(folder.path())).with(3);
    assert!(absent.stderr.contains("none.csv"), "{}", absent.stderr);
    // Nothing but a header, rows too short, names of every kind: no reason to fail.
    dedupe(folder.path(), HEADER, &[]).with(0);
    let long = "川可".repeat(5_000);
    let strange =
        format!("{HEADER}crm,1\ncrm,2,{long},,,,,,,,\ncrm,3,😀,,,,,,,,\ncrm,4,,,,,,,,,\n");
    dedupe(folder.path(), &strange, &[]).with(0);
    assert_eq!(rows(&folder.path().join("out.csv")).len(), 4);
}

#[test]
fn persons_are_told_from_their_relatives() {
    let folder = TempDir::new().expect("a folder");
    let records = "source_system,source_id,given_name,surname,birth_date,street,city,postcode\n\
        shop,1,Elton,Carver,1965-10-13,3 Light Street,Windermere,3212\n\
        club,2,Carver,Elton,1965-13-10,3 Light Setreet,Windermere,3212\n\
        club,3,Marian,Carver,1967-02-27,3 Light Street,Windermere,3212\n";
    let more = ["--of", "persons", "--review", "review.csv"];
    dedupe(folder.path(), records, &more)
        .with(0)
        .says("3 records are 2 persons");
    let found = clusters(&folder.path().join("out.csv"));
    assert_eq!(found["1"], ["1", "2"].map(str::to_owned).into());
    let missing = dedupe(folder.path(), HEADER, &["--of", "persons"]).with(2);
    missing.says("given_name, surname");
}

#[test]
fn weights_are_learnt_from_a_decided_review() {
    let folder = TempDir::new().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let (records, truth) = companies();
    std::fs::write(
        path("asks.toml"),
        "[matching]\nsame_bits = 30.0\nreview_bits = -6.0\n",
    )
    .expect("a writable folder");
    let asks = ["--policy", "asks.toml"];
    dedupe(
        folder.path(),
        &records,
        &[&asks[..], &["--review", "review.csv"]].concat(),
    )
    .with(0);
    let mut decided =
        String::from("source_system_1,source_id_1,source_system_2,source_id_2,decision\n");
    for row in rows(&path("review.csv")) {
        let same = truth[&row[1]] == truth[&row[3]];
        let decision = if same { "same" } else { "different" };
        decided.push_str(&format!(
            "{},{},{},{},{decision}\n",
            row[0], row[1], row[2], row[3]
        ));
    }
    let learn = |reviews: &str| {
        std::fs::write(path("decided.csv"), reviews).expect("a writable folder");
        let mut command = tenon(&[
            "master",
            "learn",
            "--input",
            "in.csv",
            "--output",
            "learned.toml",
        ]);
        command
            .args(["--reviews", "decided.csv", "--json"])
            .args(asks);
        Done::of(command.current_dir(folder.path()))
    };
    let learnt = learn(&decided).with(0).document();
    assert_eq!(learnt["learnt_from"], decided.lines().count() - 1);
    let bits = |when: &str| learnt["surprise_bits"][when].as_f64().expect("a number");
    assert!(bits("after") < bits("before"), "{learnt}");
    let first = std::fs::read_to_string(path("learned.toml")).expect("a file");
    learn(&decided).with(0);
    assert_eq!(
        first,
        std::fs::read_to_string(path("learned.toml")).expect("a file")
    );
    // What was learnt is a policy, the parameters it was made with included.
    assert!(
        first.contains("same_bits = 30.00") && first.contains("[matching.weights]"),
        "{first}"
    );
    dedupe(folder.path(), &records, &["--policy", "learned.toml"]).with(0);

    let unsure =
        decided
            .replacen(",same\n", ",perhaps\n", 1)
            .replacen(",different\n", ",perhaps\n", 1);
    learn(&unsure)
        .with(2)
        .says("decided.csv:")
        .says("`perhaps` is no decision");
    let header = decided.lines().next().unwrap_or_default();
    learn(&format!("{header}\ncrm,x,erp,y,same\n"))
        .with(1)
        .says("no pair of decided.csv");
}
