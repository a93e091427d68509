//! The score network against arrays that scarlet2's JAX code computed with the published weights.

use dfdx::prelude::*;
use ndarray::{Array2, ArrayD};
use ndarray_npy::NpzReader;
use scarlet_nn::{About, Cube, Matrix, NnError, Number, PlannedNet, ScoreModule, ScoreNet, Values, Weights};
use std::fs::File;
use std::path::PathBuf;

/// Largest difference, in units of the largest value.
fn worst(found: &[f64], expected: impl IntoIterator<Item = f64>) -> f64 {
    let expected: Vec<f64> = expected.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
    found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / scale
}

struct Published {
    bytes: Vec<u8>,
    net: ScoreNet,
    reference: PathBuf,
}

/// The network of HSC's galaxies with 32 x 32 pixels, where the data folder is.
fn published() -> Option<Published> {
    let Some(data) = std::env::var_os("SCARLET_DATA").map(PathBuf::from) else {
        println!("SCARLET_DATA is not set: no published weights");
        return None;
    };
    let bytes = std::fs::read(data.join("score_nets/eqx_hsc_ScoreNet32.eqx")).expect("the published weights");
    let net = ScoreNet::from_eqx(&bytes).expect("a valid file");
    Some(Published { bytes, net, reference: data.join("../reference/scarlet2") })
}

impl Published {
    fn file(&self, name: &str) -> NpzReader<File> {
        NpzReader::new(File::open(self.reference.join(name)).expect("reference arrays")).expect("an npz file")
    }
}

/// Image and noise level as the layers take them.
fn input<E: Dtype + Number>(net: &ScoreNet, image: &Array2<f64>, t: f64) -> Cube<E, Cpu> {
    let level = E::of(t / net.time_scale());
    let pixels = image.iter().map(|v| E::of(*v)).chain(image.iter().map(|_| level)).collect();
    Cpu::default().tensor_from_vec::<(usize, usize, usize)>(pixels, (2, image.nrows(), image.ncols()))
}

fn doubles<E: Dtype + Number>(matrix: &Matrix<E, Cpu>) -> Vec<f64> {
    matrix.as_vec().into_iter().map(Number::to_double).collect()
}

/// All stages and the whole network at five noise levels.
fn assert_as_jax<E: Dtype + Number + ndarray_npy::ReadableElement>(file: &str, suffix: &str, tolerance: f64)
where
    Cpu: Device<E>,
{
    let Some(published) = published() else { return };
    let mut file = published.file(file);
    let net = &published.net;
    let x: Array2<f64> = file.by_name("x").expect("there");
    let mut check = |what: &str, found: &[f64], name: String| {
        let expected: ArrayD<E> = file.by_name(&name).expect(&name);
        let off = worst(found, expected.iter().map(|v| v.to_double()));
        println!("{what}: {off:.1e}");
        // the layers sum means as matrix products, in another order than JAX
        let most = if what.starts_with("layers") { 2.0 * tolerance } else { tolerance };
        assert!(off < most, "{what}: {off:e}");
    };
    let layers = ScoreModule::<E, Cpu>::new(net, &Cpu::default()).expect("fitting shapes");
    let mut y = layers.conv_in.forward(input(net, &x, 0.01));
    check("first convolution", &doubles(&y), format!("stage_conv_in_{suffix}"));
    for (k, block) in layers.blocks.iter().enumerate() {
        y = block.forward(y);
        check(&format!("block {k}"), &doubles(&y), format!("stage_block{k}_{suffix}"));
    }
    let y = layers.norm.forward(y);
    check("norm", &doubles(&y), format!("stage_norm_{suffix}"));
    check("last convolution", &doubles(&layers.conv_out.forward(y)), format!("stage_conv_out_{suffix}"));
    let planned = PlannedNet::<E>::new(net);
    let (mut out, mut space) = (vec![E::of(0.0); x.len()], planned.workspace());
    let image: Vec<E> = x.iter().map(|v| E::of(*v)).collect();
    for (t, name) in [(0.0, "0.0"), (0.01, "0.01"), (0.02, "0.02"), (0.05, "0.05"), (1.0, "1.0")] {
        planned.evaluate(&image, t, &mut out, &mut space).expect("one image");
        let found: Vec<f64> = out.iter().map(|v| v.to_double()).collect();
        check(&format!("planned, t {t}"), &found, format!("net_raw_{suffix}_t{name}"));
        check(
            &format!("layers, t {t}"),
            &doubles(&layers.forward(input(net, &x, t))),
            format!("net_raw_{suffix}_t{name}"),
        );
    }
}

#[test]
fn the_published_network_is_that_of_jax_in_double_precision() {
    assert_as_jax::<f64>("scorenet32_f64.npz", "f8", 1e-12);
}

#[test]
fn the_published_network_is_that_of_jax_in_single_precision() {
    assert_as_jax::<f32>("scorenet32_f32.npz", "f4", 1e-5);
}

#[test]
fn the_published_file_comes_back_byte_for_byte() {
    let Some(published) = published() else { return };
    assert!(published.net.to_eqx().expect("as it was") == published.bytes);
    let sums: Array2<f64> = published.file("scorenet32_f32.npz").by_name("weights_checksums").expect("there");
    for (weights, sums) in published.net.arrays().iter().zip(sums.rows()) {
        let values: Vec<f64> = match weights.values() {
            Values::F32(v) => v.iter().map(|v| f64::from(*v)).collect(),
            Values::F64(v) => v.clone(),
        };
        let squares: f64 = values.iter().map(|v| v * v).sum();
        assert!((values.iter().sum::<f64>() - sums[0]).abs() < 1e-3 * squares.sqrt().max(1.0));
        assert!((squares - sums[1]).abs() < 1e-5 * squares);
    }
}

/// A small network with other sizes than the published one.
fn small() -> Vec<Weights> {
    let sizes = scarlet_nn::Architecture {
        side: 12,
        patch: 3,
        features: 5,
        depth: 2,
        mix_patches: 7,
        mix_features: 6,
    };
    let mut all: Vec<Weights> = sizes
        .arrays()
        .into_iter()
        .enumerate()
        .map(|(k, (_, shape))| {
            let n = shape.iter().product();
            let value = |i: usize| ((i + 17 * k) as f32 * 0.7).sin() * 0.4;
            Weights::new(shape, Values::F32((0..n).map(value).collect())).expect("as many")
        })
        .collect();
    *all.last_mut().expect("t1") = Weights::new([], Values::F64(vec![10.0])).expect("a number");
    all
}

#[test]
fn planned_networks_are_their_layers_for_any_sizes_and_numbers_of_images() {
    let net = ScoreNet::new(small()).expect("valid weights");
    let layers = ScoreModule::<f64, Cpu>::new(&net, &Cpu::default()).expect("fitting shapes");
    let planned = PlannedNet::<f64>::new(&net);
    let images: Vec<f64> = (0..6 * 144).map(|k| (k as f64 * 0.37).cos()).collect();
    let (mut out, mut space) = (vec![0.0; images.len()], planned.workspace());
    planned.evaluate(&images, 0.3, &mut out, &mut space).expect("six images");
    for (image, out) in images.chunks(144).zip(out.chunks(144)) {
        let image = Array2::from_shape_vec((12, 12), image.to_vec()).expect("144 pixels");
        let expected = doubles(&layers.forward(input(&net, &image, 0.3)));
        assert!(worst(out, expected) < 1e-12);
    }
    assert!(planned.evaluate(&images[1..], 0.3, &mut out, &mut space).is_err());
}

#[test]
fn files_of_weights_that_are_wrong_are_refused_by_record() {
    let bytes = Weights::to_eqx(&small());
    assert_eq!(Weights::from_eqx(&bytes).expect("what was written"), small());
    let message = |bytes: &[u8]| ScoreNet::from_eqx(bytes).expect_err("refused").to_string();
    assert!(
        message(&bytes[..bytes.len() - 200]).contains("record 29"),
        "{}",
        message(&bytes[..bytes.len() - 200])
    );
    assert!(message(&bytes[1..]).contains("record 0 of the weights: it does not begin"));
    assert!(message(&[]).contains("record 0"));
    let mut swapped = small();
    swapped.swap(4, 6);
    let refused = |all: Vec<Weights>| match ScoreNet::new(all) {
        Err(NnError::Record { record, problem }) => (record, problem),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(swapped).0, 4);
    let mut cut = small();
    cut.pop();
    assert!(refused(cut).1.contains("30 arrays"));
    let mut nan = small();
    nan[5] = Weights::new([7], Values::F32(vec![0.0, f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0])).expect("seven");
    assert_eq!(
        refused(nan),
        (5, "element 1 of blocks.0.patch_mixer.0.bias is not a finite number".to_owned())
    );
    let text = String::from_utf8_lossy(&bytes[..128]).replace("<f4", "<i4");
    assert!(!text.contains("<f4"));
    let mut integers = bytes.clone();
    let at = integers.windows(3).position(|w| w == b"<f4").expect("a type");
    integers[at..at + 3].copy_from_slice(b"<i4");
    assert!(message(&integers).contains("'<i4'"));
}

#[test]
fn safetensors_files_come_back_with_what_is_known_of_the_network() {
    let net = ScoreNet::new(small()).expect("valid weights");
    let about = About {
        training_set: "made up".to_owned(),
        normalisation: "peak 1".to_owned(),
        licence: "MIT".to_owned(),
    };
    let bytes = net.to_safetensors(&about).expect("it is written");
    assert_eq!(bytes, net.to_safetensors(&about).expect("it is written"));
    assert_eq!(ScoreNet::from_safetensors(&bytes).expect("it is read"), (net, about));
    let message = |bytes: &[u8]| ScoreNet::from_safetensors(bytes).expect_err("refused").to_string();
    assert!(message(&bytes[..40]).contains("not one of a score network"));
    let replaced = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = bytes.windows(from.len()).position(|w| w == from.as_bytes()).expect("it is there");
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        message(&bytes)
    };
    assert!(replaced("scarlet", "starlet").contains("its metadata do not say"));
    assert!(replaced("ScoreNet", "OtherNet").contains("it is a OtherNet"));
    assert!(replaced("norm.bias", "norm.bile").contains("no array norm.bias"));
    assert!(replaced("\\\"features\\\":5", "\\\"features\\\":6").contains("its metadata say"));
}
