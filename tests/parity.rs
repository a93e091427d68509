//! Agreement with the arrays that scarlet2 computed.

mod common;

use common::{Arrays, Quickstart, quickstart};
use ndarray::{Array2, Array3, ArrayView2, ArrayView3, Axis, s};
use scarlet::model::{Layout, Morphology, Parameters, Site, starlet};
use scarlet::obs::{ObservationPlan, kernel};
use scarlet::prelude::*;
use scarlet::render::{Pixel, RealFft2, Window, Workers, good_length};

const HSC: &str = "../reference/scarlet2/convolution_hsc35.npz";
const SMALL: &str = "../reference/scarlet2/convolution_small.npz";
const ADAM: &str = "../reference/scarlet2/fit_trace_adam_f64.npz";
const YOGI: &str = "../reference/scarlet2/fit_trace_yogi_f64.npz";
const STARLET: &str = "../reference/scarlet2/starlet.npz";
const SCARLET2_SHAPE: [usize; 2] = [96, 64];

/// Largest difference, relative to the largest reference value.
fn worst<'a>(ours: impl IntoIterator<Item = &'a f64>, theirs: impl IntoIterator<Item = &'a f64>) -> f64 {
    let (mut off, mut scale) = (0.0_f64, 0.0_f64);
    let (mut ours, mut theirs) = (ours.into_iter(), theirs.into_iter());
    loop {
        match (ours.next(), theirs.next()) {
            (Some(a), Some(b)) => {
                assert!(a.is_finite() && b.is_finite(), "{a} and {b}");
                off = off.max((a - b).abs());
                scale = scale.max(b.abs());
            }
            (None, None) => return off / scale,
            _ => panic!("the arrays differ in length"),
        }
    }
}

/// Says how well `what` agrees, and asserts it.
fn agrees(what: &str, off: f64, tolerance: f64) {
    println!("{what}: largest relative difference {off:.1e}");
    assert!(off < tolerance, "{what}: {off:e} is not below {tolerance:e}");
}

/// The part of the log-likelihood that scarlet2 leaves out: sum ln(w) / 2.
fn log_weights(observation: &Observation) -> f64 {
    observation.weights().iter().filter(|w| **w > 0.0).map(|w| 0.5 * w.ln()).sum()
}

/// The spectrum of `image` with its centre `n / 2` on the first pixel, compared with one as scarlet2 stores it.
macro_rules! spectrum_off {
    ($image:expr, $shape:expr, $arrays:expr, $name:expr, $plane:expr) => {{
        let (image, [fy, fx]): (ArrayView2<'_, f64>, [usize; 2]) = ($image, $shape);
        let fft = RealFft2::<f64>::new([fy, fx]);
        let mut work = fft.workspace();
        fft.forward_rows(&centred(image, [fy, fx]), Window::whole([fy, fx]), &mut work);
        fft.forward_columns(&mut work);
        let theirs = $arrays.cube_like($name, &work.spectrum);
        assert_eq!(theirs.shape()[1..], [fy, fx / 2 + 1]);
        let mut off = 0.0_f64;
        let mut scale = 0.0_f64;
        for ((ky, kx), v) in theirs.index_axis(Axis(0), $plane).indexed_iter() {
            let ours = work.spectrum[kx * fy + ky];
            off = off.max((ours.re - v.re).hypot(ours.im - v.im));
            scale = scale.max(v.re.hypot(v.im));
        }
        off / scale
    }};
}

/// `image` on a periodic grid, its pixel `n / 2` first.
fn centred(image: ArrayView2<'_, f64>, [ny, nx]: [usize; 2]) -> Vec<f64> {
    let mut grid = vec![0.0; ny * nx];
    let (cy, cx) = (image.nrows() / 2, image.ncols() / 2);
    for ((y, x), value) in image.indexed_iter() {
        grid[(y + ny - cy) % ny * nx + (x + nx - cx) % nx] = *value;
    }
    grid
}

/// What `observation` sees of `model`, its log-likelihood, and the gradient of that with respect to the model.
fn see<T: Pixel>(
    observation: &Observation,
    model: ArrayView3<'_, f64>,
    of: &Frame,
) -> (Array3<f64>, f64, Array3<f64>) {
    let mut plan =
        ObservationPlan::<T>::new(observation, of, &Workers::default()).expect("a valid observation");
    let cube: Vec<T> = model.iter().map(|v| T::of(*v)).collect();
    let mut adjoint = vec![T::default(); cube.len()];
    let value = plan.value_and_gradient(&cube, &mut adjoint, &Workers::default());
    let adjoint = adjoint.iter().map(|v| v.wide()).collect();
    let adjoint = Array3::from_shape_vec(model.raw_dim(), adjoint).expect("as long as the model");
    (plan.render(&cube), value, adjoint)
}

/// Observation and model frame of the HSC scene, and its model at the start.
fn hsc() -> Option<(Arrays, Observation, Frame, Array3<f64>)> {
    let mut arrays = Arrays::open(HSC)?;
    let frame = Frame::new([58, 48])
        .channels(["g", "r", "i", "z", "y"])
        .psf(Psf::images(arrays.f64_3("obs_psf")).expect("a PSF"));
    let model_frame = Frame::enclosing([&frame]).expect("a frame");
    let observation = Observation::new(arrays.f64_3("data"), arrays.f64_3("weights"), frame).expect("data");
    let model = arrays.f64_3("model");
    Some((arrays, observation, model_frame, model))
}

#[test]
fn difference_kernels_are_those_of_scarlet2() {
    let Some((mut arrays, observation, frame, _)) = hsc() else { return };
    let psfs = [observation.frame(), &frame].map(|f| f.psf_ref().expect("there is a PSF"));
    agrees("model PSF", worst(&psfs[1].sampled(0), &arrays.f64_2("model_psf")), 1e-12);
    for channel in 0..5 {
        let ours =
            kernel::difference_on(&psfs[0].sampled(channel), &psfs[1].sampled(channel), SCARLET2_SHAPE);
        let off = spectrum_off!(ours.view(), SCARLET2_SHAPE, arrays, "kernel_fft", channel);
        agrees(&format!("difference kernel, channel {channel}"), off, 1e-9);
    }
}

#[test]
fn rendering_likelihood_and_gradient_of_hsc_are_those_of_scarlet2() {
    let Some((mut arrays, observation, frame, model)) = hsc() else { return };
    let observation = observation.fft_shape(SCARLET2_SHAPE);
    let theirs = (arrays.f64_3("rendered"), arrays.f64_0("loglike"), arrays.f64_3("grad_loglike_wrt_model"));
    let check = |name: &str, (rendered, value, gradient): (Array3<f64>, f64, Array3<f64>), tolerance: f64| {
        agrees(&format!("rendered, {name}"), worst(&rendered, &theirs.0), tolerance);
        agrees(
            &format!("log-likelihood, {name}"),
            (value - log_weights(&observation)) / theirs.1 - 1.0,
            tolerance,
        );
        agrees(&format!("gradient, {name}"), worst(&gradient, &theirs.2), tolerance);
    };
    check("f64", see::<f64>(&observation, model.view(), &frame), 1e-9);
    check("f32", see::<f32>(&observation, model.view(), &frame), 1e-5);
}

#[test]
fn convolution_of_a_small_cube_is_that_of_scarlet2() {
    let Some(mut arrays) = Arrays::open(SMALL) else { return };
    let (model, psf) = (arrays.f64_3("model"), arrays.f64_3("obs_psf"));
    let model_psf = arrays.f64_2("model_psf");
    let frame = Frame::new([12, 15]).channels(["a", "b"]).psf(Psf::images(psf.clone()).expect("a PSF"));
    let model_frame = frame.clone().psf(Psf::image(model_psf.view()).expect("a PSF"));
    let shape = [32, 32];
    let blank = Array3::zeros(model.raw_dim());
    let observation = Observation::new(blank.clone(), blank + 1.0, frame).expect("data").fft_shape(shape);
    for channel in 0..2 {
        let off = spectrum_off!(model.index_axis(Axis(0), channel), shape, arrays, "model_fft", channel);
        agrees("spectrum of the model", off, 1e-12);
        let ours = kernel::difference_on(&psf.index_axis(Axis(0), channel).to_owned(), &model_psf, shape);
        agrees("kernel", spectrum_off!(ours.view(), shape, arrays, "kernel_fft", channel), 1e-9);
    }
    let theirs = arrays.f64_3("rendered");
    agrees("f64", worst(&see::<f64>(&observation, model.view(), &model_frame).0, &theirs), 1e-9);
    agrees("f32", worst(&see::<f32>(&observation, model.view(), &model_frame).0, &theirs), 1e-5);
}

/// On purpose our lengths are not scarlet2's (2^k or 3 2^k): measured ones, never longer and often shorter.
#[test]
fn fft_lengths_are_never_longer_than_those_of_scarlet2() {
    let Some(mut arrays) = Arrays::open(SMALL) else { return };
    let (wanted, theirs) = (arrays.i64_1("good_fft_size_in"), arrays.i64_1("good_fft_size_out"));
    let mut shorter = 0;
    for (&n, &length) in wanted.iter().zip(&theirs).filter(|(n, _)| **n >= 8) {
        let ours = good_length(n as usize) as i64;
        assert!(n <= ours && ours <= length, "{n}: ours {ours}, theirs {length}");
        shorter += usize::from(ours < length);
    }
    println!("shorter for {shorter} of {} lengths", wanted.len());
    assert!(shorter > 500, "{shorter}");
}

#[test]
fn sampled_psfs_are_those_of_scarlet2() {
    let Some(mut arrays) = Arrays::open("../reference/scarlet2/psf.npz") else { return };
    for (sigma, name) in [(0.7, "gaussian_sigma0.7"), (1.0, "gaussian_sigma1.0"), (1.8, "gaussian_sigma1.8")]
    {
        let ours = Psf::gaussian(sigma).expect("a positive width").sampled(0);
        agrees(name, worst(&ours, &arrays.f64_2(name)), 1e-12);
    }
    let psf = Psf::images(arrays.f64_3("array_in")).expect("a PSF");
    for (channel, theirs) in arrays.f64_3("array_out").outer_iter().enumerate() {
        agrees("images", worst(&psf.sampled(channel), theirs), 1e-14);
    }
}

/// The image of starlet `coefficients`, by the morphology that fits use.
fn starlet_image(coefficients: &Array3<f64>) -> Array2<f64> {
    let morphology = Starlet::new(coefficients.clone());
    let (_, ny, nx) = coefficients.dim();
    let center = [(ny / 2) as f64, (nx / 2) as f64];
    let bbox = morphology.bbox(center);
    let params: Vec<f64> =
        morphology.parameters().into_iter().flat_map(|(_, p)| p.values().to_vec()).collect();
    let mut image = Array2::zeros((ny, nx));
    let out = image.as_slice_mut().expect("a new array is contiguous");
    let mut scratch = vec![0.0; morphology.scratch_len([ny, nx])];
    morphology.evaluate(&params, &Site { center, bbox }, out, &mut scratch);
    image
}

/// Number of scales: floor(log2(side)) - 1; scarlet2's logarithm comes out below 3, 6 and 7 for 8, 64 and 128.
#[test]
fn starlet_coefficients_are_those_of_scarlet2() {
    let Some(mut arrays) = Arrays::open(STARLET) else { return };
    let image = arrays.f64_2("image");
    let full = starlet::transform(image.view(), starlet::scales([45, 52]));
    agrees("all scales", worst(&full, &arrays.f64_3("coeffs_gen2")), 1e-12);
    let three = starlet::transform(image.view(), 3);
    agrees("three scales", worst(&three, &arrays.f64_3("coeffs_gen2_scales3")), 1e-12);
    let smooth = starlet::transform(image.view(), 1);
    let coarse = smooth.index_axis(Axis(0), 1);
    agrees("B-spline", worst(coarse, &arrays.f64_2("bspline_scale0")), 1e-12);
    let (sides, theirs) = (arrays.i64_1("get_scales_in"), arrays.i64_1("get_scales_out"));
    for (&side, &scales) in sides.iter().zip(&theirs) {
        let ours = starlet::scales([side as usize, side as usize]) as i64;
        let rounded_down = [8, 64, 128].contains(&side);
        assert_eq!(ours, scales + i64::from(rounded_down), "side {side}");
    }
    agrees("first generation's own inverse", worst(&arrays.f64_2("recon_gen1"), &image), 1e-12);
}

#[test]
fn starlet_reconstruction_keeps_the_coarse_plane() {
    let Some(mut arrays) = Arrays::open(STARLET) else { return };
    let (image, coefficients) = (arrays.f64_2("image"), arrays.f64_3("coeffs_gen2"));
    agrees("image from its coefficients", worst(&starlet_image(&coefficients), &image), 1e-12);
    let mut without_coarse = coefficients;
    without_coarse.slice_mut(s![-1, .., ..]).fill(0.0);
    for wrong in ["recon_gen2", "starlet_morphology_from_image"] {
        let theirs = arrays.f64_2(wrong);
        println!("{wrong}: sum {:.1} where the image has {:.1}", theirs.sum(), image.sum());
        assert!(theirs.sum().abs() < 0.1 * image.sum(), "scarlet2 was right after all");
    }
    let left = starlet_image(&without_coarse);
    agrees("scarlet2 leaves out the coarse plane", worst(&left, &arrays.f64_2("recon_gen2")), 1e-12);
}

/// The quickstart scene with its PSFs in double precision, as scarlet2 had them; the scene file rounds them.
fn quickstart_in_double() -> Option<Quickstart> {
    Some(Quickstart { observation: hsc()?.1, scene: quickstart()?.scene })
}

/// Fits `scene` for 60 steps as scarlet2 did, and checks every loss.
fn follow(name: &str, start: &Quickstart, optimizer: &dyn Optimizer, losses: &[f64]) -> (Posterior, Fit) {
    let observation = start.observation.clone().fft_shape(SCARLET2_SHAPE);
    let mut posterior = Posterior::builder()
        .precision(Precision::Double)
        .build(&start.scene, [&observation])
        .expect("a valid scene");
    let fit = posterior.fit(optimizer).expect("a fit");
    assert!(fit.loss.len() >= losses.len(), "{} iterates", fit.loss.len());
    let extra = log_weights(&observation);
    let off: Vec<f64> =
        fit.loss.iter().zip(losses).map(|(ours, theirs)| ((ours + extra) / theirs - 1.0).abs()).collect();
    println!("{name}: {:.1e} at the start, {:.1e} after 9 steps, {:.1e} after 59", off[0], off[9], off[59]);
    agrees(&format!("{name}: loss in 60 steps"), off.into_iter().fold(0.0, f64::max), 1e-10);
    (posterior, fit)
}

/// Name that the reference gives to the parameter of a slot.
fn reference_name(path: &str) -> String {
    let (k, what) = path.split_once('.').expect("source and parameter");
    format!("{}_{k}", what.replace("morphology", "morph"))
}

#[test]
fn adam_follows_scarlet2_for_sixty_steps() {
    let (Some(start), Some(mut trace)) = (quickstart_in_double(), Arrays::open(ADAM)) else { return };
    let losses = trace.f64_1("losses").to_vec();
    let adam = Adam { max_iter: 60, e_rel: 0.0, ..Adam::default() };
    let (mut posterior, _) = follow("Adam", &start, &adam, &losses);
    let last = posterior.values().to_vec();
    let x = posterior.start().expect("a valid start");
    let mut gradient = vec![0.0; x.len()];
    posterior.value_and_gradient(&x, &mut gradient);
    for slot in posterior.layout().slots().iter().filter(|s| s.is_free()) {
        let name = reference_name(&slot.path);
        let (ours, at) = (&last[slot.values.clone()], slot.unconstrained.clone());
        agrees(
            &format!("{name} after 60 steps"),
            worst(ours, &trace.f64_d(&format!("final60|{name}"))),
            1e-9,
        );
        agrees(
            &format!("{name} at the start"),
            worst(&x[at.clone()], &trace.f64_d(&format!("unconstrained0|{name}"))),
            1e-9,
        );
        // theirs is the gradient of the loss, ours of the log-posterior
        let theirs = trace.f64_d(&format!("grad0|{name}")).mapv(|g| -g);
        agrees(&format!("gradient of {name}"), worst(&gradient[at], &theirs), 1e-9);
    }
}

/// The start of scarlet2's main branch: its own start values, in its own boxes.
///
/// Boxes as in `hierarchical_init_main.npz`, member `meta`: three are not centred on the catalogue's position.
fn start_of_main(trace: &mut Arrays) -> Option<Quickstart> {
    const ORIGINS: [[i64; 2]; 6] = [[24, 19], [42, 14], [8, 19], [46, 33], [19, 19], [0, 28]];
    let observation = hsc()?.1;
    let mut scene =
        Scene::new(Frame::enclosing([observation.frame()]).expect("a frame")).expect("a valid frame");
    let center = free(trace.f64_1("init|center_0")).step(0.1);
    let spectrum = |trace: &mut Arrays, k: usize| {
        free(trace.f64_1(&format!("init|spectrum_{k}"))).positive().step(relative(0.05))
    };
    scene.add(Source::new(center, spectrum(trace, 0), Point::new())).expect("a star");
    for (k, origin) in (1..).zip(ORIGINS) {
        let image = trace.f64_2(&format!("init|morph_{k}"));
        let bbox = BBox::new(origin, [image.nrows(), image.ncols()]);
        let morphology = free(image).unit_interval().step(0.1);
        let source = Source::new(bbox.center().map(|c| c as f64), spectrum(trace, k), morphology).boxed(bbox);
        scene.add(source).expect("a galaxy");
    }
    Some(Quickstart { observation, scene })
}

#[test]
fn yogi_follows_the_main_branch_of_scarlet2_for_sixty_steps() {
    let Some(mut trace) = Arrays::open(YOGI) else { return };
    let Some(mut start) = start_of_main(&mut trace) else { return };
    let losses = trace.f64_1("losses").to_vec();
    let yogi = Yogi { max_iter: 59, e_rel: 0.0, ..Yogi::default() };
    let (mut posterior, fit) = follow("Yogi", &start, &yogi, &losses);
    let best = fit.best_loss() + log_weights(&start.observation);
    agrees("best loss", (best / trace.f64_0("best_loss") - 1.0).abs(), 1e-10);
    posterior.store(&fit.x, &mut start.scene);
    for (path, param) in start.scene.params().iter().filter(|(_, p)| p.is_free()) {
        let name = reference_name(path);
        agrees(&format!("best {name}"), worst(param.values(), &trace.f64_d(&format!("best60|{name}"))), 1e-9);
    }
}

/// The number that the documentation of `scarlet_obs::kernel` gives.
#[test]
fn difference_kernels_hardly_depend_on_the_fft_shape() {
    let Some((_, observation, frame, _)) = hsc() else { return };
    let psfs = [observation.frame(), &frame].map(|f| f.psf_ref().expect("there is a PSF"));
    for channel in 0..5 {
        let [observed, model] = psfs.map(|psf| psf.sampled(channel));
        let large = kernel::difference_on(&observed, &model, [256, 256]);
        let same = large.slice(s![128 - 48..128 + 48, 128 - 32..128 + 32]);
        let off = worst(&kernel::difference_on(&observed, &model, SCARLET2_SHAPE), same);
        let cut = kernel::difference(&observed, &model);
        println!("channel {channel}: the default kernel has {:?} pixels", cut.dim());
        agrees(&format!("channel {channel}: kernel on 96 x 64 and on 256 x 256"), off, 1e-6);
    }
}

/// What the choice of FFTs and of the kernel's reach does to the image and the loss: said in the documentation.
#[test]
fn rendering_hardly_depends_on_the_fft_shape() {
    let Some(mut start) = quickstart() else { return };
    start.scene.fit([&start.observation], &Adam::default()).expect("a fit");
    let layout = Layout::new(&start.scene).expect("a valid scene");
    let mut plan = scarlet::render::ScenePlan::<f64>::new(&start.scene, &layout);
    let shape = plan.shape();
    let cube = plan.evaluate(layout.start_values(), &Workers::default()).to_vec();
    let cube = Array3::from_shape_vec(shape, cube).expect("the cube has the plan's shape");
    let frame = start.scene.frame();
    let exact = see::<f64>(&start.observation.clone().fft_shape([256, 256]), cube.view(), frame);
    let cases = [
        ("default: kernel cut, shortest FFT", start.observation.clone(), 5e-4, 1e-3),
        ("scarlet2: uncut kernel, 96 x 64", start.observation.clone().fft_shape(SCARLET2_SHAPE), 1e-4, 1e-5),
    ];
    for (name, observation, image_tolerance, loss_tolerance) in cases {
        let (rendered, value, _) = see::<f64>(&observation, cube.view(), frame);
        let off = worst(&rendered, &exact.0);
        let pixels = rendered.iter().zip(&exact.0).zip(observation.weights());
        let sigmas = pixels.map(|((a, b), w)| (a - b).abs() * w.sqrt()).fold(0.0, f64::max);
        let loss = (value / exact.1 - 1.0).abs();
        println!("{name}: image {off:.1e} of its peak, {sigmas:.1e} of the noise at worst; loss {loss:.1e}");
        assert!(off < image_tolerance && loss < loss_tolerance, "{name}: {off:e}, {loss:e}");
    }
}
