//! Whole processes on the HSC images: from the files to a fitted scene that is saved, and the peak memory.
//!
//! Ours reads FITS, initialises, fits 200 steps and writes every output. The peer is measured in four ways: with its own
//! initialisation or with the start values of the quickstart scene read from a file (`given start`, which saves it half
//! of its time and us nothing), each with and without JAX's persistent compilation cache, filled beforehand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::Context;
use super::case::{Goal, Row};
use super::peer::{Peer, scripts};

const STEPS: usize = 200;
const ROUNDS: usize = 3;
const PEAK_MB: f64 = 60.0;
/// Scene file of ours, with `DATA` in place of the data folder.
const SCENE: &str = "benches/hsc.yaml";

/// A way to run the peer.
struct Way {
    case: &'static str,
    cached: bool,
    given_start: bool,
    goal: f64,
}

const WAYS: [Way; 4] = [
    Way { case: "hsc", cached: false, given_start: false, goal: 1.0 / 30.0 },
    Way { case: "hsc cached", cached: true, given_start: false, goal: 1.0 / 15.0 },
    Way { case: "hsc given start", cached: false, given_start: true, goal: 1.0 / 30.0 },
    Way { case: "hsc given start cached", cached: true, given_start: true, goal: 1.0 / 15.0 },
];

/// What benches/peers/measure.py prints.
#[derive(Debug, Deserialize)]
pub(super) struct Measured {
    pub(super) seconds: f64,
    pub(super) peak_mb: f64,
    status: i32,
    stdout: String,
}

/// Seconds against the peer's four ways, and our peak memory.
pub(crate) fn run(context: &Context<'_>) -> Result<Vec<Row>> {
    let folder = context.workspace.target.join("bench-process");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let ours = context.ours.then(|| our_words(context, &folder)).transpose()?;
    let mut memory = row("hsc peak memory", "MB", Goal::OursAtMost(PEAK_MB));
    memory.note = "the peer's figures are those of its four ways together".to_owned();
    let mut rows = Vec::new();
    for way in &WAYS {
        let mut case = row(way.case, "s", Goal::RatioAtMost(way.goal));
        let peer = context.peer.as_ref().map(|peer| PeerWay::new(context, peer, way, &folder)).transpose()?;
        for _ in 0..context.rounds.unwrap_or(ROUNDS) {
            if let Some(words) = &ours {
                let measured = measure(context, words, None)?;
                case.ours.push(vec![measured.seconds]);
                memory.ours.push(vec![measured.peak_mb]);
            }
            if let Some(peer) = &peer {
                let measured = peer.measure(context)?;
                case.peer.push(vec![measured.seconds]);
                memory.peer.push(vec![measured.peak_mb]);
            }
        }
        rows.push(case);
    }
    if ours.is_some() {
        memory.note = format!("{}; {}", our_result(&folder)?, memory.note);
    }
    rows.push(memory);
    Ok(rows)
}

fn row(case: &str, unit: &'static str, goal: Goal) -> Row {
    Row::new("process", case, unit, goal)
}

/// Builds the program, writes its scene file, and returns its command line.
fn our_words(context: &Context<'_>, folder: &Path) -> Result<Vec<String>> {
    let template = context.workspace.root.join(SCENE);
    let scene = fs::read_to_string(&template).with_context(|| format!("reading {}", template.display()))?;
    let scene_file = folder.join("hsc.yaml");
    fs::write(&scene_file, scene.replace("DATA", &context.data.display().to_string()))
        .with_context(|| format!("writing {}", scene_file.display()))?;
    let out = folder.join("ours");
    // An earlier version may have written what is there.
    Ok([program(context)?, "fit".into(), scene_file, "--overwrite".into(), "--out".into(), out]
        .map(|p| p.display().to_string())
        .into())
}

/// Builds the program and says where it is.
pub(super) fn program(context: &Context<'_>) -> Result<PathBuf> {
    let mut cargo = context.workspace.cargo();
    cargo.args(["build", "--release", "-p", "scarlet-cli"]).stdout(Stdio::null());
    ensure!(
        cargo.status().context("cannot run cargo build")?.success(),
        "cargo build --release -p scarlet-cli failed"
    );
    Ok(context.workspace.target.join("release/scarlet"))
}

/// What our last run wrote about itself; refuses a fit that stopped before its steps were done.
fn our_result(folder: &Path) -> Result<String> {
    let path = folder.join("ours/summary.json");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let summary: Value = serde_json::from_str(&text).context("summary.json")?;
    let iterations = summary["iterations"].as_u64().context("summary.json has no iterations")?;
    ensure!(iterations == STEPS as u64, "ours made {iterations} iterations instead of {STEPS}");
    let chi2 = summary["chi2_per_pixel"].as_f64().context("summary.json has no chi2_per_pixel")?;
    ensure!(chi2.is_finite(), "our chi2 per pixel is {chi2}");
    Ok(format!("our fit: {iterations} iterations, chi2 per pixel {chi2:.4}, seconds {}", summary["seconds"]))
}

/// A peer command with its cache folder.
struct PeerWay {
    words: Vec<String>,
    cache: Option<PathBuf>,
}

impl PeerWay {
    fn new(context: &Context<'_>, peer: &Peer, way: &Way, folder: &Path) -> Result<Self> {
        let mut words = peer.script("scarlet2_fit_hsc.py");
        words.push(context.data.join("hsc_cosmos_35/hsc_cosmos_35.npz").display().to_string());
        words.push(folder.join("peer").display().to_string());
        words.push(format!("--steps={STEPS}"));
        if way.given_start {
            words.push(format!("--start={}", context.data.join("scenes/quickstart.npz").display()));
        }
        let cache = way.cached.then(|| folder.join("jax-cache"));
        let filled = Self { words, cache };
        if way.cached {
            filled.measure(context).context("filling JAX's cache")?;
        }
        Ok(filled)
    }

    fn measure(&self, context: &Context<'_>) -> Result<Measured> {
        measure(context, &self.words, self.cache.as_deref())
    }
}

/// Runs a command under the measuring script.
pub(super) fn measure(context: &Context<'_>, words: &[String], cache: Option<&Path>) -> Result<Measured> {
    let mut command = Command::new("python3");
    command.arg(scripts(context.workspace).join("measure.py")).args(words);
    command.env_remove("JAX_COMPILATION_CACHE_DIR").env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(folder) = cache {
        // everything is cached, however quickly it compiled: without this JAX keeps next to nothing of this scene
        command
            .env("JAX_COMPILATION_CACHE_DIR", folder)
            .env("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
            .env("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1");
    }
    let output =
        command.stderr(Stdio::inherit()).output().context("cannot run python3, which measures both sides")?;
    let measured: Measured = serde_json::from_slice(&output.stdout).context("what measure.py printed")?;
    ensure!(measured.status == 0, "{words:?} ended with {}: {}", measured.status, measured.stdout);
    Ok(measured)
}
