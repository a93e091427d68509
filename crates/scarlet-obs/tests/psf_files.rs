//! PSFs that vary over a detector, read from files; what is expected is written by `data/make_psf.py`.

use ndarray::{Array3, Axis};
use scarlet_frame::PsfLaw;
use scarlet_obs::fits::{FitsKey, FitsReader, FitsWriter, HduSelector, read_psf_grid, read_psfex};
use std::path::{Path, PathBuf};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

#[test]
fn psfex_files_are_what_galsim_makes_of_them() {
    let field = read_psfex(data("psfex.psf"), "").expect("a PSFEx file");
    let expected: Array3<f64> = ndarray_npy::read_npy(data("psfex.npy")).expect("three images");
    let mut worst = 0.0_f64;
    for ([x, y], image) in
        [[1.0, 1.0], [700.5, 300.25], [1800.0, 3900.0]].into_iter().zip(expected.outer_iter())
    {
        let samples = field.at([y - 1.0, x - 1.0]);
        assert!((samples.per_px - 1.25).abs() < 1e-12 && samples.has_pixel);
        let peak = image.iter().fold(0.0_f64, |peak, v| peak.max(*v));
        let off = (&samples.image - &image).iter().fold(0.0_f64, |off, v| off.max(v.abs()));
        worst = worst.max(off / peak);
    }
    println!("{worst:.1e} of the peak");
    assert!(worst < 3e-7);
    let range = field.law().range();
    assert_eq!(range, [[0.0, 0.0], [4095.0, 2047.0]]);
}

#[test]
fn a_grid_of_images_is_read_in_any_order() {
    let field = read_psf_grid(data("psf_grid.fits"), "PSF", "PLACES").expect("a grid");
    let PsfLaw::Grid { y, x } = field.law() else { panic!("a grid") };
    assert_eq!((&y[..], &x[..]), (&[0.0, 40.0][..], &[0.0, 50.0, 100.0][..]));
    let mut file = FitsReader::open(data("psf_grid.fits")).expect("FITS");
    let cube = file.image::<f64>(&HduSelector::parse("PSF")).and_then(|image| image.cube()).expect("a cube");
    // written for each x all y
    let node = cube.index_axis(Axis(0), 3);
    let off = &field.at([40.0, 50.0]).image - &(&node / node.sum());
    assert!(off.iter().all(|v| v.abs() < 1e-15));
    let middle = field.at([40.0, 75.0]).image;
    let mean = (&cube.index_axis(Axis(0), 3) + &cube.index_axis(Axis(0), 5)) / 2.0;
    assert!((&middle - &(&mean / mean.sum())).iter().all(|v| v.abs() < 1e-15));
}

#[test]
fn columns_are_named_where_they_are_missing() {
    let mut file = FitsReader::open(data("psf_grid.fits")).expect("FITS");
    let x = file.numbers(&HduSelector::parse("places"), "x").expect("a column");
    assert_eq!((x.rows, x.shape.len(), &x.values[1..3]), (6, 0, &[1.0, 51.0][..]));
    let error = file.numbers(&HduSelector::parse(""), "flux").expect_err("no such column").to_string();
    assert!(
        error.contains("HDU PLACES") && error.contains("no column flux; its columns are X, Y"),
        "{error}"
    );
    let error = file.numbers(&HduSelector::parse("PSF"), "X").expect_err("an image").to_string();
    assert!(error.contains("HDU PSF") && error.contains("not a table"), "{error}");
    let error = read_psf_grid(data("psf_grid.fits"), "PSF", "0").expect_err("no table").to_string();
    assert!(error.contains("not a table"), "{error}");
}

#[test]
fn files_that_are_no_psfex_files_are_named() {
    let error = read_psfex(data("psf_grid.fits"), "").expect_err("no keys").to_string();
    assert!(error.contains("HDU PLACES") && error.contains("POLNAXIS is missing"), "{error}");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("image.fits");
    let mut file = FitsWriter::create(&path, &[FitsKey::new("A", 1_i64, "")]).expect("a file");
    file.image("SCI", &ndarray::Array2::<f32>::ones((3, 3)), &[], &[]).expect("an image");
    file.finish().expect("written");
    let error = read_psfex(&path, "").expect_err("no table").to_string();
    assert!(error.contains("no HDU") && error.contains("SCI"), "{error}");
}
