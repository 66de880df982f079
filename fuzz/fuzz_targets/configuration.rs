//! Any text as a connector file: it is loaded, or every problem of it is told, without a crash.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tenon_connector::{ConnectorKind, Preset, System};

const fn preset(transport: &'static str) -> Preset {
    Preset {
        name: transport,
        summary: "",
        transport,
        defaults: "",
        files: &[("same.jq", "."), ("unit.csv", "code,value\nPCS,piece\n")],
    }
}

const KIND: ConnectorKind = ConnectorKind {
    name: "fuzz",
    summary: "",
    presets: &[preset("files"), preset("sql"), preset("http")],
};

static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    std::env::temp_dir().join(format!("tenon-fuzz-{}.toml", std::process::id()))
});

fuzz_target!(|data: &[u8]| {
    let [choice, text @ ..] = data else { return };
    let preset = KIND.presets[usize::from(*choice) % KIND.presets.len()].name;
    let head = format!("name = 'fuzz'\nkind = 'fuzz'\npreset = '{preset}'\n");
    std::fs::write(&*FILE, [head.as_bytes(), text].concat()).expect("a file");
    if let Err(problems) = System::load(&FILE, &[KIND]) {
        assert!(!problems.is_empty(), "it is refused and no problem is told");
    }
});
