//! Any bytes as a file of any format in any encoding: a source hands over what is in it and comes to
//! an end, without a crash; what it takes for a record is JSON.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tenon_connector::{ConnectorKind, Deployment, Preset, Source};
use tenon_core::NativeBody;
use tokio::runtime::Runtime;

const KIND: ConnectorKind = ConnectorKind {
    name: "fuzz",
    summary: "",
    presets: &[Preset {
        name: "files",
        summary: "",
        transport: "files",
        defaults: "",
        files: &[],
    }],
};

/// The extension of a file, and the keys of the inlet that reads it.
const FORMATS: [(&str, &str); 7] = [
    ("csv", ""),
    ("txt", "delimiter = '|'\nquote = ''\ncolumns = ['id', 'b']"),
    ("json", ""),
    ("json", "record = 'data.rows'"),
    ("ndjson", ""),
    ("xml", "record = 'Data/C'"),
    ("xlsx", ""),
];
const ENCODINGS: [&str; 4] = ["auto", "utf-8", "gb18030", "utf-16le"];

struct Place {
    directory: PathBuf,
    deployment: Deployment,
    runtime: Runtime,
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let directory = std::env::temp_dir().join(format!("tenon-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    std::fs::write(directory.join("same.jq"), ".").expect("a mapping");
    let mut text = "name = 'fuzz'\nkind = 'fuzz'\npreset = 'files'\ndirectory = '.'\n\
                    max_record_bytes = 65536\nmax_xlsx_bytes = 1048576\n"
        .to_owned();
    for (format, (extension, keys)) in FORMATS.iter().enumerate() {
        for (encoding, name) in ENCODINGS.iter().enumerate() {
            // A workbook says by itself how its text is written.
            let encoded = match *extension {
                "xlsx" => String::new(),
                _ => format!("encoding = '{name}'\n"),
            };
            text += &format!(
                "[[receive]]\nname = '{format}-{encoding}'\nentity = 'customer'\nkey = 'id'\n\
                 mapping = 'same.jq'\nfiles = '{format}-{encoding}.{extension}'\n\
                 {encoded}settled = '0s'\n{keys}\n"
            );
        }
    }
    std::fs::write(directory.join("fuzz.toml"), text).expect("a connector file");
    let deployment = Deployment::load(&directory, &[KIND]).expect("a system");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    Place {
        directory,
        deployment,
        runtime,
    }
});

fuzz_target!(|data: &[u8]| {
    let [choice, content @ ..] = data else { return };
    let format = usize::from(*choice) % FORMATS.len();
    let encoding = usize::from(*choice) / FORMATS.len() % ENCODINGS.len();
    let place = &*PLACE;
    let name = format!("{format}-{encoding}");
    let file = place.directory.join(format!("{name}.{}", FORMATS[format].0));
    std::fs::write(&file, content).expect("a file");
    let system = &place.deployment.systems[0];
    let inlet = system.inlet(&name).expect("an inlet");
    place.runtime.block_on(async {
        let opened = system.transport.open_source(inlet, None).await;
        let mut source: Box<dyn Source> = opened.expect("a source");
        // What cannot be read at all is a failure, and the file stays where it is.
        while let Ok(Some(received)) = source.receive().await {
            for message in received.messages {
                if let NativeBody::Json(json) = message.body.body {
                    serde_json::from_slice::<serde::de::IgnoredAny>(&json).expect("JSON");
                }
            }
            if source.settle().await.is_err() {
                break;
            }
        }
    });
    for left in [file, place.directory.join("done"), place.directory.join("failed")] {
        let _ = std::fs::remove_file(&left);
        let _ = std::fs::remove_dir_all(&left);
    }
});
