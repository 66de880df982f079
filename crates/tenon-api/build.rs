//! The console is embedded, so this crate is built anew when it was built anew (`make ui`).

fn main() {
    // The folder is always there, with the page that stands in for the console; `app` may not be.
    println!("cargo::rerun-if-changed=console");
}
