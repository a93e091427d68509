//! The pictures of the page as PNG files.

use super::cutout::Cutout;
use super::panels::Panels;
use super::{MOST_VIEWS, Report};
use crate::files::write_whole;
use crate::picture::Picture;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Shortest longer side of a picture, in pixels.
const SIDE: usize = 400;

pub(super) fn write_pictures(report: &Report, folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let mut files = Files { folder, names: BTreeSet::new(), paths: Vec::new() };
    for observed in &report.observations {
        for panel in &Panels::of(observed).pictures {
            files.write(&[&observed.name, panel.key], &panel.picture)?;
        }
    }
    for source in &report.sources {
        for view in source.views.iter().take(MOST_VIEWS) {
            let Some(observed) = report.observations.get(view.observation) else { continue };
            let Some(cutout) = Cutout::of(view, observed) else { continue };
            for panel in cutout.pictures() {
                files.write(&[&observed.name, "source", &source.id, panel.key], &panel.picture)?;
            }
        }
    }
    Ok(files.paths)
}

struct Files<'a> {
    folder: &'a Path,
    names: BTreeSet<String>,
    paths: Vec<PathBuf>,
}

impl Files<'_> {
    fn write(&mut self, parts: &[&str], picture: &Picture) -> Result<(), (PathBuf, io::Error)> {
        let path = self.folder.join(format!("{}.png", self.name(parts)));
        write_whole(&path, &picture.upscaled(SIDE).png()).map_err(|error| (path.clone(), error))?;
        self.paths.push(path);
        Ok(())
    }

    /// A name that is no other file's, of letters that every file system takes.
    fn name(&mut self, parts: &[&str]) -> String {
        let safe =
            |letter: char| if letter.is_ascii_alphanumeric() || "-_".contains(letter) { letter } else { '_' };
        let base: String = parts.join("_").chars().map(safe).take(120).collect();
        let numbered = (2..).map(|k| format!("{base}_{k}"));
        let free = std::iter::once(base.clone())
            .chain(numbered)
            .find(|name| !self.names.contains(&name.to_lowercase()));
        let name = free.unwrap_or(base);
        self.names.insert(name.to_lowercase());
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_no_two_are_the_same() {
        let mut files = Files { folder: Path::new(""), names: BTreeSet::new(), paths: Vec::new() };
        assert_eq!(files.name(&["a/b", "data"]), "a_b_data");
        assert_eq!(files.name(&["A b", "data"]), "A_b_data_2");
        assert_eq!(files.name(&["a.b", "data"]), "a_b_data_3");
    }
}
