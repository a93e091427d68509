//! Properties of the WCS on arbitrary headers: round trips, cutouts, and no panic whatever the cards say.

#![allow(clippy::unwrap_used, reason = "a test may fail there")]

use proptest::prelude::*;
use scarlet_frame::{Card, Sky, Wcs, parse_card, parse_header};

fn codes() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["TAN", "SIN", "ARC", "STG", "ZEA", "CAR"])
}

prop_compose! {
    /// Any rotation, flip, shear, frame and axis order; pixels from 0.02 to 20 arcsec.
    fn headers()(
        code in codes(), ra in 0.0..360.0f64, dec in -90.0..=90.0f64, angle in 0.0..360.0f64,
        log_scale in -5.25..-2.25f64, oblong in 0.5..2.0f64, shear in -0.4..0.4f64, flip: bool, fk5: bool,
        swap: bool, crpix in prop::array::uniform2(-3000.0..3000.0f64),
    ) -> (f64, Vec<Card>) {
        let scale = 10f64.powf(log_scale);
        let (s, c) = angle.to_radians().sin_cos();
        let sign = if flip { -scale } else { scale };
        let [lon, lat] = [[-sign * c, scale * (s + shear) * oblong], [sign * s, scale * c * oblong]];
        let (one, two) = if swap { ("2", "1") } else { ("1", "2") };
        let number = |key: String, value: f64| Card::new(key, format!("{value:e}"));
        let cards = vec![
            Card::new(format!("CTYPE{one}"), format!("RA---{code}")),
            Card::new(format!("CTYPE{two}"), format!("DEC--{code}")),
            number("CRPIX1".into(), crpix[0]),
            number("CRPIX2".into(), crpix[1]),
            number(format!("CRVAL{one}"), ra),
            number(format!("CRVAL{two}"), dec),
            number(format!("CD{one}_1"), lon[0]),
            number(format!("CD{one}_2"), lon[1]),
            number(format!("CD{two}_1"), lat[0]),
            number(format!("CD{two}_2"), lat[1]),
            Card::new("RADESYS", if fk5 { "FK5" } else { "ICRS" }),
        ];
        (scale, cards)
    }
}

/// A keyword that matters, with a value that may or may not fit it.
fn cards() -> impl Strategy<Value = Vec<Card>> {
    let keywords = "CTYPE1 CTYPE2 CRPIX1 CRPIX2 CRVAL1 CRVAL2 CD1_1 CD1_2 CD2_2 PC1_1 PC2_1 CDELT1 CDELT2 CROTA2 \
                    CUNIT1 LONPOLE LATPOLE RADESYS EQUINOX PV2_1 PV1_1 PV1_3 PV2_7 A_ORDER B_ORDER A_2_0 B_0_1 AP_1_0 \
                    PC001002 CD1_3 EPOCH MJD-OBS DATE-OBS";
    let values = "RA---TAN DEC--TAN RA---CAR DEC--CAR RA---SIN DEC--SIN 0 1 -1 1e-4 90 -90 180 2000 1e300 -1e-300 \
                  1e-9 NaN T deg rad arcsec FK5 FK4 ICRS RA---TAN-SIP DEC--TAN-SIP RA---TPV DEC--TPV 2 1984-05-17 é";
    let pick = |text: &'static str| prop::sample::select(text.split_whitespace().collect::<Vec<_>>());
    prop::collection::vec((pick(keywords), pick(values)).prop_map(|(k, v)| Card::new(k, v)), 0..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pixels_come_back((scale, cards) in headers(), y in -5000.0..5000.0f64, x in -5000.0..5000.0f64) {
        let wcs = Wcs::from_header(&cards).unwrap();
        prop_assume!(wcs.to_sky([y, x]).is_ok());
        // near the rim of SIN and near the horizon of TAN nothing can be inverted to rounding
        let reach = (y.hypot(x) + 5000.0) * scale;
        prop_assume!(reach < 60.0);
        let sky = wcs.to_sky([y, x]).unwrap();
        prop_assert!((0.0..360.0).contains(&sky.ra_deg) && sky.dec_deg.abs() <= 90.0);
        let [by, bx] = wcs.to_pixel(sky).unwrap();
        // 1e-9 px, and the rounding of angles in degrees (ulp of 180: 2.8e-14) for as oblique as these headers get
        let limit = 1e-9 + 3e-13 / scale;
        prop_assert!((by - y).hypot(bx - x) < limit, "{by} {bx}, limit {limit}");
    }

    #[test]
    fn cutouts_are_shifted((_, cards) in headers(), oy in -500i64..500, ox in -500i64..500) {
        let wcs = Wcs::from_header(&cards).unwrap();
        let cutout = wcs.shifted([oy, ox]).unwrap();
        let at = wcs.to_sky([oy as f64 + 3.0, ox as f64 - 2.0]);
        prop_assume!(at.is_ok());
        prop_assert!(cutout.to_sky([3.0, -2.0]).unwrap().separation(at.unwrap()).arcsec() < 1e-6);
    }

    #[test]
    fn separation_is_a_distance(a in -360.0..720.0f64, d in -90.0..=90.0f64, b in 0.0..360.0f64, e in -90.0..=90.0f64) {
        let (p, q) = (Sky::new(a, d), Sky::new(b, e));
        prop_assert!((p.separation(q).radians() - q.separation(p).radians()).abs() < 1e-14);
        let chord: f64 = [(0.0, 90.0), (0.0, 0.0), (90.0, 0.0)]
            .map(|(ra, dec)| Sky::new(ra, dec))
            .map(|axis| p.separation(axis).radians().cos() - q.separation(axis).radians().cos())
            .iter().map(|v| v * v).sum::<f64>().sqrt();
        prop_assert!((p.separation(q).radians() - 2.0 * (chord / 2.0).min(1.0).asin()).abs() < 1e-6);
    }

    #[test]
    fn any_cards_any_position_no_panic(
        cards in cards(), y in any::<f64>(), x in any::<f64>(), ra in any::<f64>(), dec in -100.0..100.0f64,
    ) {
        if let Ok(wcs) = Wcs::from_header(&cards) {
            let _ = (wcs.to_sky([y, x]), wcs.pixel_scale([y, x]));
            let _ = (wcs.to_pixel(Sky { ra_deg: ra, dec_deg: dec }), wcs.shifted([i64::MAX, i64::MIN]));
        }
    }

    #[test]
    fn any_position_of_good_headers_no_panic(
        (_, cards) in headers(), exponent in -8.0..20.0f64, angle in 0.0..6.3f64, ra in 0.0..360.0f64, dec in -90.0..=90.0f64,
    ) {
        let wcs = Wcs::from_header(&cards).unwrap();
        let (s, c) = angle.sin_cos();
        let r = 10f64.powf(exponent);
        let _ = (wcs.to_sky([r * s, r * c]), wcs.pixel_scale([r * s, r * c]), wcs.to_pixel(Sky::new(ra, dec)));
    }

    #[test]
    fn the_reference_position_itself_no_panic(code in codes(), ra in 0.0..360.0f64, dec in -90.0..=90.0f64) {
        let cards = [
            Card::new("CTYPE1", format!("RA---{code}")),
            Card::new("CTYPE2", format!("DEC--{code}")),
            Card::new("CRPIX1", "8"),
            Card::new("CRPIX2", "5"),
            Card::new("CRVAL1", ra.to_string()),
            Card::new("CRVAL2", dec.to_string()),
            Card::new("CDELT1", "-1"),
            Card::new("CDELT2", "1"),
        ];
        let [y, x] = Wcs::from_header(&cards).unwrap().to_pixel(Sky::new(ra, dec)).unwrap();
        prop_assert!((y - 4.0).hypot(x - 7.0) < 1e-11);
    }

    #[test]
    fn any_text_no_panic(text in "\\PC{0,100}", key in "[A-Z0-9 ]{8}") {
        let _ = (parse_card(&text), parse_card(&format!("{key}= {text}")), parse_card(&format!("HIERARCH {text}")));
        let _ = parse_header(&text);
    }
}
