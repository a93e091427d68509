//! The commands that README.md promises.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{bench, task_names};

/// Subcommands of the program `scarlet`; `xtask ci` compares them with its `--help`.
pub(crate) const PROGRAM_COMMANDS: &[&str] = &["check", "demo", "fit", "prior", "sample", "simulate"];

/// Cargo's own subcommands that a README may use.
const CARGO_COMMANDS: &[&str] = &["add", "bench", "build", "check", "doc", "install", "run", "test", "xtask"];

/// What the commands are checked against.
#[derive(Debug, Default)]
struct Known<'a> {
    packages: Vec<&'a str>,
    examples: Vec<&'a str>,
    benches: Vec<&'a str>,
    programs: Vec<&'a str>,
    tasks: Vec<String>,
    measurements: Vec<&'static str>,
}

/// Commands of README.md that name something that does not exist, one sentence each.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<String>> {
    let path = workspace.root.join("README.md");
    if !path.is_file() {
        return Ok(vec!["README.md is missing".to_owned()]);
    }
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let known = Known {
        packages: workspace.packages.iter().map(|p| p.name.as_str()).collect(),
        examples: workspace.targets("example", None),
        benches: workspace.targets("bench", None),
        programs: workspace.targets("bin", None),
        tasks: task_names(),
        measurements: bench::names(),
    };
    Ok(commands(&text)
        .iter()
        .filter_map(|command| {
            problem(command, &known).map(|problem| format!("README.md: `{command}`: {problem}"))
        })
        .collect())
}

/// The lines of ```sh fences without prompts, comments and variables in front; a backslash at the end joins lines.
fn commands(markdown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    let mut pending = String::new();
    for line in markdown.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            inside = !inside && matches!(language.trim(), "sh" | "bash" | "console");
            continue;
        }
        if !inside {
            continue;
        }
        let line = line.trim().trim_start_matches("$ ");
        if let Some(start) = line.strip_suffix('\\') {
            pending.push_str(start);
            continue;
        }
        let whole = std::mem::take(&mut pending) + line;
        let whole = whole.split(" #").next().unwrap_or_default();
        let command: Vec<&str> = whole.split_whitespace().skip_while(|word| is_assignment(word)).collect();
        if matches!(command.first(), Some(&("cargo" | "scarlet"))) {
            found.push(command.join(" "));
        }
    }
    found
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
}

/// What is wrong with a command, if anything.
fn problem(command: &str, known: &Known) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    if words[0] == "scarlet" {
        return program_problem(&words[1..]);
    }
    let (cargo, passed) = match words.iter().position(|w| *w == "--") {
        Some(at) => (&words[..at], &words[at + 1..]),
        None => (&words[..], &[][..]),
    };
    let subcommand = *cargo.get(1)?;
    if !CARGO_COMMANDS.contains(&subcommand) {
        return Some(format!("cargo {subcommand} is not in tidy's list"));
    }
    if subcommand == "xtask" {
        return task_problem(&cargo[2..], known);
    }
    let options: [(&[&str], &[&str]); 4] = [
        (&["-p", "--package"], &known.packages),
        (&["--example"], &known.examples),
        (&["--bench"], &known.benches),
        (&["--bin"], &known.programs),
    ];
    for (flags, names) in options {
        if let Some(at) = cargo.iter().position(|w| flags.contains(w)) {
            let name = cargo.get(at + 1).copied().unwrap_or_default();
            if !names.contains(&name) {
                return Some(format!("{} {name} does not exist", cargo[at]));
            }
        }
    }
    let runs_program = subcommand == "run" && !cargo.contains(&"--example");
    runs_program.then(|| program_problem(passed)).flatten()
}

fn program_problem(arguments: &[&str]) -> Option<String> {
    match arguments.first() {
        None => None,
        Some(option) if option.starts_with('-') => None,
        Some(name) if PROGRAM_COMMANDS.contains(name) => None,
        Some(name) => Some(format!("scarlet has no command {name}")),
    }
}

fn task_problem(arguments: &[&str], known: &Known) -> Option<String> {
    let task = arguments.first()?;
    if !known.tasks.iter().any(|t| t == task) {
        return Some(format!("xtask has no task {task}"));
    }
    if *task != "bench" {
        return None;
    }
    let unknown = arguments[1..].iter().find(|a| !a.starts_with('-') && !known.measurements.contains(a))?;
    Some(format!("there is no benchmark {unknown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known<'static> {
        Known {
            packages: vec!["scarlet", "scarlet-cli"],
            examples: vec!["design_post"],
            benches: vec!["step"],
            programs: vec!["scarlet"],
            tasks: vec!["ci".to_owned(), "bench".to_owned()],
            measurements: vec!["quickstart"],
        }
    }

    #[test]
    fn commands_come_from_shell_fences_only() {
        let text = "`cargo no`\n```rust\ncargo no\n```\n```sh\n# cargo no\n$ cargo run --release \\\n  -- demo\n\
                    A=1 cargo test # all\ncd x\n```\n";
        assert_eq!(commands(text), ["cargo run --release -- demo", "cargo test"]);
    }

    #[test]
    fn what_exists_passes() {
        for command in [
            "cargo run --release -- demo",
            "cargo test --workspace",
            "cargo xtask ci",
            "cargo xtask bench quickstart --json",
            "cargo run -p scarlet --example design_post",
            "cargo bench -p scarlet --bench step -- quickstart",
            "scarlet fit scene.yaml --out result",
            "scarlet --help",
        ] {
            assert_eq!(problem(command, &known()), None, "{command}");
        }
    }

    #[test]
    fn what_does_not_exist_is_named() {
        for (command, name) in [
            ("cargo run --release -- demos", "demos"),
            ("cargo tset", "tset"),
            ("cargo xtask cii", "cii"),
            ("cargo xtask bench speed", "speed"),
            ("cargo run --example missing", "missing"),
            ("cargo bench --bench missing", "missing"),
            ("cargo test -p scarlet-none", "scarlet-none"),
            ("scarlet sampel x", "sampel"),
        ] {
            let problem = problem(command, &known()).expect(command);
            assert!(problem.contains(name), "{problem}");
        }
    }
}
