//! Observations on other pixel grids than the model's, and some that hang over its edge.

use ndarray::{Array3, s};
use scarlet_frame::{BBox, Frame, Psf, Sky, Wcs, arcsec, parse_header};
use scarlet_model::{Scene, Source};
use scarlet_obs::{ObsError, Observation, ObservationPlan, render};
use scarlet_render::Workers;

const CENTER: (f64, f64) = (150.1, 2.2);

fn model() -> Frame {
    let wcs = Wcs::tan(Sky::new(CENTER.0, CENTER.1), [40.0, 40.0], arcsec(0.1)).expect("valid");
    Frame::new([81, 81]).channels(["g", "r"]).psf(Psf::gaussian(1.2).expect("valid")).wcs(wcs)
}

/// A frame with its middle at the model's, turned and as coarse as that.
fn turned(shape: [usize; 2], pixel_arcsec: f64, angle_deg: f64, sigma_px: f64) -> Frame {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let scale = pixel_arcsec / 3600.0;
    let cards = format!(
        "CTYPE1  = 'RA---TAN'\nCTYPE2  = 'DEC--TAN'\nCRVAL1  = {}\nCRVAL2  = {}\nCRPIX1  = {}\nCRPIX2  = {}\n\
         CD1_1   = {}\nCD1_2   = {}\nCD2_1   = {}\nCD2_2   = {}\nRADESYS = 'ICRS'\n",
        CENTER.0,
        CENTER.1,
        0.5 * (shape[1] as f64 + 1.0),
        0.5 * (shape[0] as f64 + 1.0),
        -scale * cos,
        scale * sin,
        scale * sin,
        scale * cos,
    );
    let wcs = Wcs::from_header(&parse_header(&cards)).expect("valid");
    Frame::new(shape).channels(["r", "g"]).psf(Psf::gaussian(sigma_px).expect("valid")).wcs(wcs)
}

fn scene() -> Scene {
    let mut scene = Scene::new(model()).expect("valid");
    scene.add(Source::point([44.3, 36.8], [10.0, 30.0]).named("star")).expect("inside");
    scene
}

#[test]
fn a_star_keeps_its_flux_and_lies_where_the_wcs_says() {
    for (pixel, angle) in [(0.17, 0.0), (0.17, 35.0), (0.1, -110.0), (0.05, 20.0), (0.4, 5.0)] {
        let n = (8.0 / pixel) as usize | 1;
        let frame = turned([n, n + 2], pixel, angle, (0.25 / pixel).max(1.6));
        let seen = render(&scene(), &frame).expect("it is seen");
        let sky = model().to_sky([44.3, 36.8]).expect("on the sky");
        let place = frame.to_pixel(sky).expect("on the frame");
        for (channel, flux) in [(0, 30.0), (1, 10.0)] {
            let image = seen.slice(s![channel, .., ..]);
            let sum = image.sum();
            let y: f64 = image.indexed_iter().map(|((y, _), v)| v * y as f64).sum::<f64>() / sum;
            let x: f64 = image.indexed_iter().map(|((_, x), v)| v * x as f64).sum::<f64>() / sum;
            println!(
                "{pixel} arcsec, {angle} deg: flux {sum}, off by {:.1e} px",
                (y - place[0]).hypot(x - place[1])
            );
            assert!((sum / flux - 1.0).abs() < 1e-4, "{sum}");
            assert!((y - place[0]).hypot(x - place[1]) < 0.01);
        }
    }
}

#[test]
fn gradients_are_finite_differences_on_every_grid() {
    let cube: Vec<f64> = (0..2 * 81 * 81).map(|i| (0.37 * f64::from(i)).sin() + 1.0).collect();
    for frame in [turned([31, 34], 0.17, 35.0, 1.5), turned([90, 20], 0.1, 12.0, 1.8)] {
        let shape = frame.shape();
        let data = Array3::from_shape_fn(shape, |(c, y, x)| (c + y * x) as f64 * 0.01);
        let weights = Array3::from_shape_fn(shape, |(_, y, x)| f64::from((y + x) as u32 % 4));
        let observation = Observation::new(data, weights, frame).expect("valid");
        let workers = Workers::default();
        let mut plan = ObservationPlan::<f64>::new(&observation, &model(), &workers).expect("it is seen");
        assert!(plan.renderer_name().starts_with("resampling"), "{}", plan.renderer_name());
        let mut gradient = vec![0.0; cube.len()];
        let value = plan.value_and_gradient(&cube, &mut gradient, &workers);
        assert_eq!(value, plan.log_likelihood(&cube, &workers));
        for pixel in [40 * 81 + 40, 81 * 81 + 30 * 81 + 45, 35 * 81 + 50] {
            let mut step = |h: f64| {
                let mut moved = cube.clone();
                moved[pixel] += h;
                plan.log_likelihood(&moved, &workers)
            };
            let numeric = (step(0.01) - step(-0.01)) / 0.02;
            approx::assert_relative_eq!(gradient[pixel], numeric, max_relative = 1e-6, epsilon = 1e-6);
        }
    }
}

#[test]
fn renderers_are_chosen_by_grid() {
    let workers = Workers::default();
    let name = |frame: Frame| {
        let shape = frame.shape();
        let observation = Observation::new(Array3::zeros(shape), Array3::ones(shape), frame).expect("valid");
        ObservationPlan::<f32>::new(&observation, &model(), &workers).map(|plan| plan.renderer_name())
    };
    let plain = Frame::new([20, 20]).channels(["g"]).wcs(model().wcs_ref().expect("it has one").clone());
    assert_eq!(name(plain.clone()).as_deref(), Ok("identity"));
    let blurred = plain.clone().psf(Psf::gaussian(2.0).expect("valid"));
    assert!(name(blurred).is_ok_and(|name| name.starts_with("convolution, FFTs of")));
    assert!(name(turned([20, 20], 0.1, 1.0, 2.0)).is_ok_and(|name| name.starts_with("resampling")));
    let away = plain.cropped(BBox::new([500, 0], [20, 20]));
    assert!(matches!(name(away), Err(ObsError::NoOverlap { .. })));
    let wcs = Wcs::tan(Sky::new(151.0, 2.2), [10.0, 10.0], arcsec(0.17)).expect("valid");
    let elsewhere = Frame::new([20, 20]).channels(["g"]).wcs(wcs);
    assert!(matches!(name(elsewhere), Err(ObsError::NoOverlap { .. })));
}

#[test]
fn what_hangs_over_the_edge_sees_what_falls_there() {
    let on_grid = |bbox: BBox| {
        let frame = Frame::with_bbox(bbox).channels(["g", "r"]);
        frame.wcs(model().wcs_ref().expect("it has one").clone())
    };
    let (inside, beyond) = (BBox::new([0, 0], [81, 81]), BBox::new([-10, 20], [60, 90]));
    for psf in [None, Some(Psf::gaussian(2.0).expect("valid"))] {
        let with = |frame: Frame| psf.clone().map_or(frame.clone(), |psf| frame.psf(psf));
        let whole = render(&scene(), &with(on_grid(inside))).expect("it is seen");
        let part = render(&scene(), &with(on_grid(beyond))).expect("it is seen");
        let common = part.slice(s![.., 10..60, 0..61]);
        let off = (&common - &whole.slice(s![.., 0..50, 20..81])).iter().fold(0.0_f64, |a, v| a.max(v.abs()));
        assert!(off < 1e-10, "{off}");
        assert!(part.slice(s![.., .., 75..]).iter().all(|v| v.abs() < 1e-10));
    }
}
