//! The peer: scarlet2 in a Python environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// What is installed, as pip names it; benches/peers/requirements.txt says the rest.
pub(crate) const REQUIREMENT: &str = "scarlet2==0.5.1";

/// An installed peer.
#[derive(Debug)]
pub(crate) struct Peer {
    python: PathBuf,
    scripts: PathBuf,
}

impl Peer {
    /// Finds the environment under `target/peers`, or makes it with `python3 -m venv` and pip.
    pub(crate) fn install(workspace: &Workspace) -> Result<Self> {
        let scripts = scripts(workspace);
        let requirements = scripts.join("requirements.txt");
        let wanted = fs::read_to_string(&requirements).context("reading benches/peers/requirements.txt")?;
        let folder = workspace.target.join("peers").join(REQUIREMENT.replace("==", "-"));
        let peer = Self { python: folder.join("bin/python"), scripts };
        let stamp = folder.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && peer.imports() {
            return Ok(peer);
        }
        eprintln!("installing {REQUIREMENT} into {}", folder.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(&peer.python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
        run(pip.arg(&requirements))?;
        ensure!(peer.imports(), "{REQUIREMENT} was installed, but Python cannot import it");
        fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
        Ok(peer)
    }

    /// The environment's Python running one of the peer's scripts, as the words of a command line.
    pub(crate) fn script(&self, name: &str) -> Vec<String> {
        vec![self.python.display().to_string(), self.scripts.join(name).display().to_string()]
    }

    fn imports(&self) -> bool {
        let import = "import scarlet2, importlib.metadata as m; print(m.version('scarlet2'))";
        let output = Command::new(&self.python).args(["-c", import]).output();
        let version = REQUIREMENT.split("==").last().unwrap_or_default();
        output.is_ok_and(|o| o.status.success() && String::from_utf8_lossy(&o.stdout).trim() == version)
    }
}

/// Folder of the peer's scripts.
pub(crate) fn scripts(workspace: &Workspace) -> PathBuf {
    workspace.root.join(Path::new("benches/peers"))
}

fn run(command: &mut Command) -> Result<()> {
    let output =
        command.output().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{command:?} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
