//! Bad input: each ends in an error that names file, key or source and says what to do, without a panic and without
//! a half-written file. The same table makes `docs/bad-input.md`; to write it anew:
//!
//! ```sh
//! SCARLET_WRITE_DOCS=1 cargo test -p scarlet-cli --test bad_input
//! ```

mod catalogs;
mod images;
mod instruments;
mod network_priors;
mod networks;
mod output;
mod samples;
mod scenes;
mod unusual;
mod varying;
mod whole;
mod world;

use scarlet_cli::command::EXIT_CODES;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use world::World;

const PROGRAM: &str = env!("CARGO_BIN_EXE_scarlet");
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/bad-input.md");

/// One bad input, and what is to come of it.
#[derive(Debug)]
pub(crate) struct Row {
    /// What is bad, in words.
    input: &'static str,
    /// Makes it so.
    spoil: fn(&World),
    /// The exit code.
    code: i32,
    /// What must be said, errors and findings together.
    says: &'static [&'static str],
    /// The command line; that of a fit where it is empty.
    args: &'static [&'static str],
    /// Bash commands before the program is run in the same process.
    shell: &'static str,
}

/// A row that is an error.
pub(crate) const fn row(input: &'static str, spoil: fn(&World), says: &'static [&'static str]) -> Row {
    Row { input, spoil, code: 1, says, args: &[], shell: "" }
}

impl Row {
    const fn code(mut self, code: i32) -> Self {
        self.code = code;
        self
    }

    const fn args(mut self, args: &'static [&'static str]) -> Self {
        self.args = args;
        self
    }

    const fn shell(mut self, shell: &'static str) -> Self {
        self.shell = shell;
        self
    }

    /// Makes it so and runs the program; what it said, and complaints about that.
    fn run(&self) -> (String, Vec<String>) {
        let world = World::new();
        (self.spoil)(&world);
        let output = self.command(&world);
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said = said(&stderr, self.code);
        let mut complaints = whole::complaints(&world.path("out"));
        let mut complain = |text: String| complaints.push(text);
        if output.status.code() != Some(self.code) {
            complain(format!("exit code {:?} in place of {}", output.status.code(), self.code));
        }
        if stderr.contains("panicked") {
            complain("it panicked".to_owned());
        }
        for wanted in self.says {
            if !said.iter().any(|line| line.contains(wanted)) {
                complain(format!("`{wanted}` is not said"));
            }
        }
        if self.code == 1 && self.shell.is_empty() && world.path("out/summary.json").exists() {
            complain("there are results".to_owned());
        }
        let shown = said.iter().find(|line| self.says.iter().all(|wanted| line.contains(wanted)));
        let shown = if self.says.is_empty() { Some("nothing: it fits") } else { shown.map(String::as_str) };
        (shown.map_or_else(|| said.join(" / "), str::to_owned), complaints)
    }

    fn command(&self, world: &World) -> Output {
        let args = if self.args.is_empty() { &["fit", "scene.yaml", "--out", "out"] } else { self.args };
        let mut command = match self.shell {
            "" => Command::new(PROGRAM),
            shell => {
                let mut command = Command::new("bash");
                command.args(["-c", &format!("{shell} exec \"$0\" \"$@\""), PROGRAM]);
                command
            }
        };
        command.args(args).args(["--log-format", "json"]).current_dir(world.path(""));
        command.output().expect("the program is there")
    }
}

/// What was said: messages with their advice, errors and findings; the text of the command line's errors.
fn said(stderr: &str, code: i32) -> Vec<String> {
    if code == 2 {
        return vec![stderr.split("\n\nUsage").next().unwrap_or_default().replace('\n', " ")];
    }
    let line = |line: &str| {
        let value: Value = serde_json::from_str(line).ok()?;
        let text = value["message"].as_str()?.to_owned();
        match (value["event"].as_str()?, value["help"].as_str()) {
            ("error", Some(help)) => Some(format!("{text}; {help}")),
            ("error" | "finding", _) => Some(text),
            _ => None,
        }
    };
    stderr.lines().filter_map(line).collect()
}

fn document(parts: &[(&str, Vec<(&Row, String)>)]) -> String {
    let mut text = String::from(
        "# Bad input, and what scarlet says\n\n\
         Each row is run by `cargo test -p scarlet-cli --test bad_input`, which also checks that nothing panics and that \
         no file is half written\nunder its final name. Exit code 1 where no other is given. This file is made by:\n\n\
         ```sh\nSCARLET_WRITE_DOCS=1 cargo test -p scarlet-cli --test bad_input\n```\n",
    );
    write!(text, "\n```text\n{EXIT_CODES}\n```\n").expect("to a string");
    for (title, rows) in parts {
        write!(text, "\n## {title}\n\n| input | what scarlet says |\n|---|---|\n").expect("to a string");
        for (row, said) in rows {
            let code = if row.code == 1 { String::new() } else { format!(" (exit code {})", row.code) };
            let said = said.replace('|', "\\|");
            writeln!(text, "| {}{code} | {} |", row.input, said.trim()).expect("to a string");
        }
    }
    text
}

#[test]
fn every_bad_input_is_named_and_the_document_says_how() {
    let parts = [
        ("Scene files", scenes::ROWS),
        ("Images", images::ROWS),
        ("Several instruments and epochs", instruments::ROWS),
        ("PSFs that vary over the field", varying::ROWS),
        ("Catalogues and sources", catalogs::ROWS),
        ("Draws from the posterior", samples::ROWS),
        ("Score networks", networks::ROWS),
        ("Networks as priors", network_priors::ROWS),
        ("Output, time and memory", output::ROWS),
        ("Unusual, and understood", unusual::ROWS),
    ];
    let mut failures = String::new();
    let parts: Vec<(&str, Vec<(&Row, String)>)> = (parts.iter())
        .map(|(title, rows)| {
            let run = |row| {
                let row: &Row = row;
                let (said, complaints) = row.run();
                for complaint in complaints {
                    writeln!(failures, "{}: {complaint}\n    {said}", row.input).expect("to a string");
                }
                (row, said)
            };
            (*title, rows.iter().map(run).collect())
        })
        .collect();
    assert!(failures.is_empty(), "\n{failures}");
    let rows: usize = parts.iter().map(|(_, rows)| rows.len()).sum();
    assert!(rows >= 40, "only {rows} rows");
    let text = document(&parts);
    if std::env::var_os("SCARLET_WRITE_DOCS").is_some() {
        fs::write(DOCUMENT, &text).expect("docs can be written");
    }
    let stored = fs::read_to_string(Path::new(DOCUMENT)).unwrap_or_default();
    assert!(
        stored == text,
        "docs/bad-input.md is not what the program says now; write it anew with\n    \
         SCARLET_WRITE_DOCS=1 cargo test -p scarlet-cli --test bad_input\n{text}"
    );
}
