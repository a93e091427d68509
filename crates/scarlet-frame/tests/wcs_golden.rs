//! Pixels and sky positions agree with astropy's on headers of every kind that is handled.
//!
//! `golden/make_wcs.py` writes the table. Run with `--nocapture` to see the errors of each header.

#![allow(clippy::unwrap_used, reason = "a test may fail there")]

use scarlet_frame::{Card, Sky, Wcs, parse_header};

struct Case {
    name: String,
    cards: Vec<Card>,
    /// y, x, ra, dec
    points: Vec<[f64; 4]>,
    scale_arcsec: f64,
}

fn cases() -> Vec<Case> {
    let table: serde_json::Value = serde_json::from_str(include_str!("golden/wcs.json")).unwrap();
    table.as_array().unwrap().iter().map(case).collect()
}

fn case(value: &serde_json::Value) -> Case {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let cards = value["cards"].as_array().unwrap();
    Case {
        name: text(&value["name"]),
        cards: cards.iter().map(|card| Card::new(text(&card[0]), text(&card[1]))).collect(),
        points: serde_json::from_value(value["points"].clone()).unwrap(),
        scale_arcsec: value["scale_arcsec"].as_f64().unwrap(),
    }
}

/// Largest errors over the points, in pixels: of `to_pixel` and of `to_sky`.
fn errors(case: &Case, wcs: &Wcs) -> [f64; 2] {
    let mut worst = [0f64; 2];
    for &[y, x, ra, dec] in &case.points {
        let expected = Sky { ra_deg: ra, dec_deg: dec };
        let pixel = wcs.to_pixel(expected).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let sky = wcs.to_sky([y, x]).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        assert!((0.0..360.0).contains(&sky.ra_deg), "{}: {sky}", case.name);
        let scale = wcs.pixel_scale([y, x]).unwrap();
        worst[0] = worst[0].max((pixel[0] - y).hypot(pixel[1] - x));
        worst[1] = worst[1].max(sky.separation(expected).radians() / scale.radians());
    }
    worst
}

#[test]
fn agrees_with_astropy() {
    println!("{:36} {:>12} {:>14} {:>13}", "header", "scale arcsec", "to_pixel px", "to_sky px");
    let mut failed = Vec::new();
    for case in cases() {
        let wcs = Wcs::from_header(&case.cards).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let [pixel, sky] = errors(&case, &wcs);
        println!("{:36} {:12.5} {pixel:14.1e} {sky:13.1e}", case.name, case.scale_arcsec);
        // a right ascension in degrees is rounded to 1e-10 arcsec: that is more of a smaller pixel
        let limit = 2e-9_f64.max(2e-10 / case.scale_arcsec);
        if pixel > limit || sky > limit {
            failed.push(case.name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn pixel_scales_agree_with_astropy() {
    for case in cases() {
        let wcs = Wcs::from_header(&case.cards).unwrap();
        let [y, x, ..] = case.points[0];
        let ratio = wcs.pixel_scale([y, x]).unwrap().arcsec() / case.scale_arcsec;
        // the table's differences over one pixel cost (pixel in radians)^2, and 1e-16 / pixel of rounding
        let pixel = case.scale_arcsec / 206_265.0;
        // a distortion's own curvature, and the rounding of its pixels of some thousands
        let bent = if wcs.is_distorted() { 1e-7 } else { 0.0 };
        assert!((ratio - 1.0).abs() < pixel * pixel + 2e-15 / pixel + bent, "{}: {ratio}", case.name);
    }
}

#[test]
fn kept_cards_make_the_same_wcs() {
    for case in cases() {
        let wcs = Wcs::from_header(&case.cards).unwrap();
        assert_eq!(Wcs::from_header(wcs.header()).unwrap(), wcs, "{}", case.name);
        let stored = serde_json::to_string(&wcs).unwrap();
        assert_eq!(serde_json::from_str::<Wcs>(&stored).unwrap(), wcs, "{}", case.name);
        let known = "C PC LONPOLE LATPOLE RADESYS EQUINOX A_ B_ AP_ BP_ PV MJD-OBS DATE-OBS";
        let known: Vec<&str> = known.split(' ').collect();
        assert!(wcs.header().iter().all(|card| known.iter().any(|k| card.keyword.starts_with(k))));
    }
}

#[test]
fn cutouts_keep_the_sky() {
    for case in cases() {
        let wcs = Wcs::from_header(&case.cards).unwrap();
        let cutout = wcs.shifted([17, -40]).unwrap();
        for &[y, x, ra, dec] in &case.points {
            let [cy, cx] = cutout.to_pixel(Sky::new(ra, dec)).unwrap();
            assert!((cy + 17.0 - y).hypot(cx - 40.0 - x) < 1e-7, "{}", case.name);
        }
        assert_eq!(cutout.shifted([-17, 40]).unwrap(), wcs);
    }
}

/// Cards of the first header of a FITS file.
fn first_header(path: &std::path::Path) -> Vec<Card> {
    let bytes = std::fs::read(path).unwrap();
    let records = bytes.chunks_exact(80).map(|record| String::from_utf8_lossy(record).into_owned());
    let records: Vec<String> = records.take_while(|record| record.trim_end() != "END").collect();
    parse_header(&records.join("\n"))
}

#[test]
fn shared_headers_are_those_of_the_table() {
    let Ok(data) = std::env::var("SCARLET_DATA") else {
        println!("SCARLET_DATA is not set: the headers of the HST + HSC images are not read");
        return;
    };
    let cases = cases();
    for (file, name) in [("Cut_HST1.fits", "hst"), ("Cut_HSC1.fits", "hsc")] {
        let header = first_header(&std::path::Path::new(&data).join("hst_hsc").join(file));
        let case = cases.iter().find(|case| case.name == name).unwrap();
        let wcs = Wcs::from_header(&header).unwrap();
        assert_eq!(wcs, Wcs::from_header(&case.cards).unwrap(), "{file}");
        let [pixel, sky] = errors(case, &wcs);
        println!("{file}: {pixel:.1e} px, {sky:.1e} px");
        assert!(pixel < 1e-8 && sky < 1e-8);
    }
}
