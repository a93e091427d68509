//! Model frames of several observed ones: grids, boxes, overlap, and what cannot be enclosed.

#![allow(clippy::unwrap_used, reason = "a test may fail there")]

use proptest::prelude::*;
use scarlet_frame::{
    BBox, Card, Channel, Enclosing, Frame, FrameError, GridMap, MODEL_PSF_SIGMA_PX, Psf, Sky, Wcs, arcsec,
    degrees,
};

const CENTER: Sky = Sky { ra_deg: 150.1, dec_deg: 2.2 };

/// `shape` pixels of `scale` arcsec around `center`, turned by `angle` degrees.
fn frame(shape: [usize; 2], center: Sky, scale: f64, angle: f64) -> Frame {
    let middle = BBox::new([0, 0], shape).middle();
    Frame::new(shape).wcs(Wcs::tan_turned(center, middle, arcsec(scale), degrees(angle)).unwrap())
}

/// The same grid with SIP: 5 px at 100 px from the reference pixel.
fn distorted(frame: &Frame) -> Frame {
    let terms = [("A_ORDER", 2.0), ("B_ORDER", 2.0), ("A_2_0", 5e-4), ("A_0_2", -3e-4), ("B_1_1", 4e-4)];
    let cards = frame.wcs_ref().unwrap().header().iter().map(|card| {
        let code = if card.keyword.starts_with("CTYPE") { "-SIP" } else { "" };
        Card::new(&card.keyword, format!("{}{code}", card.value))
    });
    let sip = terms.map(|(key, value)| Card::new(key, value.to_string()));
    frame.clone().wcs(Wcs::from_header(&cards.chain(sip).collect::<Vec<_>>()).unwrap())
}

fn bands(frame: &Frame, bands: &[&str]) -> Frame {
    frame.clone().channels(bands.iter().copied())
}

/// Furthest that the edges of `inner` lie outside `outer`, in pixels of `outer`.
fn sticks_out(inner: &Frame, outer: &Frame) -> f64 {
    let map = GridMap::new(inner, outer);
    let (low, high) = (inner.bbox().origin(), inner.bbox().end());
    let (first, last) = (outer.bbox().origin(), outer.bbox().end());
    let mut furthest = f64::NEG_INFINITY;
    for k in 0..=60 {
        let t = f64::from(k) / 60.0;
        let along = |axis: usize| low[axis] as f64 - 0.5 + t * inner.bbox().shape()[axis] as f64;
        let (y, x) = (along(0), along(1));
        let ends = |axis: usize| [low[axis] as f64 - 0.5, high[axis] as f64 - 0.5];
        let edges = [[y, ends(1)[0]], [y, ends(1)[1]], [ends(0)[0], x], [ends(0)[1], x]];
        for at in edges {
            let there = map.position(at).unwrap();
            for axis in 0..2 {
                let before = first[axis] as f64 - 0.5 - there[axis];
                let behind = there[axis] - (last[axis] as f64 - 0.5);
                furthest = furthest.max(before).max(behind);
            }
        }
    }
    furthest
}

#[test]
fn frames_of_one_grid_give_the_first_ones() {
    let first = bands(&frame([58, 48], CENTER, 0.168, 20.0), &["g", "r"]);
    let shifted = first.wcs_ref().unwrap().shifted([-10, 30]).unwrap();
    let second = bands(&Frame::new([20, 90]).wcs(shifted), &["r", "i"]);
    let model = Frame::enclosing([&first, &second]).unwrap();
    assert_eq!(model.wcs_ref(), first.wcs_ref());
    assert_eq!(model.bbox(), BBox::new([-10, 0], [68, 120]));
    assert_eq!(model.channel_names(), ["g", "r", "i"].map(Channel::from));
    assert_eq!(model.psf_ref(), Some(&Psf::gaussian(MODEL_PSF_SIGMA_PX).unwrap()));
    let common = Enclosing::of([&first, &second]).intersection().frame().unwrap();
    assert_eq!(common.bbox(), BBox::new([0, 30], [10, 18]));
    let alone = Frame::enclosing([&second]).unwrap();
    assert_eq!((alone.bbox(), alone.wcs_ref()), (second.bbox(), second.wcs_ref()));
    // distortions are kept as long as there is one grid
    let bent = distorted(&first);
    let cutout = Frame::new([9, 9]).wcs(bent.wcs_ref().unwrap().shifted([5, 6]).unwrap());
    let model = Frame::enclosing([&bent, &cutout]).unwrap();
    assert_eq!((model.bbox(), model.wcs_ref()), (first.bbox(), bent.wcs_ref()));
}

#[test]
fn without_a_wcs_pixels_have_one_origin() {
    let (a, b) = (Frame::new([10, 12]), Frame::with_bbox(BBox::new([-3, 5], [4, 20])).channels(["z"]));
    let model = Frame::enclosing([&a, &b]).unwrap();
    assert_eq!(model.bbox(), BBox::new([-3, 0], [13, 25]));
    assert_eq!(model.shape()[0], 2);
    assert_eq!(Enclosing::of([&a, &b]).intersection().frame().unwrap().bbox(), BBox::new([0, 5], [1, 7]));
}

#[test]
fn the_finest_grid_wins_and_the_first_of_equal_ones() {
    let coarse = frame([50, 50], CENTER, 0.168, 0.0);
    let fine = frame([250, 250], CENTER, 0.03, 40.0);
    let other = frame([250, 250], CENTER, 0.03 * (1.0 - 5e-4), 70.0);
    let model = Frame::enclosing([&coarse, &fine, &other]).unwrap();
    assert_eq!(model.wcs_ref(), fine.wcs_ref());
    // 50 pixels of 5.6, turned by 40 deg, around the same pixel
    let side = 280.0 * (40f64.to_radians().sin() + 40f64.to_radians().cos());
    for n in model.bbox().shape() {
        assert!(n as f64 >= side && (n as f64) < side + 2.0, "{n} {side}");
    }
    let named = Enclosing::of([&coarse, &fine]).grid_of(0).frame().unwrap();
    assert_eq!(named.wcs_ref(), coarse.wcs_ref());
    // 7.5 arcsec turned by 40 deg are 62.9 pixels of the coarse grid, and the middle is between two pixels
    assert_eq!(named.bbox(), BBox::new([-7, -7], [64, 64]));
}

#[test]
fn the_intersection_is_the_box_around_what_all_see() {
    let square = frame([100, 100], CENTER, 0.2, 0.0);
    // a square turned by 45 deg whose half diagonal is 60 * sqrt(2): its corners are cut off by the other
    let diamond = frame([120, 120], CENTER, 0.2, 45.0);
    let common = Enclosing::of([&diamond, &square]).intersection().grid_of(1).frame().unwrap();
    assert_eq!(common.bbox(), square.bbox());
    // one of half its size lies inside: the box around it
    let small = frame([60, 60], CENTER, 0.2, 45.0);
    let common = Enclosing::of([&square, &small]).intersection().frame().unwrap();
    let expected = 60.0 * 2f64.sqrt();
    for n in common.bbox().shape() {
        assert!(n as f64 >= expected && (n as f64) < expected + 2.0, "{n}");
    }
    // three frames of which two share a corner only
    let corner = frame([100, 100], Sky::new(CENTER.ra_deg + 95.0 * 0.2 / 3600.0, CENTER.dec_deg), 0.2, 0.5);
    let common = Enclosing::of([&square, &small, &corner]).intersection().frame().unwrap_err();
    assert!(matches!(common, FrameError::NoOverlap { frame: 2, .. }), "{common}");
    assert!(Enclosing::of([&square, &corner]).intersection().frame().unwrap().bbox().shape()[1] < 10);
}

#[test]
fn own_grids_and_psfs() {
    let (a, b) = (frame([50, 60], CENTER, 0.168, 10.0), frame([80, 80], CENTER, 0.05, 0.0));
    let psf = Psf::gaussian(1.1).unwrap();
    let turned =
        Enclosing::of([&a, &b]).pixels(arcsec(0.1), degrees(-35.0)).psf(psf.clone()).frame().unwrap();
    assert_eq!(turned.bbox().origin(), [0, 0]);
    assert_eq!(turned.psf_ref(), Some(&psf));
    let affine = turned.wcs_ref().unwrap().local_affine(turned.bbox().middle()).unwrap();
    assert!((affine.scale().arcsec() - 0.1).abs() < 1e-6);
    assert!((affine.position_angle().degrees() + 35.0).abs() < 1e-3);
    assert!(sticks_out(&a, &turned) <= 1e-6 && sticks_out(&b, &turned) <= 1e-6);
    let own = Wcs::tan(Sky::new(150.0, 2.0), [0.0, 0.0], arcsec(0.2)).unwrap();
    let model = Enclosing::of([&a, &b]).wcs(own.clone()).frame().unwrap();
    assert_eq!(model.wcs_ref(), Some(&own));
    let planes = Psf::gaussians(&[1.0, 1.0, 1.0]).unwrap();
    assert!(matches!(Enclosing::of([&a]).psf(planes).frame(), Err(FrameError::PsfChannels { .. })));
}

#[test]
fn distorted_grids_are_made_plain_for_others() {
    let bent = distorted(&frame([200, 200], CENTER, 0.1, 30.0));
    let other = frame([100, 100], CENTER, 0.3, 0.0);
    let model = Frame::enclosing([&other, &bent]).unwrap();
    assert!(!model.wcs_ref().unwrap().is_distorted());
    let map = GridMap::new(&bent, &model).affine_at(bent.bbox().middle()).unwrap();
    assert!((map.scale_ratio() - 1.0).abs() < 1e-9 && map.rotation().radians().abs() < 1e-9);
    assert!(sticks_out(&bent, &model) <= 1e-6 && sticks_out(&other, &model) <= 1e-6);
    // a small distorted frame in a wide field, where its polynomials have no inverse
    let wide = frame([4000, 4000], CENTER, 0.3, 0.0);
    let common = Enclosing::of([&wide, &bent]).intersection().frame().unwrap();
    assert!(sticks_out(&bent, &common) <= 1e-6);
    assert!(common.bbox().len() < 320 * 320);
}

#[test]
fn what_cannot_be_enclosed_is_said() {
    let here = frame([50, 50], CENTER, 0.168, 0.0);
    let message = |enclosing: Enclosing<'_>| enclosing.frame().unwrap_err().to_string();
    let check = |enclosing: Enclosing<'_>, expected: &str| assert_eq!(message(enclosing), expected);
    check(Enclosing::of([]), "there is no frame to enclose; give the frames of all observations");
    check(
        Enclosing::of([&here, &Frame::new([5, 5])]),
        "frame 0 has a WCS and frame 1 has none, so that nothing says how they lie to each other; give a WCS to all of \
         them or to none",
    );
    check(
        Enclosing::of([&here]).grid_of(3),
        "frame 3 is to give the model its grid, and there are 1, counted from 0",
    );
    check(
        Enclosing::of([&Frame::new([5, 5])]).pixels(arcsec(1.0), degrees(0.0)),
        "a grid of the model's own needs a WCS, and the frame has none; read one from a FITS header",
    );
    let north = frame([50, 50], Sky::new(CENTER.ra_deg, CENTER.dec_deg + 0.01), 0.168, 3.0);
    check(
        Enclosing::of([&here, &north]).intersection(),
        "frame 1 has no pixel in common with the frames before it: its centre is 36 arcsec from that of frame 0; leave \
         it out, or take the union",
    );
    let apart = [Frame::new([5, 5]), Frame::with_bbox(BBox::new([7, 0], [5, 5]))];
    check(
        Enclosing::of(&apart).intersection(),
        "frame 1 has no pixel in common with the frames before it; leave it out, or take the union",
    );
    let far = frame([50, 50], Sky::new(CENTER.ra_deg + 30.0, CENTER.dec_deg), 0.168, 3.0);
    let said = message(Enclosing::of([&here, &north, &far]));
    assert!(
        said.contains("pixels are of 0.168 arcsec, and the centre of frame 2 is 29.98 deg from"),
        "{said}"
    );
    assert!(said.contains("2.7e8 in all are the most"), "{said}");
    let behind = frame([50, 50], Sky::new(CENTER.ra_deg + 180.0, CENTER.dec_deg), 0.168, 3.0);
    let said = message(Enclosing::of([&here, &behind]));
    assert!(said.contains("frame 1 is 175.6 deg from"), "{said}");
    assert!(matches!(
        Enclosing::of([&here, &behind]).intersection().frame(),
        Err(FrameError::NoOverlap { frame: 1, .. })
    ));
    let said = message(Enclosing::of([&here]).pixels(arcsec(1e-4), degrees(0.0)));
    assert!(said.contains("which is small for what frame 0 sees"), "{said}");
    let origins = [Frame::new([5, 5]), Frame::with_bbox(BBox::new([0, 1 << 40], [5, 5]))];
    assert!(message(Enclosing::of(&origins)).contains("counted from one origin"));
    // large observed frames are nobody's mistake
    assert!(Frame::enclosing([&Frame::new([20_000, 20_000])]).is_ok());
    assert!(Enclosing::of([&here]).pixels(arcsec(0.0), degrees(0.0)).frame().is_err());
    assert!(Enclosing::of([&here]).pixels(arcsec(0.1), degrees(f64::NAN)).frame().is_err());
}

prop_compose! {
    fn frames()(
        dec in -90.0..=90.0f64,
        each in prop::collection::vec(
            (3..80usize, 3..80usize, -5e-4..5e-4f64, -5e-4..5e-4f64, 0.03..0.4f64, 0.0..360.0f64, any::<bool>()), 1..5),
    ) -> Vec<Frame> {
        each.into_iter().map(|(ny, nx, east, north, scale, angle, bent)| {
            let dec = (dec + north).clamp(-90.0, 90.0);
            let center = Sky::new(east / dec.to_radians().cos().max(1e-3), dec);
            let plain = frame([ny, nx], center, scale, angle);
            if bent { distorted(&plain) } else { plain }
        }).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unions_hold_every_frame(frames in frames(), index in 0..4usize, angle in 0.0..360.0f64) {
        let all = Enclosing::of(&frames);
        let of_one = all.clone().grid_of(index % frames.len());
        for model in [all.clone(), of_one, all.pixels(arcsec(0.1), degrees(angle))] {
            let model = model.frame().unwrap();
            let out = frames.iter().map(|frame| sticks_out(frame, &model));
            let (most, least) = out.fold((f64::NEG_INFINITY, f64::INFINITY), |(a, b), v| (a.max(v), b.min(v)));
            // small frames may count as lying on the grid, which is decided to 0.01 px at the centres of pixels; and
            // between two pixels the edges of these SIP grids bend by 1e-4 px, times the ratio of the scales
            prop_assert!(most <= 2e-2, "{most} px outside");
            // and the box is no larger than it must be
            prop_assert!(most > -1.01, "{most} {least}");
        }
    }

    #[test]
    fn intersections_hold_what_all_see(frames in frames(), y in 0.0..1.0f64, x in 0.0..1.0f64) {
        let first = &frames[0];
        let at = [y * first.bbox().shape()[0] as f64 - 0.5, x * first.bbox().shape()[1] as f64 - 0.5];
        let inside = |frame: &Frame| {
            GridMap::new(first, frame).position(at).is_ok_and(|there| frame.bbox().contains(there))
        };
        let seen = frames.iter().all(inside);
        match Enclosing::of(&frames).intersection().frame() {
            Ok(model) => {
                let there = GridMap::new(first, &model).position(at).unwrap();
                prop_assert!(!seen || model.bbox().grown(1).contains(there));
                let union = Frame::enclosing(&frames).unwrap();
                prop_assert_eq!(model.wcs_ref(), union.wcs_ref());
                prop_assert!(union.bbox().encloses(model.bbox()));
            }
            Err(error) => {
                let is_gap = matches!(error, FrameError::NoOverlap { .. });
                prop_assert!(is_gap, "{error}");
                prop_assert!(!seen, "{error}");
            }
        }
    }
}
