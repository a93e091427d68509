//! Reading FITS: every pixel type, compressed files, and files that are broken in one way each.

use scarlet_obs::ObsError;
use scarlet_obs::fits::{FitsFiles, FitsReader, FitsSpec, HduKind, HduSelector, read_image, read_mask};
use std::fs;
use std::path::{Path, PathBuf};

/// A FITS HDU of the given cards and data, padded to blocks.
fn hdu(cards: &[&str], data: &[u8]) -> Vec<u8> {
    let mut out: Vec<u8> =
        cards.iter().chain(&["END"]).flat_map(|card| format!("{card:<80}").into_bytes()).collect();
    out.resize(out.len().next_multiple_of(2880), b' ');
    out.extend_from_slice(data);
    out.resize(out.len().next_multiple_of(2880), 0);
    out
}

/// A primary image of 1 row and `columns` columns.
fn image(bitpix: i32, columns: usize, extra: &[&str], data: &[u8]) -> Vec<u8> {
    let (bitpix, columns) = (format!("BITPIX  = {bitpix:>20}"), format!("NAXIS1  = {columns:>20}"));
    let mut cards =
        vec!["SIMPLE  =                    T", &bitpix, "NAXIS   =                    2", &columns];
    cards.push("NAXIS2  =                    1");
    cards.extend(extra);
    hdu(&cards, data)
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).expect("written");
        path
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn values(bytes: &[u8]) -> Vec<f64> {
    let folder = Folder::new();
    let read = read_image::<f64>(folder.file("a.fits", bytes), "").expect("readable");
    read.data.into_iter().collect()
}

fn bits(bytes: &[u8]) -> Vec<u64> {
    let folder = Folder::new();
    read_mask(folder.file("a.fits", bytes), "0").expect("readable").bits.into_iter().collect()
}

#[test]
fn every_pixel_type_is_read_with_scale_and_zero() {
    let scaled = ["BSCALE  =                  0.5", "BZERO   =                 10.0"];
    assert_eq!(values(&image(8, 2, &scaled, &[4, 200])), [12.0, 110.0]);
    assert_eq!(values(&image(16, 2, &scaled, &[0, 4, 0xff, 0xff])), [12.0, 9.5]);
    assert_eq!(values(&image(32, 1, &[], &(-70_000_i32).to_be_bytes())), [-70_000.0]);
    assert_eq!(values(&image(64, 1, &[], &(1_i64 << 40).to_be_bytes())), [(1_i64 << 40) as f64]);
    assert_eq!(values(&image(-32, 1, &[], &1.5_f32.to_be_bytes())), [1.5]);
    assert_eq!(values(&image(-64, 1, &scaled, &1.1_f64.to_be_bytes())), [10.55]);
    let unsigned = ["BZERO   =                32768"];
    assert_eq!(values(&image(16, 2, &unsigned, &[0x7f, 0xff, 0x80, 0x00])), [65535.0, 0.0]);
}

#[test]
fn undefined_pixels_are_nan() {
    let read = values(&image(16, 2, &["BLANK   =                   -1"], &[0xff, 0xff, 0, 7]));
    assert!(read[0].is_nan() && read[1] == 7.0);
    let read = values(&image(-32, 2, &[], &[f32::NAN.to_be_bytes(), f32::INFINITY.to_be_bytes()].concat()));
    assert!(read[0].is_nan() && read[1] == f64::INFINITY);
}

#[test]
fn masks_keep_their_bits_whatever_the_integer_type() {
    assert_eq!(bits(&image(8, 2, &[], &[0x81, 3])), [0x81, 3]);
    assert_eq!(bits(&image(8, 1, &["BZERO   =               -128.0"], &[0x01])), [0x81]);
    assert_eq!(bits(&image(16, 1, &[], &[0x80, 0x01])), [0x8001]);
    assert_eq!(bits(&image(16, 1, &["BZERO   =                32768"], &[0x00, 0x01])), [0x8001]);
    assert_eq!(bits(&image(32, 1, &[], &0x8000_0001_u32.to_be_bytes())), [0x8000_0001]);
    let shifted = 0x0000_0003_u32.to_be_bytes();
    assert_eq!(bits(&image(32, 1, &["BZERO   =           2147483648"], &shifted)), [0x8000_0003]);
    assert_eq!(bits(&image(64, 1, &[], &(-1_i64).to_be_bytes())), [u64::MAX]);
    assert_eq!(bits(&image(-32, 2, &[], &[4.0_f32.to_be_bytes(), 0.0_f32.to_be_bytes()].concat())), [4, 0]);
    let u64s = read_mask(fixture("mixed.fits"), "U64").expect("readable").bits;
    assert_eq!(u64s.into_iter().collect::<Vec<_>>(), [1 << 63, 5]);
}

#[test]
fn a_mask_of_fractions_is_refused_with_the_pixel() {
    let folder = Folder::new();
    let data = [1.0_f32.to_be_bytes(), 1.5_f32.to_be_bytes()].concat();
    let error = read_mask(folder.file("m.fits", &image(-32, 2, &[], &data)), "0").expect_err("a fraction");
    assert!(
        matches!(&error, ObsError::MaskNotInteger { pixel, value: 1.5, .. } if pixel == &[0, 1]),
        "{error}"
    );
}

#[test]
fn compressed_files_and_tiles_are_read() {
    let ramp = read_image::<f32>(fixture("ramp.fits.gz"), "").expect("readable").plane().expect("a plane");
    assert_eq!((ramp.dim(), ramp[[2, 3]], ramp[[5, 7]]), ((6, 8), 23.0, 57.0));
    let rice = read_image::<f32>(fixture("mixed.fits"), "rice").expect("readable");
    assert_eq!(rice.plane().expect("a plane"), ramp);
    assert!(rice.header.iter().any(|card| card.keyword == "CRVAL1" && card.value == "150.5"));
    let gzip = read_image::<f32>(fixture("mixed.fits"), "GZIP").expect("readable").plane().expect("a plane");
    assert_eq!(gzip, ramp.mapv(|value| value / 7.0));
    let flat = read_image::<f32>(fixture("mixed.fits"), "FLAT").expect("larger than the file").data;
    assert_eq!((flat.shape(), flat.sum()), (&[300, 200][..], 60_000.0));
    let mask = read_mask(fixture("mask.fits.fz"), "").expect("readable").bits;
    assert_eq!((mask.shape(), mask[[0, 1]], mask[[2, 3]]), (&[3, 4][..], 2, 1 << 31));
}

#[test]
fn a_tile_without_a_side_is_an_error_and_not_the_end_of_the_process() {
    let bytes = fs::read(fixture("mask.fits.fz")).expect("a fixture");
    let key = b"ZTILE1  =";
    let at = bytes.windows(key.len()).position(|window| window == key).expect("a compressed image");
    let mut damaged = bytes.clone();
    damaged[at..at + 80].copy_from_slice(format!("{:<80}", "ZTILE1  =                    0").as_bytes());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("damaged.fits.fz");
    fs::write(&path, damaged).expect("written");
    let error = read_mask(&path, "").expect_err("it cannot be uncompressed");
    assert!(
        matches!(&error, ObsError::FitsCompression { problem, .. } if problem.contains("ZTILE1")),
        "{error}"
    );
}

#[test]
fn a_table_of_variable_length_is_listed_and_not_an_image() {
    let mut file = FitsReader::open(fixture("mixed.fits")).expect("readable");
    let names: Vec<_> = file.hdus().iter().map(|hdu| hdu.name.clone()).collect();
    assert_eq!(names, ["PRIMARY", "VARYING", "RICE", "GZIP", "U64", "FLAT"]);
    assert_eq!(file.hdus()[2].kind, HduKind::Image { shape: vec![6, 8] });
    for (hdu, holds) in [("VARYING", "a table"), ("PRIMARY", "no data")] {
        let error = file.image::<f32>(&HduSelector::parse(hdu)).expect_err("no image");
        assert!(matches!(error, ObsError::NotAnImage { what, .. } if what == holds), "{hdu}");
    }
}

#[test]
fn hdus_are_found_by_name_version_number_and_as_first_image() {
    let extension = |version: usize, value: u8| {
        let version = format!("EXTVER  = {version:>20}");
        let cards =
            ["XTENSION= 'IMAGE   '", "BITPIX  =                    8", "NAXIS   =                    1"];
        let more = [
            "NAXIS1  =                    1",
            "PCOUNT  =                    0",
            "GCOUNT  =                    1",
        ];
        hdu(&[&cards[..], &more, &["EXTNAME = 'SCI'", &version]].concat(), &[value])
    };
    let folder = Folder::new();
    let bytes = [image(8, 1, &[], &[7]), extension(1, 8), extension(2, 9)].concat();
    let path = folder.file("odd (1) [copy].fits", &bytes);
    for (name, value) in [("", 7.0), ("primary", 7.0), ("sci", 8.0), ("SCI,2", 9.0), ("1", 8.0), ("2", 9.0)] {
        let data = read_image::<f32>(&path, name).expect("there").data;
        assert_eq!(data.iter().collect::<Vec<_>>(), [&value], "{name}");
    }
    let error = read_image::<f32>(&path, "IMAGE_q").expect_err("no such HDU").to_string();
    assert!(error.ends_with("has no HDU named IMAGE_q; it has: PRIMARY, SCI, SCI,2"), "{error}");
    assert!(read_image::<f32>(&path, "9").expect_err("too far").to_string().contains("no HDU number 9"));
}

#[test]
fn planes_and_cubes_are_told_apart() {
    let axes = |lengths: &[usize]| {
        let mut cards =
            vec!["SIMPLE  =                    T".to_owned(), "BITPIX  =                    8".to_owned()];
        cards.push(format!("NAXIS   = {:>20}", lengths.len()));
        cards.extend(lengths.iter().enumerate().map(|(k, n)| format!("NAXIS{}  = {n:>20}", k + 1)));
        let data: Vec<u8> = (0..lengths.iter().product::<usize>() as u8).collect();
        let folder = Folder::new();
        let cards: Vec<&str> = cards.iter().map(String::as_str).collect();
        read_image::<f32>(folder.file("a.fits", &hdu(&cards, &data)), "0").expect("readable")
    };
    let cube = axes(&[4, 3, 2]);
    assert_eq!(cube.cube().expect("a cube")[[1, 2, 0]], 20.0);
    let error = cube.plane().expect_err("two planes");
    assert!(matches!(&error, ObsError::ImageAxes { shape, .. } if shape == &[2, 3, 4]), "{error}");
    assert_eq!(axes(&[4, 3]).cube().expect("one channel").dim(), (1, 3, 4));
    assert_eq!(axes(&[4, 3, 1, 1]).plane().expect("one plane").dim(), (3, 4));
    assert!(axes(&[4]).plane().is_err());
}

#[test]
fn broken_files_give_typed_errors() {
    let folder = Folder::new();
    let good = image(-32, 2000, &[], &[0; 8000]);
    let open = |path: &Path| FitsReader::open(path).expect_err("broken");
    let missing = open(&folder.0.path().join("none.fits"));
    assert!(matches!(missing, ObsError::File { kind: std::io::ErrorKind::NotFound, .. }), "{missing}");
    assert!(matches!(open(folder.0.path()), ObsError::File { kind: std::io::ErrorKind::IsADirectory, .. }));
    for (name, bytes) in
        [("empty", &b""[..]), ("text", b"hello"), ("png", &[0x89; 4000]), ("gz", &[0x1f, 0x8b, 8])]
    {
        let error = open(&folder.file(name, bytes));
        assert!(matches!(error, ObsError::NotFits { .. }), "{name}: {error}");
    }
    let error = open(&folder.file("head.fits", &good[..160]));
    assert!(matches!(error, ObsError::FitsTruncated { .. } | ObsError::NotFits { .. }), "{error}");
    for length in [2880, 2881, 5000, 8640] {
        let path = folder.file(&format!("cut{length}.fits"), &good[..length]);
        let error = read_image::<f32>(&path, "").expect_err("cut short");
        assert!(matches!(error, ObsError::FitsTruncated { .. }), "{length}: {error}");
    }
}

#[test]
fn a_header_that_promises_more_than_memory_is_no_panic() {
    let folder = Folder::new();
    let cards = [
        "SIMPLE  =                    T",
        "BITPIX  =                  -64",
        "NAXIS   =                    2",
    ];
    for length in ["99999999", "4294967296", "9223372036854775807", "-5", "x"] {
        let (a, b) = (format!("NAXIS1  = {length:>20}"), format!("NAXIS2  = {length:>20}"));
        let path =
            folder.file("huge.fits", &hdu(&[&cards[..], &[a.as_str(), b.as_str()]].concat(), &[0; 100]));
        assert!(read_image::<f32>(&path, "0").is_err(), "{length}");
    }
}

#[test]
fn damaged_bytes_are_never_a_panic() {
    let folder = Folder::new();
    let good = fs::read(fixture("mixed.fits")).expect("a fixture");
    let mut state = 1_u32;
    for round in 0..300 {
        let mut bytes = good.clone();
        for _ in 0..4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let place = state as usize % bytes.len();
            bytes[place] = (state >> 24) as u8;
        }
        bytes.truncate(if round % 3 == 0 { state as usize % good.len() } else { good.len() });
        let path = folder.file("damaged.fits", &bytes);
        if let Ok(mut file) = FitsReader::open(&path) {
            for number in 0..file.hdus().len() {
                let _ = file.mask(&HduSelector::Number(number));
                let _ = file.image::<f32>(&HduSelector::Number(number));
            }
        }
    }
}

#[test]
fn real_data_are_read_through_a_pattern() {
    let Some(data) = std::env::var_os("SCARLET_DATA") else {
        println!("SCARLET_DATA is not set: real data not read");
        return;
    };
    let folder = Path::new(&data).join("hsc_cosmos_35");
    let mut files = FitsFiles::new();
    for band in ["g", "r", "i", "z", "y"] {
        let read = |files: &mut FitsFiles, text: &str| {
            let place =
                FitsSpec::parse(text).and_then(|spec| spec.resolve(&band.into(), &folder)).expect("valid");
            files.image::<f32>(&place).expect("there").plane().expect("a plane")
        };
        let one = read(&mut files, "hsc_cosmos_35_all.fits[IMAGE_{channel}]");
        assert_eq!(one.dim(), (58, 48));
        assert_eq!(one, read(&mut files, "hsc_cosmos_35_{channel}.fits[image]"));
        let weight = read(&mut files, "hsc_cosmos_35_all.fits[WEIGHT_{channel}]");
        let variance = read(&mut files, "hsc_cosmos_35_{channel}.fits[VARIANCE]");
        assert!((&weight * &variance).iter().all(|product| (product - 1.0).abs() < 1e-5));
    }
    let mask =
        read_mask(folder.join("hsc_cosmos_35_i.fits"), "MASK").expect("there").plane().expect("a plane");
    assert_eq!(mask.dim(), (58, 48));
    let cube = read_image::<f64>(folder.join("../hst_hsc/Cut_HSC1.fits"), "").expect("there");
    assert_eq!(cube.cube().expect("a cube").dim(), (5, 50, 50));
}
