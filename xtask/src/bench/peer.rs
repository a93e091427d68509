//! Python programs that ours is compared with, each in an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::workspace::Workspace;

/// A program to install.
#[derive(Debug)]
pub(crate) struct Program {
    /// As pip names it.
    pub(crate) requirement: &'static str,
    /// The file in `benches/peers` that says what else is installed.
    requirements: &'static str,
}

/// The peer of speed and quality.
pub(crate) const SCARLET2: Program =
    Program { requirement: "scarlet2==0.5.1", requirements: "requirements.txt" };
/// What draws true images.
pub(crate) const GALSIM: Program =
    Program { requirement: "galsim==2.8.5", requirements: "requirements-galsim.txt" };

/// An installed peer.
#[derive(Debug)]
pub(crate) struct Peer {
    python: PathBuf,
    scripts: PathBuf,
}

impl Peer {
    /// Finds the environment under `target/peers`, or makes it with `python3 -m venv` and pip.
    pub(crate) fn install(workspace: &Workspace, program: &Program) -> Result<Self> {
        let (scripts, requirement) = (scripts(workspace), program.requirement);
        let requirements = scripts.join(program.requirements);
        let wanted = fs::read_to_string(&requirements)
            .with_context(|| format!("reading benches/peers/{}", program.requirements))?;
        let folder = workspace.target.join("peers").join(requirement.replace("==", "-"));
        let peer = Self { python: folder.join("bin/python"), scripts };
        let stamp = folder.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && peer.imports(requirement)
        {
            return Ok(peer);
        }
        eprintln!("installing {requirement} into {}", folder.display());
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(&peer.python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"]);
        run(pip.arg(&requirements))?;
        ensure!(peer.imports(requirement), "{requirement} was installed, but Python cannot import it");
        fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
        Ok(peer)
    }

    /// The environment's Python running one of the peer's scripts, as the words of a command line.
    pub(crate) fn script(&self, name: &str) -> Vec<String> {
        vec![self.python.display().to_string(), self.scripts.join(name).display().to_string()]
    }

    fn imports(&self, requirement: &str) -> bool {
        let (name, version) = requirement.split_once("==").unwrap_or((requirement, ""));
        let import = format!("import {name}, importlib.metadata as m; print(m.version('{name}'))");
        let output = Command::new(&self.python).args(["-c", &import]).output();
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
