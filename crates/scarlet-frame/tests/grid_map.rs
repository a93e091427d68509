//! Maps between pixel grids: closed forms, the way back, slopes, what an affine map leaves, and speed.

#![allow(clippy::unwrap_used, reason = "a test may fail there")]

use proptest::prelude::*;
use scarlet_frame::{BBox, Card, Frame, FrameError, GridMap, Sky, Wcs, arcsec, degrees};

const SCALE_DEG: f64 = 5e-5;

/// Any rotation and flip; with SIP where `bend_px` is not 0: that much at 1000 px from the reference pixel.
fn grid([ra, dec]: [f64; 2], angle: f64, scale: f64, flip: bool, bend_px: f64) -> Wcs {
    let number = |key: &str, value: f64| Card::new(key, format!("{value:e}"));
    let (s, c) = angle.to_radians().sin_cos();
    let (sign, scale) = (if flip { -1.0 } else { 1.0 }, scale * SCALE_DEG);
    let code = if bend_px == 0.0 { "TAN" } else { "TAN-SIP" };
    let mut cards = vec![
        Card::new("CTYPE1", format!("RA---{code}")),
        Card::new("CTYPE2", format!("DEC--{code}")),
        number("CRPIX1", 41.0),
        number("CRPIX2", 51.0),
        number("CRVAL1", ra),
        number("CRVAL2", dec),
        number("CD1_1", -sign * scale * c),
        number("CD1_2", scale * s),
        number("CD2_1", sign * scale * s),
        number("CD2_2", scale * c),
    ];
    if bend_px != 0.0 {
        let terms =
            [("A_ORDER", 3.0), ("B_ORDER", 2.0), ("A_2_0", 0.7e-6), ("A_1_2", 0.4e-9), ("B_1_1", -0.9e-6)];
        let bent = |(key, value): (&'static str, f64)| {
            number(key, if key.ends_with("ORDER") { value } else { value * bend_px })
        };
        cards.extend(terms.map(bent));
    }
    Wcs::from_header(&cards).unwrap()
}

fn frame(shape: [usize; 2], wcs: Wcs) -> Frame {
    Frame::new(shape).wcs(wcs)
}

#[test]
fn without_a_wcs_pixels_keep_their_numbers() {
    let (plain, seen) = (Frame::new([5, 5]), frame([9, 9], grid([10.0, 0.0], 30.0, 1.0, false, 0.0)));
    for (from, to) in [(&plain, &plain), (&plain, &seen), (&seen, &plain), (&seen, &seen)] {
        let map = GridMap::new(from, to);
        assert!(map.is_identity());
        assert_eq!(map.position([3.25, -7.0]).unwrap(), [3.25, -7.0]);
        assert_eq!(map.jacobian([3.0, 4.0]).unwrap(), [[1.0, 0.0], [0.0, 1.0]]);
        assert_eq!(map.deviation(from.bbox()).unwrap(), 0.0);
        assert_eq!(map.whole_pixel_shift(from.bbox()).unwrap(), [0, 0]);
        assert_eq!(map.positions(BBox::new([2, -1], [1, 2])).unwrap(), [[2.0, -1.0], [2.0, 0.0]]);
    }
}

#[test]
fn scale_rotation_and_flip_between_grids_are_told() {
    let at = [150.0, 2.0];
    for (angle, flip) in [(0.0, false), (37.0, false), (-120.0, true), (180.0, true)] {
        let here = frame([100, 100], grid(at, angle, 3.0, flip, 0.0));
        let there = frame([100, 100], grid(at, 0.0, 1.0, false, 0.0));
        let affine = GridMap::new(&here, &there).affine_at([50.0, 40.0]).unwrap();
        assert!((affine.scale_ratio() - 3.0).abs() < 1e-9);
        assert_eq!(affine.is_flipped(), flip);
        // with north up and east left in both, +x of the first is at angle - 90 deg on the sky, east of north; turned
        // towards north is towards +y
        let expected = if flip { 180.0 + angle } else { angle };
        let off = (affine.rotation().degrees() - expected).rem_euclid(360.0);
        assert!(off.min(360.0 - off) < 1e-7, "{angle} {flip}: {}", affine.rotation().degrees());
    }
}

#[test]
fn turned_plain_grids_lie_as_they_say() {
    let center = Sky::new(200.0, -60.0);
    for angle in [0.0, 25.0, -110.0, 180.0] {
        let wcs = Wcs::tan_turned(center, [12.0, 7.5], arcsec(0.2), degrees(angle)).unwrap();
        let affine = wcs.local_affine([12.0, 7.5]).unwrap();
        let off = (affine.position_angle().degrees() - angle).rem_euclid(360.0);
        assert!(off.min(360.0 - off) < 1e-7);
        assert!(!affine.is_flipped());
        assert!((affine.scale().arcsec() - 0.2).abs() < 1e-9);
    }
    assert!(Wcs::tan_turned(center, [0.0, 0.0], arcsec(0.2), degrees(f64::NAN)).is_err());
}

#[test]
fn whole_pixel_shifts_are_found_and_others_named() {
    let wcs = grid([150.0, 2.0], 33.0, 1.0, false, 8.0);
    let model = frame([400, 300], wcs.clone());
    let cutout = frame([100, 80], wcs.shifted([40, -17]).unwrap());
    assert_eq!(GridMap::new(&cutout, &model).whole_pixel_shift(cutout.bbox()).unwrap(), [40, -17]);
    assert_eq!(cutout.offset_in(&model).unwrap(), [40, -17]);
    let later = cutout.clone().cropped(BBox::new([5, 6], [10, 10]));
    assert_eq!(later.offset_in(&model).unwrap(), [45, -11]);
    let turned = frame([100, 80], grid([150.0, 2.0], 33.1, 1.0, false, 8.0));
    assert!(matches!(turned.offset_in(&model), Err(FrameError::GridsDiffer { .. })));
    // straight and bent grids that agree near the reference pixel only
    let straight = frame([2000, 2000], grid([150.0, 2.0], 33.0, 1.0, false, 0.0));
    let error = straight.offset_in(&model).unwrap_err().to_string();
    assert!(error.contains("beyond a whole-pixel shift"), "{error}");
}

#[test]
fn deviations_are_those_of_the_polynomials() {
    let wcs = grid([150.0, 2.0], 33.0, 1.0, false, 10.0);
    // 10 px (0.7 u^2 + 0.4 v^2 u, -0.9 u v) with u, v in thousands of pixels, around the reference pixel
    let reach = 300;
    let bbox = BBox::new([50 - reach, 40 - reach], [2 * reach as usize + 1; 2]);
    let u = reach as f64 / 1000.0;
    let expected = (10.0 * (0.7 * u * u + 0.4 * u * u * u)).hypot(10.0 * 0.9 * u * u);
    let deviation = wcs.deviation_from_affine(bbox).unwrap();
    assert!((deviation / expected - 1.0).abs() < 1e-3, "{deviation} {expected}");
    let small = wcs.deviation_from_affine(BBox::new([46, 36], [9, 9])).unwrap();
    assert!(small < 4e-4, "{small}");
    // a gnomonic grid far off its reference point is not affine either
    let plain = grid([150.0, 2.0], 0.0, 100.0, false, 0.0);
    let near = plain.deviation_from_affine(BBox::new([0, 0], [101, 81])).unwrap();
    let far = plain.deviation_from_affine(BBox::new([4000, 4000], [101, 81])).unwrap();
    assert!(near < 1e-2 && far > 0.1, "{near} {far}");
}

#[test]
fn what_bends_between_the_corners_is_seen() {
    // u^2 (u^2 - c^2) is 0 with its slope in the middle, 0 at the corners, and c^4 / 4 between
    let (half, size) = (50.0f64, 4e-8);
    let straight = grid([150.0, 2.0], 33.0, 1.0, false, 0.0);
    let mut cards = grid([150.0, 2.0], 33.0, 1.0, false, 1e-9).header().to_vec();
    cards.retain(|card| !card.keyword.starts_with("A_"));
    for (key, value) in [("A_ORDER", 4.0), ("A_4_0", size), ("A_2_0", -size * half * half)] {
        cards.push(Card::new(key, format!("{value:e}")));
    }
    let bent = Wcs::from_header(&cards).unwrap();
    let bbox = BBox::new([0, -10], [101, 101]);
    let expected = size * half.powi(4) / 4.0;
    let deviation = bent.deviation_from_affine(bbox).unwrap();
    assert!((deviation / expected - 1.0).abs() < 0.02, "{deviation} {expected}");
    let error = GridMap::between(&bent, &straight).whole_pixel_shift(bbox).unwrap_err();
    assert!(matches!(error, FrameError::GridsDiffer { .. }), "{error}");
}

#[test]
fn positions_off_a_projection_are_errors() {
    let map =
        GridMap::between(&grid([0.0, 0.0], 0.0, 1.0, false, 0.0), &grid([180.0, 0.0], 0.0, 1.0, false, 0.0));
    let error = map.position([0.0, 0.0]).unwrap_err().to_string();
    assert!(error.contains("outside what the TAN projection"), "{error}");
    assert!(map.positions(BBox::new([0, 0], [2, 2])).is_err());
    assert!(map.deviation(BBox::new([0, 0], [2, 2])).is_err());
    assert!(map.position([f64::NAN, 0.0]).is_err());
}

#[test]
fn every_pixel_of_a_hundred_epochs_takes_a_moment() {
    for (name, bends) in [("plain", [0.0, 0.0]), ("sip to plain", [8.0, 0.0]), ("sip to sip", [8.0, 6.0])] {
        let model = grid([150.0, 2.0], 0.0, 1.0, false, bends[1]);
        let maps: Vec<GridMap> = (0..100)
            .map(|k| GridMap::between(&grid([150.0, 2.0], f64::from(k), 1.3, k % 2 == 0, bends[0]), &model))
            .collect();
        let bbox = BBox::new([0, 0], [64, 64]);
        let mut out = vec![[0.0; 2]; bbox.len()];
        let best = (0..3).map(|_| {
            let start = std::time::Instant::now();
            maps.iter().for_each(|map| map.positions_into(bbox, &mut out).unwrap());
            start.elapsed().as_secs_f64()
        });
        let best = best.fold(f64::INFINITY, f64::min);
        println!("{name}: 100 x 64 x 64 pixels in {:.1} ms", 1e3 * best);
        assert!(best < 1.0, "{name}: {best} s");
    }
}

prop_compose! {
    fn grids()(
        dec in -90.0..=90.0f64, angle in 0.0..360.0f64, scale in 0.3..4.0f64, flip: bool, bend in 0.0..20.0f64,
        bent: bool, east in -0.01..0.01f64,
    ) -> (Wcs, Wcs) {
        let other = grid([0.0, dec], 10.0, 1.0, false, 0.0);
        (grid([east, dec], angle, scale, flip, if bent { bend } else { 0.0 }), other)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_way_back_leads_back((from, to) in grids(), y in -300.0..700.0f64, x in -300.0..700.0f64) {
        for map in [GridMap::between(&from, &to), GridMap::between(&to, &from)] {
            let there = map.position([y, x]).unwrap();
            let back = map.inverse().position(there).unwrap();
            prop_assert!((back[0] - y).hypot(back[1] - x) < 1e-9, "{back:?}");
        }
    }

    #[test]
    fn slopes_are_those_of_differences((from, to) in grids(), y in -300.0..700.0f64, x in -300.0..700.0f64) {
        let map = GridMap::between(&from, &to);
        let [[yy, yx], [xy, xx]] = map.jacobian([y, x]).unwrap();
        let h = 0.5;
        let difference = |dy: f64, dx: f64| {
            let (a, b) = (map.position([y + dy, x + dx]).unwrap(), map.position([y - dy, x - dx]).unwrap());
            [(a[0] - b[0]) / (2.0 * h), (a[1] - b[1]) / (2.0 * h)]
        };
        let (by_y, by_x) = (difference(h, 0.0), difference(0.0, h));
        for (exact, found) in [(by_y[0], yy), (by_x[0], yx), (by_y[1], xy), (by_x[1], xx)] {
            prop_assert!((exact - found).abs() < 1e-7, "{exact} {found}");
        }
    }

    #[test]
    fn no_pixel_is_further_from_the_affine_than_said((from, to) in grids(), y in 0..90i64, x in 0..90i64) {
        let map = GridMap::between(&from, &to);
        let bbox = BBox::new([0, 0], [90, 90]);
        let affine = map.affine_at([44.5, 44.5]).unwrap();
        let at = [y as f64, x as f64];
        let (exact, straight) = (map.position(at).unwrap(), affine.apply(at));
        let off = (exact[0] - straight[0]).hypot(exact[1] - straight[1]);
        prop_assert!(off <= map.deviation(bbox).unwrap() * 1.01 + 1e-9);
    }
}
