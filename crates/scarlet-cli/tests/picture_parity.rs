//! Colour pictures against scarlet's and astropy's.

use ndarray::{Array2, Array3, Axis, s};
use ndarray_npy::NpzReader;
use scarlet_cli::picture::{Stretch, channel_weights, mix, rgb};
use std::fs::File;
use std::path::PathBuf;

fn reference() -> Option<NpzReader<File>> {
    let Some(data) = std::env::var_os("SCARLET_DATA") else {
        println!("SCARLET_DATA is not set: no reference arrays");
        return None;
    };
    let path = PathBuf::from(data).join("../reference/scarlet1/lupton_rgb.npz");
    Some(NpzReader::new(File::open(path).expect("reference arrays")).expect("an npz file"))
}

#[test]
fn weights_are_those_of_scarlet_up_to_its_rounding() {
    let Some(mut file) = reference() else { return };
    for n in 1..=6 {
        let theirs: Array2<f64> = file.by_name(&format!("channels_to_rgb_{n}")).expect("there");
        let most = (channel_weights(n) - &theirs).mapv(f64::abs).into_iter().fold(0.0, f64::max);
        assert!(most < 8e-4, "{n}: {most}");
    }
}

#[test]
fn pixels_are_those_of_astropy() {
    let Some(mut file) = reference() else { return };
    let three: Array3<f64> = file.by_name("three_channel").expect("there");
    let theirs: Array3<u8> = file.by_name("rgb_asinh_min0_stretch0.2_Q10").expect("there");
    let ours = rgb(&three, &Stretch::lupton(0.0, 0.2, 10.0));
    for ((y, x, colour), &level) in theirs.indexed_iter() {
        assert!(ours.at(y, x)[colour].abs_diff(level) <= 1, "({y}, {x}): {:?}, {level}", ours.at(y, x));
    }
}

#[test]
fn mixing_is_the_weighted_sum() {
    let cube = Array3::from_shape_fn((5, 2, 3), |(c, y, x)| (c * c + 10 * y + x) as f32);
    let weights = channel_weights(5);
    let mixed = mix(cube.view(), &weights);
    for ((colour, y, x), &value) in mixed.indexed_iter() {
        let sum: f64 = (0..5).map(|c| weights[[colour, c]] * f64::from(cube[[c, y, x]])).sum();
        assert!((value - sum).abs() < 1e-12);
    }
    assert_eq!(mixed.index_axis(Axis(0), 0).dim(), cube.slice(s![0, .., ..]).dim());
}
