//! The steps that are one cargo command.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::{Options, Outcome};
use crate::tidy;
use crate::workspace::Workspace;

pub(super) fn format(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    succeed(workspace.cargo().args(["fmt", "--all", "--check"]))
}

pub(super) fn tidy(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    ensure!(tidy::run(workspace)?, "rules are broken");
    Ok(Outcome::Passed)
}

pub(super) fn clippy(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    succeed(workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

pub(super) fn docs(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    succeed(workspace.cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// The README's command as a newcomer runs it: without the shared data.
pub(super) fn test(workspace: &Workspace, _: &Options) -> Result<Outcome> {
    succeed(workspace.cargo().args(["test", "--workspace"]).env_remove("SCARLET_DATA"))
}

/// The tests that read the shared data once more, with them.
pub(super) fn real_data(workspace: &Workspace, options: &Options) -> Result<Outcome> {
    let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    match data_or_reason(workspace.data(), in_ci && !options.without_data)? {
        Ok(data) => {
            println!("SCARLET_DATA={}", data.display());
            let mut cargo = workspace.cargo();
            cargo.args(["test", "--workspace"]).env("SCARLET_DATA", data);
            let targets = workspace.packages.iter().flat_map(|p| &p.targets);
            for test in targets.filter(|t| t.kind.iter().any(|kind| kind == "test")) {
                if test.reads_data()? {
                    cargo.args(["--test", &test.name]);
                }
            }
            succeed(&mut cargo)
        }
        Err(reason) => Ok(Outcome::Skipped(reason)),
    }
}

/// The data folder, or why the tests that need it are left out; an error where they must not be.
fn data_or_reason(data: Option<PathBuf>, required: bool) -> Result<std::result::Result<PathBuf, String>> {
    match (data, required) {
        (Some(data), _) => Ok(Ok(data)),
        (None, true) => bail!("CI is set and the data folder is missing: set SCARLET_DATA"),
        (None, false) => Ok(Err("no data folder at SCARLET_DATA or ../shared/data".to_owned())),
    }
}

/// Runs a command with its output on ours.
pub(super) fn succeed(command: &mut Command) -> Result<Outcome> {
    let status =
        command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    ensure!(status.success(), "the command ended with {status}");
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_read_data_are_known_by_their_sources() {
        let workspace = Workspace::load().expect("a workspace");
        let reads = |name: &str| {
            let mut targets = workspace.packages.iter().flat_map(|p| &p.targets);
            targets.find(|t| t.name == name).expect("a test").reads_data().expect("readable")
        };
        // by itself, by tests/common, by a file in its folder
        for name in ["wcs_golden", "hsc", "report"] {
            assert!(reads(name), "{name}");
        }
        assert!(!reads("sbc"));
    }

    #[test]
    fn missing_data_is_an_error_only_where_it_is_required() {
        assert!(data_or_reason(None, true).is_err());
        assert!(data_or_reason(None, false).expect("not required").is_err());
        let there = data_or_reason(Some(PathBuf::from("data")), true).expect("it is there");
        assert_eq!(there, Ok(PathBuf::from("data")));
    }
}
