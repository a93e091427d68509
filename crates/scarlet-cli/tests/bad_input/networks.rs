//! Files of networks that are none, images that none can be trained on, and disks that are full meanwhile.

use crate::world::World;
use crate::{Row, row};
use scarlet::nn::{About, Architecture, Scaling, ScoreNet, Values, Weights};
use std::fs;

const SIZES: Architecture =
    Architecture { side: 8, patch: 4, features: 3, depth: 1, mix_patches: 5, mix_features: 6 };
const INFO: &[&str] = &["prior", "info", "net.eqx"];
const INFO_SAFETENSORS: &[&str] = &["prior", "info", "net.safetensors"];
const CONVERT_OF_OTHER_INPUT: &[&str] = &[
    "prior",
    "convert",
    "net.eqx",
    "net.safetensors",
    "--training-set=stamps",
    "--normalisation=asinh",
    "--licence=MIT",
];
const TRAIN: &[&str] = &["prior", "train", "--from", "stamps", "--side", "8", "--out", "own.safetensors"];
const TRAIN_SIMULATED: &[&str] = &[
    "prior",
    "train",
    "--from",
    "simulated",
    "--side",
    "16",
    "--galaxies",
    "20",
    "--features",
    "8",
    "--depth",
    "1",
    "--width",
    "8",
    "--batch",
    "16",
    "--steps",
    "2",
    "--out",
    "own.safetensors",
];

fn weights() -> Vec<Weights> {
    let array = |(name, shape): (String, Vec<usize>)| {
        let n = shape.iter().product();
        let value = |k: usize| if name == "t1" { 10.0 } else { (k as f32 * 0.7).sin() };
        Weights::new(shape, Values::F32((0..n).map(value).collect())).expect("as many")
    };
    SIZES.arrays().into_iter().map(array).collect()
}

fn eqx(w: &World, spoil: impl FnOnce(&mut Vec<Weights>)) -> Vec<u8> {
    let mut all = weights();
    spoil(&mut all);
    let bytes = Weights::to_eqx(&all);
    w.write("net.eqx", &bytes);
    bytes
}

fn net() -> ScoreNet {
    ScoreNet::new(weights()).expect("valid weights")
}

/// Replaces a part of a safetensors file by another of equal length.
fn safetensors(w: &World, from: &str, to: &str) {
    let mut bytes = net().to_safetensors(&About::default()).expect("written");
    let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).expect("it is there");
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    w.write("net.safetensors", bytes);
}

/// Twelve stamps, of which one is made by `spoil`.
fn stamps(w: &World, spoil: impl FnOnce(&mut [usize; 2], &mut Vec<f64>)) {
    fs::create_dir(w.path("stamps")).expect("made");
    let light =
        |k: usize| (-0.1 * ((k / 8) as f64 - 3.0).powi(2) - 0.1 * ((k % 8) as f64 - 4.0).powi(2)).exp();
    let stamp = |shape: [usize; 2], pixels| {
        Weights::to_eqx(&[Weights::new(shape, Values::F64(pixels)).expect("whole")])
    };
    for k in 0..11 {
        w.write(&format!("stamps/{k:02}.npy"), stamp([8, 8], (0..64).map(light).collect()));
    }
    let (mut shape, mut pixels) = ([8, 8], (0..64).map(light).collect());
    spoil(&mut shape, &mut pixels);
    w.write("stamps/odd.npy", stamp(shape, pixels));
}

pub(crate) const ROWS: &[Row] = &[
    row(
        "an .eqx file that is cut short",
        |w| {
            let bytes = eqx(w, |_| {});
            w.write("net.eqx", &bytes[..bytes.len() / 2]);
        },
        &["net.eqx", "record", "the file ends"],
    )
    .args(INFO),
    row(
        "an .eqx file whose arrays are shuffled",
        |w| _ = eqx(w, |all| all.swap(4, 8)),
        &["net.eqx", "record 4", "this network asks for"],
    )
    .args(INFO),
    row(
        "an .eqx file of integers",
        |w| {
            let mut bytes = eqx(w, |_| {});
            let at = bytes.windows(3).position(|part| part == b"<f4").expect("a type");
            bytes[at..at + 3].copy_from_slice(b"<i4");
            w.write("net.eqx", bytes);
        },
        &["record 0", "'<i4'"],
    )
    .args(INFO),
    row(
        "a network with a weight that is NaN",
        |w| {
            let nan = Weights::new([3, 1, 1], Values::F32(vec![0.0, f32::NAN, 0.0])).expect("three");
            eqx(w, |all| all[1] = nan);
        },
        &["element 1 of conv_in.bias is not a finite number"],
    )
    .args(INFO),
    row(
        "a safetensors file without metadata of ours",
        |w| safetensors(w, "scarlet", "starlet"),
        &["net.safetensors", "do not say what it is"],
    )
    .args(INFO_SAFETENSORS),
    row(
        "a safetensors file of another architecture than it says",
        |w| safetensors(w, "\\\"features\\\":3", "\\\"features\\\":4"),
        &["net.safetensors", "its metadata say"],
    )
    .args(INFO_SAFETENSORS),
    row(
        "a network of unknown origin to be converted",
        |w| _ = eqx(w, |_| {}),
        &["does not say where it comes from", "--training-set, --normalisation, --licence"],
    )
    .args(&["prior", "convert", "net.eqx", "net.safetensors"]),
    row(
        "a network converted with an input that is not known",
        |w| _ = eqx(w, |_| {}),
        &["net.eqx: its normalisation is \"asinh\"", "log(x + 1) / 0.1", "give a --normalisation"],
    )
    .args(CONVERT_OF_OTHER_INPUT),
    row(
        "a network that was trained here as .eqx",
        |w| {
            let scaling = Scaling::Preconditioned { data_sd: 1.0, levels: [0.1, 2.0] };
            let net = net().scaled(scaling).expect("valid");
            w.write("net.safetensors", net.to_safetensors(&About::default()).expect("written"));
        },
        &["cannot say", "write safetensors"],
    )
    .args(&["prior", "convert", "net.safetensors", "net.eqx"]),
    row(
        "a network that is there already",
        |w| w.write("own.safetensors", "x"),
        &["own.safetensors", "--overwrite"],
    )
    .args(TRAIN_SIMULATED),
    row("a side that is no multiple of the patch", |_| {}, &["a side of 30 pixels", "patch of 4"]).args(&[
        "prior",
        "train",
        "--from",
        "simulated",
        "--side",
        "30",
        "--out",
        "own.safetensors",
    ]),
    row("a folder of stamps that is not there", |_| {}, &["cannot read stamps"]).args(TRAIN),
    row(
        "a folder without stamps",
        |w| fs::create_dir(w.path("stamps")).expect("made"),
        &["stamps holds no stamps", ".npy"],
    )
    .args(TRAIN),
    row(
        "stamps of mixed size",
        |w| {
            stamps(w, |shape, pixels| {
                *shape = [8, 9];
                pixels.extend([0.0; 8]);
            });
        },
        &["stamps/odd.npy", "8 x 9 pixels", "8 x 8"],
    )
    .args(TRAIN),
    row("a stamp of zeros", |w| stamps(w, |_, pixels| pixels.fill(0.0)), &["odd.npy", "no pixel above 0"])
        .args(TRAIN),
    row("a stamp with a NaN", |w| stamps(w, |_, pixels| pixels[9] = f64::NAN), &["odd.npy", "(1, 1) is NaN"])
        .args(TRAIN),
    row(
        "a stamp below minus its peak",
        |w| stamps(w, |_, pixels| pixels[10] = -1.5),
        &["odd.npy", "(1, 2) is -1.5", "log(x / peak + 1)"],
    )
    .args(TRAIN),
    row(
        "a stamp that is text",
        |w| {
            stamps(w, |_, _| {});
            w.write("stamps/odd.npy", "1 2 3");
        },
        &["odd.npy", "not an array of images", "numpy.save"],
    )
    .args(TRAIN),
    row(
        "fewer stamps than can be learnt from",
        |w| {
            stamps(w, |_, _| {});
            for k in 0..5 {
                fs::remove_file(w.path(&format!("stamps/{k:02}.npy"))).expect("there");
            }
        },
        &["7 images are too few"],
    )
    .args(TRAIN),
    row(
        "training resumed without a checkpoint",
        |_| {},
        &["own.checkpoint.safetensors", "begin without resuming"],
    )
    .args(&[
        "prior",
        "train",
        "--from",
        "simulated",
        "--out",
        "own.safetensors",
        "--galaxies",
        "20",
        "--resume",
    ]),
    row("a disk that is full at a checkpoint", |_| {}, &["own.checkpoint.safetensors", "cannot be written"])
        .args(TRAIN_SIMULATED)
        .shell("trap '' XFSZ; ulimit -f 12;"),
    row("noise levels that fall", |w| stamps(w, |_, _| {}), &["noise levels rise", "2 to 0.1"]).args(&[
        "prior",
        "train",
        "--from",
        "stamps",
        "--side",
        "8",
        "--out",
        "own.safetensors",
        "--levels",
        "2",
        "0.1",
    ]),
];
