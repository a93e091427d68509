//! Properties of distorted grids: round trips of arbitrary SIP, TPV and TAN with PV headers, of FK4, and slopes.

#![allow(clippy::unwrap_used, reason = "a test may fail there")]

use proptest::prelude::*;
use scarlet_frame::{Card, Wcs};

const SCALE_DEG: f64 = 5e-5;

fn number(key: impl Into<String>, value: f64) -> Card {
    Card::new(key, format!("{value:e}"))
}

/// CD with any rotation and flip, reference pixel and position; `code` behind both CTYPEs.
fn plain(code: &str, [ra, dec]: [f64; 2], angle: f64, flip: bool, radesys: &str) -> Vec<Card> {
    let (s, c) = angle.to_radians().sin_cos();
    let sign = if flip { -SCALE_DEG } else { SCALE_DEG };
    vec![
        Card::new("CTYPE1", format!("RA---{code}")),
        Card::new("CTYPE2", format!("DEC--{code}")),
        number("CRPIX1", 1000.5),
        number("CRPIX2", 700.25),
        number("CRVAL1", ra),
        number("CRVAL2", dec),
        number("CD1_1", -sign * c),
        number("CD1_2", SCALE_DEG * s),
        number("CD2_1", sign * s),
        number("CD2_2", SCALE_DEG * c),
        Card::new("RADESYS", radesys),
    ]
}

/// SIP terms of at most `px` pixels each at 1500 px from the reference pixel.
fn sip(order: usize, factors: &[f64], px: f64) -> Vec<Card> {
    let mut cards = vec![number("A_ORDER", order as f64), number("B_ORDER", order as f64)];
    let powers = (2..=order).flat_map(|n| (0..=n).map(move |p| (p, n - p)));
    for (k, (p, q)) in powers.enumerate() {
        let size = px / 1500f64.powi((p + q) as i32);
        cards.push(number(format!("A_{p}_{q}"), size * factors[2 * k]));
        cards.push(number(format!("B_{p}_{q}"), size * factors[2 * k + 1]));
    }
    cards
}

/// PV terms up to index 22, each of at most `bend` of a field of 0.1 deg.
fn tpv(factors: &[f64], bend: f64) -> Vec<Card> {
    let order = [0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5];
    let mut cards = Vec::new();
    for axis in [1, 2] {
        for (index, power) in order.into_iter().enumerate() {
            let value = f64::from(u8::from(index == 1))
                + bend * 0.1f64.powi(1 - power) * factors[23 * (axis - 1) + index];
            cards.push(number(format!("PV{axis}_{index}"), value));
        }
    }
    cards
}

/// The terms in r of TPV have a tip at the reference pixel, where nothing is straight.
fn is_at_the_tip(y: f64, x: f64) -> bool {
    (y - 699.25).hypot(x - 999.5) < 40.0
}

fn factors() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1.0..1.0f64, 80)
}

prop_compose! {
    fn distorted()(
        kind in 0..3usize, order in 2..6usize, factors in factors(), px in 0.0..15.0f64, bend in 0.0..3e-3f64,
        ra in 0.0..360.0f64, dec in -90.0..=90.0f64, angle in 0.0..360.0f64, flip: bool,
        radesys in prop::sample::select(vec!["ICRS", "FK5", "FK4", "FK4-NO-E"]),
    ) -> Vec<Card> {
        let mut cards = plain(["TAN-SIP", "TPV", "TAN"][kind], [ra, dec], angle, flip, radesys);
        cards.extend(if kind == 0 { sip(order, &factors, px) } else { tpv(&factors, bend) });
        cards
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn pixels_come_back(cards in distorted(), y in -200.0..1600.0f64, x in -200.0..2200.0f64) {
        let wcs = Wcs::from_header(&cards).unwrap();
        prop_assert!(wcs.is_distorted());
        let [by, bx] = wcs.to_pixel(wcs.to_sky([y, x]).unwrap()).unwrap();
        // 1e-9 px and the rounding of a right ascension in degrees
        prop_assert!((by - y).hypot(bx - x) < 1e-9 + 3e-13 / SCALE_DEG, "{} {}", by - y, bx - x);
    }

    #[test]
    fn affine_is_the_slope(cards in distorted(), y in 0.0..1400.0f64, x in 0.0..2000.0f64) {
        prop_assume!(!is_at_the_tip(y, x));
        let wcs = Wcs::from_header(&cards).unwrap();
        let affine = wcs.local_affine([y, x]).unwrap();
        let from = wcs.to_sky([y, x]).unwrap();
        for step in [[0.5, 0.0], [0.0, 0.5]] {
            let at = |sign: f64| wcs.to_sky([y + sign * step[0], x + sign * step[1]]).unwrap();
            let length = at(1.0).separation(at(-1.0)).arcsec();
            let [north, east] = affine.to_sky_offset(step).map(|angle| 2.0 * angle.arcsec());
            // 1e-10 arcsec of rounding in each position
            prop_assert!((north.hypot(east) - length).abs() < 2e-6 * length, "{from}");
        }
    }

    #[test]
    fn the_plain_grid_touches(cards in distorted(), y in 0.0..1400.0f64, x in 0.0..2000.0f64) {
        prop_assume!(!is_at_the_tip(y, x));
        let wcs = Wcs::from_header(&cards).unwrap();
        let plain = wcs.undistorted_at([y, x]).unwrap();
        prop_assert!(!plain.is_distorted());
        let [py, px] = plain.to_pixel(wcs.to_sky([y + 1.0, x - 1.0]).unwrap()).unwrap();
        // what bends within 1 px
        prop_assert!((py - y - 1.0).hypot(px - x + 1.0) < 1e-3);
        let (a, b) = (wcs.local_affine([y, x]).unwrap(), plain.local_affine([y, x]).unwrap());
        for (a, b) in a.matrix().as_flattened().iter().zip(b.matrix().as_flattened()) {
            prop_assert!((a - b).abs() < 1e-7 * SCALE_DEG.to_radians());
        }
    }
}
