//! The program from outside: signals, time, files that are whole whenever it ends, memory, messages.
#![cfg(unix)]

#[path = "bad_input/whole.rs"]
mod whole;

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_scarlet");

/// A folder with a simulated blend in `sky/` whose fit goes on for ever.
fn endless() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let args = ["simulate", "--out", "sky", "--stars", "1", "--galaxies", "2", "--quiet"];
    let size = ["--rows", "48", "--columns", "48"];
    let done = Command::new(PROGRAM).args(args).args(size).current_dir(folder.path()).status();
    assert!(done.expect("the program is there").success());
    let scene = folder.path().join("sky/scene.yaml");
    let text = fs::read_to_string(&scene).expect("written");
    let text = text.replace("max_iter: 200", "max_iter: 100000000, optimizer: adam, e_rel: 0");
    fs::write(&scene, text).expect("written");
    folder
}

fn fit(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["fit", "sky/scene.yaml", "--out", "out"]).args(args).current_dir(folder);
    command
}

/// Starts an endless fit and waits until it is past its start values.
fn started(folder: &Path) -> Child {
    let mut command = fit(folder, &["-v", "--log-format", "json"]);
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the program is there");
    let stderr = child.stderr.as_mut().expect("piped");
    let mut lines = BufReader::new(stderr).lines();
    assert!(lines.any(|line| line.expect("text").contains("\"event\":\"setup\"")), "it began to fit");
    child
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(sent.expect("kill is there").success());
}

fn summary(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("out/summary.json")).expect("there are results");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_first_interrupt_ends_the_fit_and_the_best_so_far_is_written_and_flagged() {
    for name in ["-INT", "-TERM"] {
        let folder = endless();
        let mut child = started(folder.path());
        std::thread::sleep(Duration::from_millis(100));
        signal(&child, name);
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(3), "{name}");
        let summary = summary(folder.path());
        assert_eq!(summary["stop"], "interrupted", "{name}");
        assert_eq!(summary["ended_early"], true);
        assert!(summary["iterations"].as_u64().is_some_and(|n| n > 0));
        let flagged = summary["findings"].as_array().expect("a list");
        assert!(flagged.iter().any(|finding| finding["code"] == "ended_early"));
        let catalog = fs::read_to_string(folder.path().join("out/catalog.csv")).expect("written");
        assert!(catalog.contains("{\"ended_early\": \"true\"}"), "{catalog}");
        assert_eq!(whole::complaints(&folder.path().join("out")), Vec::<String>::new());
    }
}

#[test]
fn a_time_budget_is_kept() {
    let folder = endless();
    let begun = Instant::now();
    let status = fit(folder.path(), &["--time", "0.5", "--quiet"]).status().expect("the program is there");
    assert_eq!(status.code(), Some(3));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let summary = summary(folder.path());
    assert_eq!(summary["stop"], "time");
    let spent = ["read", "setup", "fit"].map(|part| summary["seconds"][part].as_f64().expect("a number"));
    assert!(spent.iter().sum::<f64>() < 1.5, "{spent:?}");
    let loss = summary["loss"].as_array().expect("a list");
    assert_eq!(summary["iterations"].as_u64().map(|n| n as usize + 1), Some(loss.len()));
}

#[test]
fn start_values_that_there_is_no_time_for_are_said_to_be_so() {
    let folder = endless();
    let status = fit(folder.path(), &["--time", "0.001", "--quiet"]).status().expect("the program is there");
    assert_eq!(status.code(), Some(3));
    let summary = summary(folder.path());
    assert!(summary["stop"] == "time" && summary["iterations"] == 0);
    let found = summary["findings"].as_array().expect("a list");
    assert!(found.iter().any(|finding| finding["code"] == "start_hurried"), "{found:?}");
    let sources = summary["sources"].as_array().expect("a list");
    let fluxes = sources.iter().flat_map(|source| source["flux"].as_object().expect("by channel").values());
    assert!(sources.len() == 3 && fluxes.clone().count() > 3);
    assert!(fluxes.into_iter().all(|flux| flux.as_f64().is_some_and(|flux| flux > 0.0)));
}

#[test]
fn whenever_it_is_killed_no_file_is_half_written() {
    let folder = endless();
    let run = |args: &[&str]| fit(folder.path(), args).spawn().expect("the program is there");
    let begun = Instant::now();
    let args = ["--max-iter", "2", "--quiet", "--redistribute"];
    assert_eq!(run(&args).wait().expect("it ends").code(), Some(0));
    let whole_run = begun.elapsed();
    fs::remove_dir_all(folder.path().join("out")).expect("it was there");
    for part in 0..20 {
        let mut child = run(&args);
        std::thread::sleep(whole_run * part / 20);
        child.kill().expect("it was started");
        child.wait().expect("it ends");
        let mut complaints = whole::complaints(&folder.path().join("out"));
        complaints.retain(|complaint| !complaint.contains("was left behind"));
        assert_eq!(complaints, Vec::<String>::new(), "killed after {part} of 20 parts");
    }
    assert_eq!(run(&args).wait().expect("it ends").code(), Some(0));
    assert_eq!(whole::complaints(&folder.path().join("out")), Vec::<String>::new());
}

#[test]
fn the_memory_estimate_is_within_a_factor_of_what_is_taken() {
    const FACTOR: f64 = 1.5;
    for args in [
        &["--stars", "3", "--galaxies", "5"][..],
        &["--stars", "12", "--galaxies", "48", "--rows", "280", "--columns", "280"],
    ] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut simulate = Command::new(PROGRAM);
        simulate.args(["simulate", "--out", "sky", "--quiet"]).args(args).current_dir(folder.path());
        assert!(simulate.status().expect("the program is there").success());
        let done = fit(folder.path(), &["--max-iter", "2", "--quiet"]).status();
        assert!(done.expect("the program is there").success());
        let summary = summary(folder.path());
        let Some(peak) = summary["peak_rss_mb"].as_f64() else {
            println!("the system does not say how much memory a process takes: not compared");
            return;
        };
        let ratio = summary["estimated_mb"].as_f64().expect("a number") / peak;
        println!("{args:?}: estimate / peak = {ratio:.2} ({peak:.0} MB)");
        assert!(ratio < FACTOR && 1.0 / ratio < FACTOR, "{args:?}: {ratio} of {peak} MB");
    }
}

#[test]
fn messages_are_json_lines_and_quiet_is_quiet() {
    let folder = endless();
    let output = |args: &[&str]| fit(folder.path(), args).output().expect("the program is there");
    let json = output(&["--max-iter", "1", "-v", "--log-format", "json"]);
    assert!(json.stdout.is_empty());
    let events: Vec<String> = (String::from_utf8_lossy(&json.stderr).lines())
        .map(|line| {
            let value: Value = serde_json::from_str(line).expect("a line of JSON");
            assert!(value["time"].is_number() && value["level"].is_string() && value["message"].is_string());
            value["event"].as_str().expect("a word").to_owned()
        })
        .collect();
    for wanted in ["read", "setup", "fit", "write", "done"] {
        assert!(events.iter().any(|event| event == wanted), "{wanted} in {events:?}");
    }
    let quiet = output(&["--max-iter", "1", "--quiet"]);
    assert!(quiet.status.success() && quiet.stdout.is_empty() && quiet.stderr.is_empty());
    let printed = output(&["--max-iter", "1", "--quiet", "--json"]);
    let printed: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!(printed["stop"], "max_iterations");
}
