//! Scenes whose posterior is normal: fluxes are free, shapes and positions are not.

use super::support::{assert_normal, inverse};
use ndarray::{Array2, Array3};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use scarlet_frame::{Frame, Psf};
use scarlet_infer::sample::{Chains, Nuts, PosteriorStart, Whitening, unnormalised};
use scarlet_infer::{InferError, Posterior, Precision};
use scarlet_model::prior::{NearImage, Normal};
use scarlet_model::{Param, Point, Prior, Scene, Score, Source, free};
use scarlet_obs::Observation;

/// A score that is that of a normal density, and says no more.
#[derive(Debug)]
struct OnlyScore;

impl Score for OnlyScore {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        grad.iter_mut().zip(x).for_each(|(grad, x)| *grad -= (x - 20.0) / 9.0);
    }
}

fn frame() -> Frame {
    Frame::new([20, 22]).channels(["g", "r"]).psf(Psf::gaussian(1.6).expect("a width"))
}

/// Two stars two pixels apart, with fluxes `flux` and their noisy image.
fn blend(flux: impl Fn([f64; 2]) -> Param) -> (Scene, Vec<Observation>) {
    let mut scene = Scene::new(Frame::enclosing([&frame()]).expect("a frame")).expect("a scene");
    for (center, light) in [([9.0, 9.5], [20.0, 30.0]), ([10.0, 11.5], [12.0, 8.0])] {
        scene.add(Source::new(center, flux(light), Point::new())).expect("inside");
    }
    let mut seen = scarlet_obs::render(&scene, &frame()).expect("the same grid");
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    seen.mapv_inplace(|v| v + 0.4 * Distribution::<f64>::sample(&StandardNormal, &mut rng));
    let weights = Array3::from_elem(seen.dim(), 1.0 / 0.16);
    let observation = Observation::new(seen, weights, frame()).expect("valid");
    (scene, vec![observation])
}

fn start<'a>(scene: &'a Scene, observations: &'a [Observation]) -> Result<PosteriorStart<'a>, InferError> {
    let builder = Posterior::builder().precision(Precision::Double);
    let x = builder.build(scene, observations)?.start()?;
    PosteriorStart::new(builder, scene, observations, &x)
}

/// Mean and covariance in closed form, from gradients of the log-posterior at 0 and at unit vectors.
fn exact(posterior: &mut Posterior) -> (Vec<f64>, Array2<f64>) {
    let n = posterior.dim();
    let mut at = |x: &[f64]| {
        let mut gradient = vec![0.0; n];
        posterior.log_density_and_gradient(x, &mut gradient);
        gradient
    };
    let origin = at(&vec![0.0; n]);
    let mut precision = Array2::zeros((n, n));
    for k in 0..n {
        let mut unit = vec![0.0; n];
        unit[k] = 1.0;
        at(&unit).iter().zip(&origin).enumerate().for_each(|(j, (g, o))| precision[[j, k]] = o - g);
    }
    let covariance = inverse(&precision);
    let mean = covariance.dot(&ndarray::aview1(&origin)).to_vec();
    (mean, covariance)
}

#[test]
fn fluxes_of_a_blend_are_drawn_from_their_normal_posterior() {
    let (scene, observations) = blend(|flux| free(flux).prior(Normal::new(15.0, 12.0)));
    let start = start(&scene, &observations).expect("a posterior");
    let (mean, covariance) = exact(&mut start.posterior().expect("planned"));
    let correlation = covariance[[0, 2]] / (covariance[[0, 0]] * covariance[[2, 2]]).sqrt();
    assert!(correlation < -0.3, "they are blended: {correlation}");
    let nuts = Nuts { draws: 1000, warmup: 200, ..Nuts::default() };
    let draws = nuts.sample(&|| start.posterior(), &start.whitening).expect("drawn");
    assert_normal(&draws, &mean, &covariance);
}

#[test]
fn positive_fluxes_have_the_density_of_the_fluxes_not_of_their_logarithms() {
    // flux of almost no information: its posterior is that of the prior, half a normal density
    let (mut scene, mut observations) = blend(|flux| free(flux).positive().prior(Normal::new(0.0, 3.0)));
    let data = observations[0].data().clone();
    let nothing = Array3::from_elem(data.dim(), 1e-12);
    observations[0] = Observation::new(data, nothing, frame()).expect("valid");
    scene.edit("0.spectrum", |_| free([1.0, 1.0]).positive().prior(Normal::new(0.0, 3.0))).expect("there");
    let start = start(&scene, &observations).expect("a posterior");
    let chains = start.chains(&Nuts { draws: 1500, ..Nuts::default() }).expect("drawn");
    let draws = chains.column("0.spectrum[1]").expect("a column");
    let half = (2.0 / std::f64::consts::PI).sqrt();
    super::support::assert_moments("flux", draws, 3.0 * half, 3.0 * (1.0 - half * half).sqrt(), 4.0);
}

#[test]
fn hundreds_of_pixels_are_whitened_together() {
    // bright in the middle, where the data hold the pixels, and next to nothing further out, where their prior does
    let image = Array2::from_shape_fn((21, 21), |(y, x)| {
        1e-4 + 0.9 * (-((y as f64 - 10.0).powi(2) + (x as f64 - 10.0).powi(2)) / 12.0).exp()
    });
    let mut scene = Scene::new(Frame::enclosing([&frame()]).expect("a frame")).expect("a scene");
    let galaxy = Source::extended([9.0, 10.0], vec![(vec![60.0, 90.0], image.clone())]);
    let near = |param: &Param| param.clone().prior(NearImage::new(image.clone(), 0.5, 0.003));
    scene.add(galaxy.edit_all("*morphology", near).named("galaxy")).expect("inside");
    let mut seen = scarlet_obs::render(&scene, &frame()).expect("the same grid");
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    seen.mapv_inplace(|v| v + 0.4 * Distribution::<f64>::sample(&StandardNormal, &mut rng));
    let weights = Array3::from_elem(seen.dim(), 1.0 / 0.16);
    let observations = vec![Observation::new(seen, weights, frame()).expect("valid")];
    let start = start(&scene, &observations).expect("a posterior");
    assert!(start.layout().dim() > Whitening::DENSE);
    let nuts = Nuts { chains: 1, draws: 60, warmup: 100, ..Nuts::default() };
    let draws = nuts.sample(&|| start.posterior(), &start.whitening).expect("drawn");
    let steps = draws.statistics.steps.mapv(|v| v as f64).mean().expect("draws");
    println!("{} values, {steps:.1} gradients a draw", start.layout().dim());
    assert!(steps < 40.0 && draws.statistics.divergences() == 0, "{steps} gradients a draw");
}

#[test]
fn chains_have_the_names_of_the_layout_and_go_on() {
    let (scene, observations) = blend(|flux| free(flux).positive().prior(Normal::new(15.0, 12.0)));
    let start = start(&scene, &observations).expect("a posterior");
    let nuts = Nuts { chains: 2, draws: 40, warmup: 60, ..Nuts::default() };
    let chains = start.chains(&nuts).expect("drawn");
    let names: Vec<&str> = chains.columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["0.spectrum[0]", "0.spectrum[1]", "1.spectrum[0]", "1.spectrum[1]"]);
    assert!(chains.values().iter().all(|v| *v > 0.0));
    let total = ["0+1".to_owned()];
    let derived = chains.clone().derive(&total, &mut |own| vec![own[0] + own[2]]).expect("one for each");
    assert_eq!(
        derived.column("0+1").expect("derived")[[1, 3]],
        chains.values()[[1, 3, 0]] + chains.values()[[1, 3, 2]]
    );

    let (last, whitening) = start.resumed(&derived).expect("its own chains");
    let more = nuts
        .sample_from(&|| start.posterior(), &whitening, &last, &mut |_| std::ops::ControlFlow::Continue(()));
    let all = chains.followed_by(&start.named(&more.expect("drawn")).expect("the same")).expect("they fit");
    assert_eq!((all.chains(), all.draws()), (2, 80));
    let thin: Chains = all.thinned(4);
    assert_eq!(thin.values()[[1, 0, 2]], chains.values()[[1, 3, 2]]);
    assert_eq!(start.values_of(&[1.0, 2.0, 3.0, 4.0]).len(), start.layout().values_len());
}

#[test]
fn priors_that_are_only_a_score_are_refused_by_name() {
    let (scene, observations) = blend(|flux| free(flux).positive().prior(Prior::from_score(OnlyScore)));
    let start = start(&scene, &observations).expect("a posterior");
    let found = start.chains(&Nuts::default()).expect_err("refused");
    assert_eq!(found, InferError::ScoreOnly { parameter: "0.spectrum".to_owned() });
    assert!(found.to_string().contains("Langevin"), "{found}");
}

#[test]
fn langevin_samples_what_nuts_refuses() {
    use scarlet_infer::sample::Langevin;
    let (scored, observations) = blend(|flux| free(flux).prior(Prior::from_score(OnlyScore)));
    let (same, _) = blend(|flux| free(flux).prior(Normal::new(20.0, 3.0)));
    let start = start(&scored, &observations).expect("a posterior");
    let (mean, covariance) = exact(
        &mut Posterior::builder().precision(Precision::Double).build(&same, &observations).expect("planned"),
    );
    let draws = Langevin { step: 0.4, ..Langevin::default() }
        .sample_from(&|| start.posterior(), &start.whitening, &mut |_| std::ops::ControlFlow::Continue(()))
        .expect("drawn");
    assert_normal(&draws, &mean, &covariance);
}

#[test]
fn parameters_without_prior_are_named_and_refused_where_nothing_holds_them() {
    let (scene, observations) = blend(|flux| free(flux).positive());
    let told = start(&scene, &observations).expect("the data hold them");
    assert_eq!(unnormalised(told.layout()), ["0.spectrum", "1.spectrum"]);
    let data = observations[0].data().clone();
    let mut weights = observations[0].weights().clone();
    weights.slice_mut(ndarray::s![1, .., ..]).fill(0.0);
    let masked = vec![Observation::new(data, weights, frame()).expect("valid")];
    let found = start(&scene, &masked).expect_err("channel r is masked");
    assert_eq!(found, InferError::Improper { parameter: "0.spectrum".to_owned(), element: 1 });
}
