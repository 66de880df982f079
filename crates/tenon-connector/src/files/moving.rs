//! Putting files away: moved, never deleted, never over another file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use tenon_core::Failure;

use super::listing::Stamp;
use crate::from_io;

/// Moves `directory/name` into `directory/folder`, if it still is what was read.
///
/// Another file of this name there keeps it; the newcomer's then says when it came. `ending` is put
/// behind the name. A file that vanished or is another one by now stays as it is: `None`.
///
/// # Errors
/// `Configuration` when rights or directories do not allow it, `Transient` for what may pass.
pub(super) fn put_away(
    directory: &Path,
    name: &str,
    stamp: Stamp,
    folder: &Path,
    ending: &str,
) -> Result<Option<PathBuf>, Failure> {
    let from = directory.join(name);
    if stamp_of(&from)? != Some(stamp) {
        tracing::info!(file.name = %from.display(), "file is another one by now and stays");
        return Ok(None);
    }
    let folder = directory.join(folder);
    let doing = || format!("moving {} to {}", from.display(), folder.display());
    std::fs::create_dir_all(&folder).map_err(|error| from_io(&error, &doing()))?;
    let to = free_name(&folder, name, ending);
    match std::fs::rename(&from, &to) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            let detail = format!("{}: they are on different file systems; use one", doing());
            return Err(Failure::configuration("files.move", detail));
        }
        Err(error) => return Err(from_io(&error, &doing())),
    }
    // Between the look and the move the system may have put another file in place.
    if stamp_of(&to)?.is_some_and(|moved| moved != stamp) && !from.exists() {
        std::fs::rename(&to, &from).map_err(|error| from_io(&error, &doing()))?;
        return Ok(None);
    }
    Ok(Some(to))
}

/// What stands under a path now; `None` for nothing.
fn stamp_of(path: &Path) -> Result<Option<Stamp>, Failure> {
    match std::fs::metadata(path) {
        Ok(metadata) => Ok(Some(Stamp::of(&metadata))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(from_io(&error, &format!("looking at {}", path.display()))),
    }
}

/// A name in `folder` that no file has.
fn free_name(folder: &Path, name: &str, ending: &str) -> PathBuf {
    let name = name.rsplit('/').next().unwrap_or(name);
    let plain = folder.join(format!("{name}{ending}"));
    if plain.symlink_metadata().is_err() {
        return plain;
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (name, String::new()),
    };
    let moment = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let mut path = folder.join(format!("{stem}.{moment}{extension}{ending}"));
    let mut number = 2_u64;
    while path.symlink_metadata().is_ok() {
        path = folder.join(format!("{stem}.{moment}-{number}{extension}{ending}"));
        number += 1;
    }
    path
}
