//! Writing FITS: what is written is read back, and a file is there whole or not at all.

use ndarray::{Array2, Array3};
use scarlet_frame::Card;
use scarlet_obs::ObsError;
use scarlet_obs::fits::{
    FitsColumn, FitsColumnData, FitsKey, FitsReader, FitsWriter, HduKind, HduSelector, read_image,
};
use std::fs;
use std::path::{Path, PathBuf};

fn cube() -> Array3<f64> {
    Array3::from_shape_fn((2, 3, 4), |(c, y, x)| 100.0 * c as f64 + 10.0 * y as f64 + x as f64 / 3.0)
}

fn columns() -> Vec<FitsColumn> {
    let column = |name: &str, unit: &str, data| FitsColumn {
        name: name.to_owned(),
        unit: unit.to_owned(),
        description: format!("what {name} is"),
        data,
    };
    vec![
        column("id", "", FitsColumnData::I64(vec![1, -2, i64::MAX])),
        column("flux", "nJy", FitsColumnData::F64(vec![0.1, f64::NAN, -1e-300])),
        column("name", "", FitsColumnData::Text(vec!["a".into(), String::new(), "M 87 b\u{e4}".into()])),
        column("good", "", FitsColumnData::Bool(vec![true, false, true])),
    ]
}

fn card(keyword: &str, value: &str) -> Card {
    Card { keyword: keyword.to_owned(), value: value.to_owned() }
}

fn write(path: &Path) -> Result<(), ObsError> {
    let long = "a long setting, ".repeat(12);
    let keys = [
        FitsKey::new("VERSION", "0.1.0", "of scarlet"),
        FitsKey::new("CONVERGD", true, "whether the fit converged"),
        FitsKey::new("LOGL", -1234.5678901234567, "log-likelihood"),
        FitsKey::new("SETTINGS", long, ""),
    ];
    let wcs = [card("NAXIS1", "999"), card("CTYPE1", "RA---TAN"), card("CRVAL1", "150.11629999999997")];
    let mut file = FitsWriter::create(path, &keys)?;
    file.image("MODEL_hsc", &cube(), &wcs, &[FitsKey::new("CHANNELS", "g,r", "")])?;
    file.image("STAMP", &cube().mapv(|v| v as f32).index_axis(ndarray::Axis(0), 1), &[], &[])?;
    file.table("SOURCES", &columns(), &[FitsKey::new("NSOURCE", 3_i64, "")])?;
    file.finish()
}

fn folder_names(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path()).collect()
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model (1) [x].fits");
    write(&path).expect("written");
    write(&path).expect("replaced");
    assert_eq!(folder_names(folder.path()), std::slice::from_ref(&path));
    if let Some(keep) = std::env::var_os("SCARLET_KEEP_FITS") {
        fs::copy(&path, keep).expect("kept for another reader");
    }
    let mut file = FitsReader::open(&path).expect("readable");
    let kinds: Vec<_> = file.hdus().iter().map(|hdu| (hdu.name.clone(), hdu.kind.clone())).collect();
    assert_eq!(kinds[0], ("PRIMARY".to_owned(), HduKind::Empty));
    assert_eq!(kinds[1], ("MODEL_hsc".to_owned(), HduKind::Image { shape: vec![2, 3, 4] }));
    assert_eq!(kinds[3], ("SOURCES".to_owned(), HduKind::Table));
    let model = file.image::<f64>(&HduSelector::parse("model_HSC")).expect("an image");
    assert_eq!(model.cube().expect("a cube"), cube());
    assert!(model.header.contains(&card("CRVAL1", "150.11629999999997")));
    let stamp = file.image::<f32>(&HduSelector::parse("STAMP")).expect("an image").plane().expect("a plane");
    assert_eq!(stamp, cube().index_axis(ndarray::Axis(0), 1).mapv(|v| v as f32));
    let primary = file.header(&HduSelector::Number(0)).expect("there");
    assert!(primary.contains(&card("LOGL", "-1234.5678901234567")));
    assert!(primary.contains(&card("CONVERGD", "T")));
    assert!(primary.contains(&card("SETTINGS", "a long setting, ".repeat(12).trim_end())));
}

#[test]
fn a_transposed_view_is_written_as_it_is_seen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("t.fits");
    let image = Array2::from_shape_fn((40, 50), |(y, x)| (100 * y + x) as f32);
    let mut file = FitsWriter::create(&path, &[]).expect("created");
    file.image("T", &image.t(), &[], &[]).expect("written");
    file.finish().expect("finished");
    assert_eq!(read_image::<f32>(&path, "T").expect("there").plane().expect("a plane"), image.t());
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [a, b] = ["a.fits", "b.fits"].map(|name| folder.path().join(name));
    write(&a).and_then(|()| write(&b)).expect("written");
    let bytes = fs::read(a).expect("there");
    assert_eq!(bytes.len() % 2880, 0);
    assert_eq!(bytes, fs::read(b).expect("there"));
}

#[test]
fn a_file_given_up_leaves_the_old_one_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("model.fits");
    fs::write(&path, "old").expect("written");
    let mut file = FitsWriter::create(&path, &[]).expect("created");
    file.image("M", &cube(), &[], &[]).expect("written");
    drop(file);
    assert_eq!(fs::read(&path).expect("there"), b"old");
    assert_eq!(folder_names(folder.path()), [path]);
}

#[test]
fn what_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let nowhere = FitsWriter::create(folder.path().join("no/model.fits"), &[]).expect_err("no such folder");
    assert!(matches!(nowhere, ObsError::File { action: "write", .. }), "{nowhere}");
    let bad = FitsWriter::create(folder.path().join("m.fits"), &[FitsKey::new("A=B", 1.0, "")]);
    assert!(matches!(bad, Err(ObsError::FitsContent { .. })));
    let mut file = FitsWriter::create(folder.path().join("m.fits"), &[]).expect("created");
    let mut uneven = columns();
    uneven[1].data = FitsColumnData::F64(vec![1.0]);
    let mut twice = columns();
    twice[2].name = "ID".to_owned();
    for (columns, name) in [(uneven, "flux"), (twice, "ID")] {
        let error = file.table("T", &columns, &[]).expect_err("refused").to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
}
