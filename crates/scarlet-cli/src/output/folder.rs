//! The folder that results go to: nothing in it that is not ours is ever replaced by accident.

use super::write_text;
use crate::error::CliError;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A file that says that a folder's contents were written by this program, also when it was ended while writing.
const MARKER: &str = ".scarlet";
const MARKER_TEXT: &str = "Written by scarlet: its next run with this folder replaces its files here.\n";

/// Makes `folder` ready to be written to: makes it if it is not there, and tries whether files can be written.
///
/// A folder that this program wrote to before is taken again, and so is an empty one; any other only with
/// `overwrite`. Nothing is deleted but what an earlier run left half written.
///
/// # Errors
/// Something else is there, it holds files of others, or it cannot be written to.
pub fn prepare_folder(folder: &Path, overwrite: bool) -> Result<(), CliError> {
    if folder.exists() && !folder.is_dir() {
        return Err(CliError::NotAFolder { path: folder.to_owned() });
    }
    fs::create_dir_all(folder).map_err(CliError::file(folder, "make the folder"))?;
    let is_ours = folder.join(MARKER).exists();
    if !is_ours && !overwrite {
        let entries = fs::read_dir(folder).map_err(CliError::file(folder, "list the folder"))?;
        if let Some(entry) = entries.flatten().find(|entry| !is_half_marker(&entry.file_name())) {
            let holds = entry.file_name().to_string_lossy().into_owned();
            return Err(CliError::FolderInUse { path: folder.to_owned(), holds });
        }
    }
    remove_remains(folder);
    write_text(&folder.join(MARKER), MARKER_TEXT)
}

/// Checks that no file to be written is one of `inputs`.
///
/// # Errors
/// Names the file that would be replaced.
pub fn check_inputs(folder: &Path, names: &[&str], inputs: &[PathBuf]) -> Result<(), CliError> {
    let canonical = |path: &Path| fs::canonicalize(path).ok();
    for output in names.iter().map(|name| folder.join(name)) {
        let Some(found) = canonical(&output) else { continue };
        if inputs.iter().any(|input| canonical(input).as_ref() == Some(&found)) {
            return Err(CliError::OutputIsInput { path: output });
        }
    }
    Ok(())
}

/// Removes hidden files that a run which is no more left half written, where the system tells which runs are.
fn remove_remains(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    if !Path::new("/proc/self").exists() {
        return;
    }
    for entry in entries.flatten() {
        let is_gone = |pid: u32| !Path::new("/proc").join(pid.to_string()).exists();
        if writer_of(&entry.file_name()).is_some_and(is_gone) {
            // What cannot be removed does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a run was ended while it wrote the marker, before anything else.
fn is_half_marker(name: &OsStr) -> bool {
    let is_marker = |name: &str| name.strip_prefix('.').is_some_and(|rest| rest.starts_with(MARKER));
    writer_of(name).is_some() && name.to_str().is_some_and(is_marker)
}

/// The process that was writing a hidden file `.NAME.PID-N.part`.
fn writer_of(name: &OsStr) -> Option<u32> {
    let stem = name.to_str()?.strip_prefix('.')?.strip_suffix(".part")?;
    let (pid, count) = stem.rsplit_once('.')?.1.split_once('-')?;
    count.parse::<u32>().ok()?;
    pid.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_folders_of_ours_and_empty_ones_are_taken() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let folder = root.path().join("a/b");
        prepare_folder(&folder, false).expect("new");
        fs::write(folder.join("catalog.csv"), "x").expect("written");
        prepare_folder(&folder, false).expect("ours");
        let killed_at_once = root.path().join("k");
        fs::create_dir(&killed_at_once).expect("made");
        fs::write(killed_at_once.join("..scarlet.4294967294-0.part"), "W").expect("written");
        prepare_folder(&killed_at_once, false).expect("nothing is there but half a marker");
        let other = root.path().join("c");
        fs::create_dir(&other).expect("made");
        fs::write(other.join("thesis.tex"), "x").expect("written");
        let error = prepare_folder(&other, false).expect_err("not ours").to_string();
        assert!(error.contains("thesis.tex"), "{error}");
        prepare_folder(&other, true).expect("asked for");
        assert!(other.join("thesis.tex").exists());
        let file = other.join("thesis.tex");
        assert!(matches!(prepare_folder(&file, true), Err(CliError::NotAFolder { .. })));
        assert!(matches!(prepare_folder(&file.join("x"), true), Err(CliError::File { .. })));
    }

    #[test]
    fn an_input_is_never_an_output() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let input = root.path().join("catalog.csv");
        fs::write(&input, "id,x,y\n").expect("written");
        let check = |names: &[&str]| check_inputs(root.path(), names, std::slice::from_ref(&input));
        assert!(check(&["model.fits", "report.html"]).is_ok());
        assert!(matches!(check(&["catalog.csv"]), Err(CliError::OutputIsInput { .. })));
    }

    #[test]
    fn what_a_run_that_is_no_more_left_half_written_is_removed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let gone = folder.path().join(".model.fits.4294967294-0.part");
        let own = folder.path().join(format!(".model.fits.{}-0.part", std::process::id()));
        for path in [&gone, &own] {
            fs::write(path, "x").expect("written");
        }
        prepare_folder(folder.path(), true).expect("writable");
        assert!(!gone.exists() && own.exists());
        assert_eq!(writer_of(OsStr::new(".a.b.12-3.part")), Some(12));
        assert_eq!(writer_of(OsStr::new(".a.b.part")), None);
    }
}
