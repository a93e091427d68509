//! Where observations on any grid are in a model frame.

mod grid_support;

use grid_support::{CENTER, Grid};
use ndarray::Array3;
use scarlet_frame::{BBox, Frame, Psf, Sky};
use scarlet_obs::{ObsError, Observation, Sight, SightSummary};

fn blank(frame: Frame) -> Observation {
    let shape = frame.shape();
    Observation::new(Array3::zeros(shape), Array3::ones(shape), frame).expect("valid").named("seen")
}

fn grids() -> Vec<Grid> {
    let plain = Grid::new([41, 60], 0.17);
    vec![
        plain.turned(30.0),
        plain.turned(-140.0).flipped(),
        Grid::new([90, 80], 0.03).turned(12.0).off([3.3, -20.0]),
        Grid::new([120, 100], 0.1).turned(75.0).bent(1.5),
    ]
}

#[test]
fn there_and_back_is_where_the_sky_says() {
    let model = Grid::new([161, 161], 0.05).frame();
    for grid in grids() {
        let frame = grid.frame();
        let sight = Sight::new(&blank(frame.clone()), &model).expect("a sight");
        assert_eq!(sight.whole_pixel_shift(), None);
        for position in [[80.0, 80.0], [20.3, 130.9]] {
            let there = sight.to_observation(position).expect("on the sky");
            let expected = frame.to_pixel(model.to_sky(position).expect("on the sky")).expect("on the frame");
            let back = sight.to_model(there).expect("on the sky");
            for k in 0..2 {
                assert!((there[k] - expected[k]).abs() < 1e-7, "{there:?} {expected:?}");
                assert!((back[k] - position[k]).abs() < 1e-6, "{back:?} {position:?}");
            }
            let affine = sight.affine_at(position).expect("regular");
            let step = |d: [f64; 2]| {
                sight.to_observation([position[0] + d[0], position[1] + d[1]]).expect("on the sky")
            };
            for (j, d) in [[0.5, 0.0], [0.0, 0.5]].into_iter().enumerate() {
                let (more, less) = (step(d), step(d.map(|v| -v)));
                for k in 0..2 {
                    let slope = affine.jacobian()[k][j];
                    assert!((more[k] - less[k] - slope).abs() < 1e-5, "{slope} {}", more[k] - less[k]);
                }
            }
        }
    }
}

#[test]
fn footprints_hold_every_pixel_that_falls_on_a_box() {
    let model = Grid::new([161, 161], 0.05).frame();
    for grid in grids() {
        let sight = Sight::new(&blank(grid.frame()), &model).expect("a sight");
        let bbox = BBox::new([60, 31], [41, 57]);
        let seen = sight.footprint(bbox).expect("it is seen");
        let own = sight.pixels();
        let mut tight: Option<BBox> = None;
        for y in 0..own.shape()[0] as i64 {
            for x in 0..own.shape()[1] as i64 {
                let at = sight.to_model([y as f64, x as f64]).expect("on the sky");
                if bbox.contains(at) {
                    let pixel = BBox::new([y, x], [1, 1]);
                    tight = Some(tight.map_or(pixel, |t| t.union(pixel)));
                }
            }
        }
        let tight = tight.expect("some pixels");
        assert!(seen.encloses(tight), "{seen} {tight}");
        assert!((0..2).all(|k| seen.shape()[k] <= tight.shape()[k] + 3), "{seen} {tight}");
        let whole = sight.in_model(own).expect("on the sky");
        let first = sight.to_model([0.0, 0.0]).expect("on the sky");
        assert!(whole.contains(first));
    }
}

#[test]
fn aligned_observations_keep_whole_pixels() {
    let model = Grid::new([60, 50], 0.1).frame();
    let frame = model.clone().cropped(BBox::new([-4, 7], [30, 20]));
    let sight = Sight::new(&blank(frame), &model).expect("a sight");
    assert_eq!(sight.whole_pixel_shift(), Some([0, 0]));
    assert_eq!(sight.footprint(BBox::new([-9, 0], [10, 10])), Some(BBox::new([-4, 7], [5, 3])));
    assert_eq!(sight.footprint(BBox::new([40, 0], [5, 5])), None);
    assert_eq!(sight.in_model(sight.pixels()), Ok(sight.pixels()));
    assert_eq!(sight.to_observation([3.25, 4.5]), Ok([3.25, 4.5]));
    assert!((sight.overlap() - 26.0 / 30.0).abs() < 1e-12);
    assert!(sight.sees([-4.4, 8.0]) && !sight.sees([-4.6, 8.0]));
}

#[test]
fn a_summary_says_scale_angle_handedness_distortion_and_renderer() {
    let channels = ["g", "r"];
    let model =
        Grid::new([161, 161], 0.05).frame().channels(channels).psf(Psf::gaussian(0.7).expect("valid"));
    let frame = Grid::new([41, 60], 0.2).turned(30.0).flipped().frame().channels(["r"]);
    let observation = blank(frame.psf(Psf::gaussian(1.5).expect("valid")));
    let summary = SightSummary::new(&observation, &model).expect("it is seen");
    println!("{summary:#?}");
    assert_eq!((summary.observation.as_str(), summary.shape), ("seen", [1, 41, 60]));
    assert!((summary.pixel_scale.expect("a WCS").arcsec() - 0.2).abs() < 1e-6);
    assert!((summary.position_angle.expect("a WCS").degrees().abs() - 30.0).abs() < 1e-6);
    assert_eq!((summary.is_flipped, summary.is_flipped_in_model), (Some(true), true));
    assert!((summary.model_pixels_per_pixel - 4.0).abs() < 1e-6);
    assert!(summary.distortion_px < 1e-3 && summary.overlap > 0.3 && summary.overlap < 1.0);
    let size = &summary.psf[0];
    // a Gaussian of 1.5 px averaged over pixels
    let fwhm = 2.354_82 * (1.5_f64.powi(2) + 1.0 / 12.0).sqrt();
    assert!((size.fwhm_px.expect("a core") - fwhm).abs() < 0.01);
    assert!((size.fwhm.expect("a WCS").arcsec() - 0.2 * fwhm).abs() < 0.002);
    assert!(summary.renderer.starts_with("resampling") && summary.cost.step.as_nanos() > 0);
    let bent = blank(Grid::new([120, 100], 0.1).bent(1.5).frame().channels(["g"]));
    let bent = SightSummary::new(&bent, &model).expect("it is seen");
    assert!(bent.distortion_px > 0.5, "{}", bent.distortion_px);
}

#[test]
fn channels_and_grids_that_do_not_fit_are_named() {
    let model = Grid::new([21, 21], 0.05).frame().channels(["g"]);
    let error = Sight::new(&blank(Grid::new([5, 5], 0.2).frame().channels(["u"])), &model);
    assert!(matches!(error, Err(ObsError::NoChannel { .. })));
    let across = Frame::new([5, 5]).channels(["g"]).wcs(
        scarlet_frame::Wcs::tan(
            Sky::new(CENTER[0] + 180.0, -CENTER[1]),
            [2.0, 2.0],
            scarlet_frame::arcsec(0.2),
        )
        .expect("valid"),
    );
    let error = Sight::new(&blank(across), &model).expect_err("on the other side of the sky");
    assert!(error.to_string().starts_with("seen: "), "{error}");
}
