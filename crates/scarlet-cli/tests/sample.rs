//! `scarlet sample` from outside: what it writes, whom it repeats, how it goes on and how it ends.

#[path = "bad_input/whole.rs"]
mod whole;

use scarlet_cli::catalog::read_numbers;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_scarlet");
const QUICK: [&str; 4] = ["--draws", "60", "--warmup", "60"];

/// A folder with the images of a star and a galaxy, modelled with a Sersic profile.
fn sky() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let args = ["simulate", "--out", "sky", "--stars", "1", "--galaxies", "1", "--quiet"];
    let size = ["--rows", "32", "--columns", "32"];
    let done = Command::new(PROGRAM).args(args).args(size).current_dir(folder.path()).status();
    assert!(done.expect("the program is there").success());
    let scene = folder.path().join("sky/scene.yaml");
    let text = fs::read_to_string(&scene).expect("written");
    let text = text.replace("galaxy: extended", "galaxy: sersic");
    assert!(text.contains("sersic"), "{text}");
    fs::write(&scene, text).expect("written");
    folder
}

fn sample(folder: &Path, out: &str, args: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["sample", "sky/scene.yaml", "--quiet", "--out", out]).args(QUICK).args(args);
    if !args.contains(&"--rhat-limit") {
        command.args(["--rhat-limit", "9"]);
    }
    let output = command.current_dir(folder).output().expect("the program is there");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
    output
}

fn summary(folder: &Path, out: &str) -> Value {
    let text = fs::read_to_string(folder.join(out).join("posterior.json")).expect("there are results");
    serde_json::from_str(&text).expect("JSON")
}

fn numbers(folder: &Path, out: &str) -> Vec<(String, Vec<f64>)> {
    read_numbers(&folder.join(out).join("chains.parquet")).expect("Parquet")
}

#[test]
fn chains_are_written_repeated_and_continued() {
    let folder = sky();
    let folder = folder.path();
    let done = sample(folder, "one", &["--chains", "2", "--threads", "1"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(whole::complaints(&folder.join("one")), Vec::<String>::new());
    for name in [
        "chains.zarr/.zmetadata",
        "chains.zarr/posterior/chain/0",
        "posterior.html",
        "posterior.csv",
        "posterior_scene.json",
    ] {
        assert!(folder.join("one").join(name).exists(), "{name}");
    }
    let said = summary(folder, "one");
    assert_eq!((said["chains"].as_u64(), said["draws"].as_u64()), (Some(2), Some(60)));
    let columns = said["columns"].as_array().expect("a list");
    let of = |name: &str| {
        columns.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no {name}: {said}"))
    };
    assert!(of("0.spectrum[0]")["sd"].as_f64().is_some_and(|sd| sd > 0.0));
    assert!(
        of("1.g1")["derived"] == true
            && of("1.colour_g_r")["mean"].is_number()
            && of("1.radius")["sd"].is_number()
            && of("1.concentration")["mean"].is_number()
    );
    assert!(said["findings"].as_array().expect("a list").iter().any(|f| f["code"] == "no_prior"));
    assert!(said["predictive"][0]["p_value"].as_f64().is_some_and(|p| p > 1e-3 && p < 0.999), "{said}");

    // flux of a star in a box that holds all of it
    let table = numbers(folder, "one");
    let column = |name: &str| &table.iter().find(|(own, _)| own == name).expect("a column").1;
    assert_eq!(column("chain").len(), 120);
    let pairs = column("0.flux_g").iter().zip(column("0.spectrum[0]"));
    assert!(pairs.clone().all(|(flux, spectrum)| (flux / spectrum - 1.0).abs() < 0.02));

    // the same draws from two threads
    sample(folder, "two", &["--chains", "2", "--threads", "2"]);
    assert_eq!(numbers(folder, "one"), numbers(folder, "two"));
    let other = sample(folder, "other", &["--chains", "2", "--seed", "5", "--thin", "2"]);
    assert_eq!(other.status.code(), Some(0));
    assert_ne!(numbers(folder, "one"), numbers(folder, "other"));

    // and on from there
    let on = sample(folder, "two", &["--chains", "2", "--resume"]);
    assert_eq!(on.status.code(), Some(0), "{on:?}");
    assert_eq!(summary(folder, "two")["draws"], 120);
    let more = numbers(folder, "two");
    let first = |table: &[(String, Vec<f64>)]| table[2].1[..60].to_vec();
    assert_eq!(first(&more), first(&table));
    let report = fs::read_to_string(folder.join("two/posterior.html")).expect("written");
    for part in [
        "id=\"traces\"",
        "id=\"ranks\"",
        "id=\"corner\"",
        "id=\"fluxes\"",
        "id=\"images\"",
        "data:image/png",
        ": draw 4<",
    ] {
        assert!(report.contains(part), "{part}");
    }
    assert!(!report.contains("NaN") && !report.contains("src=\"http"));
}

#[test]
fn chains_that_disagree_have_an_exit_code_and_langevin_is_flagged_as_such() {
    let folder = sky();
    let folder = folder.path();
    let strict = sample(folder, "strict", &["--chains", "2", "--rhat-limit", "0.5"]);
    assert_eq!(strict.status.code(), Some(5), "{strict:?}");
    assert!(summary(folder, "strict")["findings"][0]["code"] == "rhat_high");
    let done = sample(folder, "langevin", &["--chains", "2", "--sampler", "langevin"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(summary(folder, "langevin")["sampler"], "langevin");
}

/// Starts the program, asks it to end once it has said `when` so many `times`, a second apart, and waits for that: exit code
/// and what it said.
fn interrupted(folder: &Path, out: &str, args: &[&str], when: &str, times: usize) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    command.args(["sample", "sky/scene.yaml", "-v", "--out", out, "--rhat-limit", "9"]).args(args);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.current_dir(folder).spawn().expect("the program is there");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
    let mut said = 0;
    while said < times {
        said += usize::from(lines.next().expect("it says so before it ends").contains(when));
    }
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(told.expect("it can be told").success());
    let rest: Vec<String> = lines.collect();
    let words: Vec<&str> = rest.iter().flat_map(|line| line.split_whitespace()).collect();
    (child.wait().expect("it ends").code(), words.join(" "))
}

#[test]
fn an_interrupt_keeps_what_is_drawn_and_says_where_that_is_nothing() {
    let folder = sky();
    let folder = folder.path();
    let draws = ["--warmup", "20", "--draws", "1000000"];
    let (code, told) = interrupted(folder, "some", &draws, "draws, draws", 3);
    assert_eq!(code, Some(3), "{told}");
    let said = summary(folder, "some");
    assert!(said["ended_early"] == true && said["draws"].as_u64().is_some_and(|draws| draws >= 4), "{said}");
    let rows = said["draws"].as_u64().unwrap_or(0) * said["chains"].as_u64().unwrap_or(0);
    assert_eq!(numbers(folder, "some")[0].1.len() as u64, rows);
    assert_eq!(whole::complaints(&folder.join("some")), Vec::<String>::new());

    let (code, told) = interrupted(folder, "none", &["--warmup", "1000000"], "draws, warm-up", 1);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("there is nothing to write") && told.contains("the fit is written"), "{told}");
    assert!(!folder.join("none/chains.parquet").exists());
}

#[test]
fn draws_beside_a_fit_replace_none_of_its_files() {
    let folder = sky();
    let folder = folder.path();
    let fit = ["fit", "sky/scene.yaml", "--out", "both", "--quiet"];
    assert!(Command::new(PROGRAM).args(fit).current_dir(folder).status().expect("it is there").success());
    let files = ["catalog.csv", "catalog.parquet", "model.fits", "scene.json", "summary.json", "report.html"];
    let read = || files.map(|name| fs::read(folder.join("both").join(name)).expect("written"));
    let before = read();
    let done = sample(folder, "both", &["--chains", "2"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert!(read() == before, "a file of the fit has changed");
    assert!(folder.join("both/posterior.html").exists());
}
