//! Where the workspace is and what cargo says about it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::tidy::source::rust_files;

/// The workspace as `cargo metadata --no-deps` describes it.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Folder of the workspace's Cargo.toml.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// Members of the workspace.
    pub(crate) packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    /// Name in its manifest.
    pub(crate) name: String,
    /// Direct dependencies of every kind.
    pub(crate) dependencies: Vec<Dependency>,
    /// Libraries, programs, examples, tests and benches.
    pub(crate) targets: Vec<Target>,
}

/// A direct dependency of a member.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Dependency {
    /// Name of the crate.
    pub(crate) name: String,
    /// `None` for normal dependencies, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

/// Something that cargo builds from a member.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Target {
    /// Name on the command line.
    pub(crate) name: String,
    /// `lib`, `bin`, `example`, `test`, `bench`.
    pub(crate) kind: Vec<String>,
    /// Its first source file.
    pub(crate) src_path: PathBuf,
}

impl Target {
    /// Whether a source of this test reads the shared data: itself or, of a `main.rs`, any in its folder names the
    /// variable that says where they are, or the module that reads it.
    pub(crate) fn reads_data(&self) -> Result<bool> {
        let folder = self.src_path.parent().filter(|_| self.src_path.ends_with("main.rs"));
        for path in rust_files(folder.unwrap_or(&self.src_path))? {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            if text.contains("SCARLET_DATA") || text.contains("mod common;") {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    target_directory: PathBuf,
}

impl Workspace {
    /// Asks cargo about the workspace that this program was built in.
    pub(crate) fn load() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("the folder of xtask has no parent")?
            .to_owned();
        let output = cargo(&root)
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .output()
            .context("cannot run cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: Metadata = serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
        Ok(Self { root, target: metadata.target_directory, packages: metadata.packages })
    }

    /// A cargo command in the root of the workspace.
    pub(crate) fn cargo(&self) -> Command {
        cargo(&self.root)
    }

    /// The shared data: the folder named by `SCARLET_DATA`, else `../shared/data` beside the workspace, if there.
    pub(crate) fn data(&self) -> Option<PathBuf> {
        let folder = match std::env::var_os("SCARLET_DATA") {
            Some(folder) => self.root.join(folder),
            None => self.root.join("../shared/data"),
        };
        folder.is_dir().then(|| folder.canonicalize().ok()).flatten()
    }

    /// Names of the targets of one kind, over all members or in the named one.
    pub(crate) fn targets(&self, kind: &str, package: Option<&str>) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .packages
            .iter()
            .filter(|p| package.is_none_or(|name| p.name == name))
            .flat_map(|p| &p.targets)
            .filter(|t| t.kind.iter().any(|k| k == kind))
            .map(|t| t.name.as_str())
            .collect();
        names.sort_unstable();
        names
    }
}

fn cargo(root: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root);
    command
}
