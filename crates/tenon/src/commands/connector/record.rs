//! `tenon connector record`: mapping cases from records that came, with nobody's data in them.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};
use tenon_connector::cases::{Masks, Original, record};
use tenon_connector::{Inlet, System};
use tenon_core::{MessageKind, SystemName, Timestamp, schema};
use tenon_master::TaxId;
use tenon_pipeline::description;
use tenon_store::{MessageFilter, SharedStore};
use uuid::Uuid;

use crate::cli::Record;
use crate::engine::open_store;
use crate::exit::Exit;
use crate::output;

/// Journal records read at once.
const PORTION: u32 = 200;
/// Records of an inlet that are looked at, at most.
const MOST: usize = 5_000;

pub(super) async fn run(options: &Record) -> Result<(), Exit> {
    let configuration = crate::commands::migrate::load(&options.config)?;
    let unknown = || Exit::runtime(format!("no system `{}` is configured", options.system));
    let name = SystemName::new(&options.system).map_err(|_| unknown())?;
    let system = configuration.deployment.system(&name).ok_or_else(unknown)?;
    let wanted = |inlet: &&Inlet| {
        let entity = options.entity.as_deref();
        entity.is_none_or(|entity| inlet.entity.as_str() == entity)
    };
    let inlets: Vec<&Inlet> = system.inlets.iter().filter(wanted).collect();
    if inlets.is_empty() {
        return Err(Exit::runtime(format!(
            "{name} sends nothing of that entity"
        )));
    }
    let store = open_store(&configuration.settings).await?;
    let masks = Masks::new(key(), vec![|text| TaxId::parse(text).is_ok()]);
    let mut recorded = 0;
    for inlet in inlets {
        let (cases, refused) = cases(&store, inlet, &masks, options.count).await?;
        for (reason, many) in refused {
            output::talk(&format!(
                "{}: {many} records pass over: {reason}",
                inlet.name
            ));
        }
        if cases.is_empty() {
            output::talk(&format!("{}: nothing to record", inlet.name));
            continue;
        }
        recorded += cases.len();
        let file = write(system, inlet, &cases, options.out.clone())?;
        match options.json {
            true => {
                output::json(&json!({ "file": file, "inlet": inlet.name, "cases": cases.len() }))?
            }
            false => output::data(&format!("{}  {} cases", file.display(), cases.len())),
        }
    }
    match recorded {
        0 => Err(Exit::runtime(format!(
            "the journal has no record of {name} that can become a case"
        ))),
        _ => Ok(()),
    }
}

/// What masks are made from; nobody keeps it, so that no mask can be found out by trying values.
fn key() -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(Uuid::now_v7().as_bytes());
    key[16..].copy_from_slice(Uuid::now_v7().as_bytes());
    key
}

/// Why records became no case, with how many.
type Refused = Vec<(String, usize)>;

/// Cases of the newest records of an inlet, no two of the same.
async fn cases(
    store: &SharedStore,
    inlet: &Inlet,
    masks: &Masks,
    count: usize,
) -> Result<(Vec<String>, Refused), Exit> {
    let conceal = |value: &mut Value| {
        if let Some(schema) = schema(MessageKind::current(inlet.entity)) {
            schema.mask(value);
        }
    };
    let filter = MessageFilter {
        source: Some(inlet.system.clone()),
        entity: Some(inlet.entity),
        ..MessageFilter::default()
    };
    let now = Timestamp::now().to_string();
    let (mut cases, mut refused) = (Vec::new(), Refused::new());
    let (mut known, mut before, mut seen) = (HashSet::new(), None, 0);
    while cases.len() < count && seen < MOST {
        let messages = store.messages(&filter, before, PORTION).await?;
        let Some(last) = messages.last() else { break };
        before = Some(last.position);
        seen += messages.len();
        for message in messages
            .into_iter()
            .filter(|message| message.attributes.inlet == inlet.name)
        {
            let Some(payloads) = store.payloads(message.attributes.id).await? else {
                continue;
            };
            if cases.len() == count || !known.insert(payloads.raw.clone()) {
                continue;
            }
            let original = Original {
                raw: &payloads.raw,
                message: description(&message.attributes),
                mapping: &inlet.mapping,
                conceal: &conceal,
            };
            let name = format!(
                "{} as it came, recorded {now}, {}",
                inlet.entity,
                cases.len() + 1
            );
            match record(&name, &original, masks) {
                Ok(case) => cases.push(case),
                Err(reason) => match refused.iter_mut().find(|(known, _)| *known == reason) {
                    Some((_, many)) => *many += 1,
                    None => refused.push((reason, 1)),
                },
            }
        }
    }
    Ok((cases, refused))
}

/// Adds cases to the file of their mapping.
fn write(
    system: &System,
    inlet: &Inlet,
    cases: &[String],
    out: Option<PathBuf>,
) -> Result<PathBuf, Exit> {
    let beside = system.cases_of(&inlet.mapping);
    let file = match out {
        None => beside.clone(),
        Some(folder) => folder.join(beside.file_name().unwrap_or_default()),
    };
    let mut text = match fs::read_to_string(&file) {
        Ok(text) => text.trim_end().to_owned() + "\n\n",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Exit::environment(format!("{}: {error}", file.display()))),
    };
    text += &cases.join("\n");
    let folder = file.parent().map_or(Ok(()), fs::create_dir_all);
    folder
        .and_then(|()| fs::write(&file, text))
        .map_err(|error| Exit::environment(format!("{}: {error}", file.display())))?;
    if file != beside {
        output::talk(&format!(
            "`tenon test` runs it once it stands at {}",
            beside.display()
        ));
    }
    Ok(file)
}
