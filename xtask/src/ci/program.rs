//! The steps that run what was built: every example, and the demo in an empty folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::steps::succeed;
use super::{Options, Outcome, outputs};
use crate::tidy::readme::PROGRAM_COMMANDS;
use crate::workspace::Workspace;

/// Builds and runs every example of the facade, each in an empty folder.
pub(super) fn examples(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    let examples = workspace.targets("example", Some("scarlet"));
    if examples.is_empty() {
        return Ok(Outcome::Skipped("the facade has no examples".to_owned()));
    }
    build(workspace)?;
    for example in examples {
        println!("-- example {example}");
        let mut command = Command::new(workspace.target.join("debug/examples").join(example));
        command.current_dir(empty_folder(workspace, &format!("example-{example}"))?);
        if let Some(data) = workspace.data() {
            command.env("SCARLET_DATA", data);
        }
        succeed(&mut command).with_context(|| {
            format!("example {example}; repeat with: cargo run -p scarlet --example {example}")
        })?;
    }
    Ok(Outcome::Passed)
}

/// Runs `scarlet demo` in an empty folder and checks what it wrote.
pub(super) fn demo(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    build(workspace)?;
    let program = workspace.target.join("debug/scarlet");
    commands_exist(&program)?;
    let folder = empty_folder(workspace, "demo")?;
    succeed(Command::new(&program).arg("demo").current_dir(&folder))?;
    let problems = outputs::problems(&folder)?;
    for problem in &problems {
        println!("  {problem}");
    }
    ensure!(
        problems.is_empty(),
        "{} problems in what the demo wrote to {}",
        problems.len(),
        folder.display()
    );
    Ok(Outcome::Passed)
}

/// Builds programs and examples as `cargo test --workspace` does: for single crates cargo would choose other features
/// of their dependencies and build those once more.
fn build(workspace: &Workspace) -> Result<Outcome> {
    succeed(workspace.cargo().args(["build", "--workspace", "--bins", "--examples"]))
}

/// The commands that tidy lets the README name are those of the program.
fn commands_exist(program: &Path) -> Result<()> {
    let output = Command::new(program).arg("--help").output().context("cannot run scarlet --help")?;
    ensure!(output.status.success(), "scarlet --help ended with {}", output.status);
    let help = String::from_utf8_lossy(&output.stdout);
    for name in PROGRAM_COMMANDS {
        let listed = help.lines().any(|line| line.split_whitespace().next() == Some(name));
        ensure!(listed, "scarlet --help does not list the command {name}");
    }
    Ok(())
}

fn empty_folder(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let folder = workspace.target.join("ci").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}
