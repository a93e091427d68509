//! `scarlet prior`: from training to draws, and training that is ended at any time.

use scarlet::nn::train::State;
use scarlet::nn::{About, ScoreNet};
use scarlet::obs::fits::read_image;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const TRAIN: [&str; 22] = [
    "prior",
    "train",
    "--from",
    "simulated",
    "--side",
    "16",
    "--galaxies",
    "40",
    "--features",
    "8",
    "--depth",
    "1",
    "--width",
    "16",
    "--batch",
    "16",
    "--validate-every",
    "5",
    "--licence",
    "MIT",
    "--out",
    "own.safetensors",
];

fn scarlet(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scarlet"));
    command.args(args).current_dir(folder);
    command
}

fn succeed(mut command: Command) -> String {
    let output = command.output().expect("the program is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_network_is_trained_described_converted_and_drawn_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let mut args = TRAIN.to_vec();
    args.extend(["--steps", "20"]);
    succeed(scarlet(folder, &args));
    let (net, about) = ScoreNet::read(folder.join("own.safetensors")).expect("a network");
    assert_eq!((net.architecture().side, about.licence.as_str()), (16, "MIT"));
    assert!(about.training_set.starts_with("40 simulated galaxies"));
    let page = fs::read_to_string(folder.join("own.html")).expect("a report");
    for part in ["id=\"loss\"", "id=\"score\"", "id=\"draws\"", "id=\"examples\"", "<svg", "<td>0.100</td>"] {
        assert!(page.contains(part), "{part}");
    }

    let first = fs::read(folder.join("own.safetensors")).expect("there");
    args.splice(args.len() - 2.., ["--steps", "10", "--overwrite"]);
    succeed(scarlet(folder, &args));
    args.splice(args.len() - 3.., ["--steps", "20", "--resume", "--threads", "2"]);
    succeed(scarlet(folder, &args));
    assert!(first == fs::read(folder.join("own.safetensors")).expect("there"), "resumed is another network");

    let info = succeed(scarlet(folder, &["prior", "info", "own.safetensors"]));
    for part in ["16 x 16 pixels in patches of 4 x 4", "conv_in.weight", "MIT", "FNV-1a"] {
        assert!(info.contains(part), "{part} is not in\n{info}");
    }
    let json = succeed(scarlet(folder, &["prior", "info", "own.safetensors", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["architecture"]["features"], 8);

    succeed(scarlet(
        folder,
        &["prior", "convert", "own.safetensors", "copy.safetensors", "--licence", "CC0"],
    ));
    let (copy, copied) = ScoreNet::read(folder.join("copy.safetensors")).expect("a network");
    assert_eq!((copy, copied), (net, About { licence: "CC0".to_owned(), ..about }));

    let sample =
        ["prior", "sample", "own.safetensors", "--out", "draws", "--count", "5", "--noise-levels", "9"];
    succeed(scarlet(folder, &sample));
    let cube =
        read_image::<f32>(folder.join("draws/draws.fits"), "DRAWS").and_then(|i| i.cube()).expect("draws");
    assert_eq!(cube.dim(), (5, 16, 16));
    let npy: ndarray::Array3<f32> = ndarray_npy::read_npy(folder.join("draws/draws.npy")).expect("an array");
    assert_eq!(npy, cube);
    assert!(folder.join("draws/draws.png").exists() && folder.join("draws/report.html").exists());
}

#[test]
fn a_checkpoint_is_whole_whenever_training_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let checkpoint = folder.join("own.checkpoint.safetensors");
    let mut args = TRAIN.to_vec();
    let at = args.iter().position(|arg| *arg == "5").expect("validate-every");
    args[at] = "1";
    args.extend(["--steps", "100000"]);
    let mut before = 0;
    for round in 0..4_u64 {
        let mut command = scarlet(folder, &args);
        if round > 0 {
            command.arg("--resume");
        }
        let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("started");
        let started = Instant::now();
        let is_further = || State::load(&checkpoint).is_ok_and(|state| state.step > before);
        while !is_further() && started.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(7 * round));
        child.kill().expect("it runs");
        child.wait().expect("it ended");
        let state = State::load(&checkpoint).expect("a whole checkpoint");
        assert!(state.step > before, "step {} after {before}", state.step);
        before = state.step;
    }
    assert!(!folder.join("own.safetensors").exists());
}
