//! Closed forms of the WCS: reference points, poles, the wrap of right ascension, scales and orientation.

#![allow(clippy::unwrap_used, reason = "a test may fail there")]

use approx::assert_abs_diff_eq;
use scarlet_frame::{Angle, Card, FrameError, Sky, Wcs, arcsec, parse_card, parse_header};

const ZENITHAL: [&str; 5] = ["TAN", "SIN", "ARC", "STG", "ZEA"];

fn header(code: &str, crval: [f64; 2], cd: [[f64; 2]; 2]) -> Vec<Card> {
    let number = |key: &str, value: f64| Card::new(key, value.to_string());
    vec![
        Card::new("CTYPE1", format!("RA---{code}")),
        Card::new("CTYPE2", format!("DEC--{code}")),
        number("CRPIX1", 31.0),
        number("CRPIX2", 21.0),
        number("CRVAL1", crval[0]),
        number("CRVAL2", crval[1]),
        number("CD1_1", cd[0][0]),
        number("CD1_2", cd[0][1]),
        number("CD2_1", cd[1][0]),
        number("CD2_2", cd[1][1]),
    ]
}

fn north_up(code: &str, crval: [f64; 2], scale_deg: f64) -> Wcs {
    Wcs::from_header(&header(code, crval, [[-scale_deg, 0.0], [0.0, scale_deg]])).unwrap()
}

#[test]
fn reference_pixel_is_the_reference_position() {
    for code in ZENITHAL.into_iter().chain(["CAR"]) {
        for crval in [[150.1, 2.2], [0.0, -89.0], [359.9, 60.0], [33.0, 0.0]] {
            let wcs = north_up(code, crval, 1e-4);
            let sky = wcs.to_sky([20.0, 30.0]).unwrap();
            assert!(sky.separation(Sky::new(crval[0], crval[1])).arcsec() < 1e-9, "{code} {sky}");
            let [y, x] = wcs.to_pixel(Sky::new(crval[0], crval[1])).unwrap();
            assert_abs_diff_eq!(y, 20.0, epsilon = 1e-8);
            assert_abs_diff_eq!(x, 30.0, epsilon = 1e-8);
        }
    }
}

#[test]
fn radial_laws_of_the_zenithal_projections() {
    // distance in the plane (radians) of a point at angle t from the reference point
    let laws: [fn(f64) -> f64; 5] =
        [f64::tan, f64::sin, |t| t, |t| 2.0 * (t / 2.0).tan(), |t| 2.0 * (t / 2.0).sin()];
    for (code, law) in ZENITHAL.into_iter().zip(laws) {
        let wcs = north_up(code, [40.0, -25.0], 0.01);
        for t in [1e-6f64, 0.01, 0.3, 1.2] {
            let [y, x] = wcs.to_pixel(Sky::new(40.0, -25.0 + t.to_degrees())).unwrap();
            assert_abs_diff_eq!(x, 30.0, epsilon = 1e-9);
            assert_abs_diff_eq!((y - 20.0) * 0.01, law(t).to_degrees(), epsilon = 1e-11);
        }
    }
}

#[test]
fn around_the_poles_right_ascension_is_the_angle() {
    for (dec, turn) in [(90.0, 1.0), (-90.0, -1.0)] {
        let wcs = north_up("TAN", [0.0, dec], 0.01);
        for ra in [0.0, 12.0, 200.0, 355.0f64] {
            let [y, x] = wcs.to_pixel(Sky::new(ra, dec - turn * 1.0)).unwrap();
            // native longitude with the default LONPOLE, 0 in the north and 180 in the south (paper II, eq. 2)
            let phi = (180.0 + turn * ra).to_radians();
            let r = 1f64.to_radians().tan().to_degrees() / 0.01;
            assert_abs_diff_eq!(x - 30.0, -r * phi.sin(), epsilon = 1e-9);
            assert_abs_diff_eq!(y - 20.0, -r * phi.cos(), epsilon = 1e-9);
        }
    }
}

#[test]
fn right_ascension_wraps_at_zero() {
    let wcs = north_up("TAN", [0.0, 10.0], 0.001);
    let (east, west) = (wcs.to_sky([20.0, 25.0]).unwrap(), wcs.to_sky([20.0, 35.0]).unwrap());
    assert!(east.ra_deg > 0.0 && east.ra_deg < 0.01);
    assert!(west.ra_deg > 359.99 && west.ra_deg < 360.0);
    assert_abs_diff_eq!(east.separation(west).degrees(), 0.01, epsilon = 1e-8);
    let far = Sky { ra_deg: west.ra_deg - 720.0, dec_deg: west.dec_deg };
    assert_abs_diff_eq!(wcs.to_pixel(far).unwrap()[1], 35.0, epsilon = 1e-8);
}

#[test]
fn pixel_scales_follow_the_projection() {
    let t = 0.4f64;
    // area relative to the centre: radial times tangential scale, inverted
    let laws = [t.cos().powi(3), 1.0 / t.cos(), t.sin() / t, (t / 2.0).cos().powi(4), 1.0];
    for (code, area) in ZENITHAL.into_iter().zip(laws) {
        let wcs = north_up(code, [40.0, -25.0], 0.01);
        let position = wcs.to_pixel(Sky::new(40.0, -25.0 + t.to_degrees())).unwrap();
        let relative = wcs.pixel_scale(position).unwrap().degrees() / 0.01;
        assert_abs_diff_eq!(relative, area.sqrt(), epsilon = 1e-8);
        let center = wcs.pixel_scale([20.0, 30.0]).unwrap().degrees();
        assert_abs_diff_eq!(center / 0.01, 1.0, epsilon = 1e-9);
    }
}

#[test]
fn affine_tells_orientation_and_handedness() {
    let (scale, angle) = (1e-4, 25f64.to_radians());
    let (s, c) = angle.sin_cos();
    for flip in [1.0, -1.0] {
        let cd = [[-flip * scale * c, scale * s], [flip * scale * s, scale * c]];
        let wcs = Wcs::from_header(&header("TAN", [150.0, 2.0], cd)).unwrap();
        let affine = wcs.local_affine([20.0, 30.0]).unwrap();
        assert_abs_diff_eq!(affine.position_angle().degrees(), 25.0, epsilon = 1e-6);
        assert_eq!(affine.is_flipped(), flip < 0.0);
        assert_abs_diff_eq!(affine.scale().degrees() / scale, 1.0, epsilon = 1e-8);
        for axis in affine.axis_scales() {
            assert_abs_diff_eq!(axis.degrees() / scale, 1.0, epsilon = 1e-8);
        }
        let back = affine.to_pixel_offset(affine.to_sky_offset([0.3, -1.7]));
        assert_abs_diff_eq!(back[0], 0.3, epsilon = 1e-12);
        assert_abs_diff_eq!(back[1], -1.7, epsilon = 1e-12);
    }
}

#[test]
fn affine_predicts_small_steps() {
    let wcs = Wcs::tan(Sky::new(10.0, 70.0), [0.0, 0.0], arcsec(0.5)).unwrap();
    let (at, step) = ([5000.0, -3000.0], [2.0, 3.0]);
    let [north, east] = wcs.local_affine(at).unwrap().to_sky_offset(step);
    let (from, to) = (wcs.to_sky(at).unwrap(), wcs.to_sky([at[0] + step[0], at[1] + step[1]]).unwrap());
    assert_abs_diff_eq!(north.degrees(), to.dec_deg - from.dec_deg, epsilon = 1e-8);
    let across = (to.ra_deg - from.ra_deg) * from.dec_deg.to_radians().cos();
    assert_abs_diff_eq!(east.degrees(), across, epsilon = 1e-8);
}

#[test]
fn tan_makes_simulations_north_up_east_left() {
    let center = Sky::new(0.01, -45.0);
    let wcs = Wcs::tan(center, [12.5, 40.25], arcsec(0.168)).unwrap();
    assert!(wcs.to_sky([12.5, 40.25]).unwrap().separation(center).arcsec() < 1e-9);
    assert!(wcs.to_sky([13.5, 40.25]).unwrap().dec_deg > center.dec_deg);
    assert!(wcs.to_sky([12.5, 39.25]).unwrap().ra_deg > center.ra_deg);
    assert_abs_diff_eq!(wcs.pixel_scale([12.5, 40.25]).unwrap().arcsec(), 0.168, epsilon = 1e-9);
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(Wcs::tan(center, [0.0, 0.0], arcsec(scale)).is_err());
    }
    assert!(Wcs::tan(Sky::new(1.0, 91.0), [0.0, 0.0], arcsec(1.0)).is_err());
    assert!(Wcs::tan(Sky::new(f64::NAN, 1.0), [0.0, 0.0], arcsec(1.0)).is_err());
    assert!(Wcs::tan(center, [f64::NAN, 0.0], arcsec(1.0)).is_err());
}

#[test]
fn positions_that_are_not_shown_are_errors() {
    let tan = north_up("TAN", [0.0, 0.0], 0.1);
    let message = tan.to_pixel(Sky::new(180.0, 5.0)).unwrap_err().to_string();
    assert_eq!(
        message,
        "RA 180.0000000 deg, Dec +5.0000000 deg is outside what the TAN projection of this WCS can show"
    );
    for sky in
        [Sky::new(f64::NAN, 0.0), Sky::new(f64::INFINITY, 0.0), Sky::new(1.0, 90.1), Sky::new(1.0, f64::NAN)]
    {
        assert!(matches!(tan.to_pixel(sky), Err(FrameError::WcsPosition { .. })));
    }
    for position in [[f64::NAN, 0.0], [0.0, f64::INFINITY], [1e300, 1e300]] {
        assert!(matches!(tan.to_sky(position), Err(FrameError::WcsPosition { .. })));
        assert!(tan.pixel_scale(position).is_err());
    }
    assert!(north_up("SIN", [0.0, 0.0], 0.1).to_sky([20.0, 30.0 + 600.0]).is_err());
    assert!(north_up("ARC", [0.0, 0.0], 0.1).to_sky([20.0, 30.0 + 1801.0]).is_err());
    assert!(north_up("CAR", [0.0, 0.0], 0.1).to_sky([20.0 + 901.0, 30.0]).is_err());
}

#[test]
fn separations() {
    assert_abs_diff_eq!(
        Sky::new(0.0, 90.0).separation(Sky::new(77.0, -90.0)).degrees(),
        180.0,
        epsilon = 1e-12
    );
    assert_abs_diff_eq!(
        Sky::new(350.0, 0.0).separation(Sky::new(20.0, 0.0)).degrees(),
        30.0,
        epsilon = 1e-12
    );
    assert_abs_diff_eq!(
        Sky::new(10.0, 60.0).separation(Sky::new(190.0, 60.0)).degrees(),
        60.0,
        epsilon = 1e-12
    );
    let tiny = Sky::new(10.0, 60.0).separation(Sky::new(10.0 + 2e-9, 60.0)).degrees();
    assert_abs_diff_eq!(tiny, 1e-9, epsilon = 1e-14);
    assert_eq!(Sky::new(5.0, 5.0).separation(Sky::new(5.0, 5.0)), Angle::from_radians(0.0));
    assert_eq!(Sky::new(-1.0, 3.0).ra_deg, 359.0);
    assert_eq!(Sky::new(-1e-20, 3.0).ra_deg, 0.0);
    assert_eq!(Sky::new(150.1163213, -2.2).to_string(), "RA 150.1163213 deg, Dec -2.2000000 deg");
}

#[test]
fn cards_of_every_form() {
    let parsed = |record: &str| parse_card(record).map(|card| (card.keyword, card.value));
    let some = |keyword: &str, value: &str| Some((keyword.to_owned(), value.to_owned()));
    assert_eq!(parsed("CRPIX1  =              25795.5 / a pixel"), some("CRPIX1", "25795.5"));
    assert_eq!(parsed("OBJECT  = 'O''Neill / M31  '   / who"), some("OBJECT", "O'Neill / M31"));
    assert_eq!(parsed("EMPTY   = ''"), some("EMPTY", ""));
    assert_eq!(parsed("UNDEF   =                      / no value"), some("UNDEF", ""));
    assert_eq!(parsed("SIMPLE  =                    T / conforms"), some("SIMPLE", "T"));
    assert_eq!(parsed("HIERARCH ESO TEL  ALT = 61.2 / deg"), some("ESO TEL ALT", "61.2"));
    assert_eq!(parsed("HIERARCH ESO NAME = 'a = b'"), some("ESO NAME", "a = b"));
    for record in [
        "",
        "END",
        "COMMENT a = b",
        "HISTORY = 3",
        "        = 1",
        "BROKEN  = 'no end",
        "KEY = 1",
        "ÄÖÜÄÖÜ = 1",
    ] {
        assert_eq!(parsed(record), None, "{record}");
    }
    let number = |text: &str| Card::new("K", text).number();
    assert_eq!(number("1.0D-3"), Some(1e-3));
    assert_eq!(number(" -2.5d+02 "), Some(-250.0));
    assert_eq!(number("7"), Some(7.0));
    for text in ["", "x", "nan", "inf", "1e999", "T", "1.0 2.0"] {
        assert_eq!(number(text), None, "{text}");
    }
}

#[test]
fn headers_as_text() {
    let records = ["CTYPE1  = 'RA---TAN'", "COMMENT nothing", "CRVAL1  = 1.0D1", "END", "CRVAL2  = 3"];
    let expected = vec![Card::new("CTYPE1", "RA---TAN"), Card::new("CRVAL1", "1.0D1")];
    assert_eq!(parse_header(&records.join("\n")), expected);
    assert_eq!(parse_header(&records.map(|record| format!("{record:80}")).concat()), expected);
}

#[test]
fn stored_wcs_is_checked_when_it_is_read() {
    let stored = r#"[{"keyword": "CTYPE1", "value": "RA---TAN"}]"#;
    let error = serde_json::from_str::<Wcs>(stored).unwrap_err().to_string();
    assert!(error.contains("CTYPE2"), "{error}");
}

#[test]
fn equal_means_the_same_map() {
    let cd = Wcs::tan(Sky::new(150.0, 2.0), [10.0, 10.0], arcsec(0.36)).unwrap();
    assert_ne!(cd, Wcs::tan(Sky::new(150.0, 2.0), [10.0, 11.0], arcsec(0.36)).unwrap());
    assert_ne!(north_up("TAN", [1.0, 2.0], 0.1), north_up("SIN", [1.0, 2.0], 0.1));
    let mut cards = cd.header().to_vec();
    cards.push(Card::new("LONPOLE", "180.0"));
    assert_eq!(Wcs::from_header(&cards).unwrap(), cd);
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&cd);
}
