//! A space telescope's image and a ground-based one of the same sky: other pixels, orientation, handedness and channels.

use ndarray::Array3;
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use rand_distr::StandardNormal;
use scarlet::frame::parse_header;
use scarlet::obs::render;
use scarlet::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};
use std::ops::ControlFlow;

/// The middle of both images.
const CENTER: [f64; 2] = [150.1, 2.2];
/// Pixels on the sky; 5.6 times as large from the ground.
pub const PIXEL_ARCSEC: [f64; 2] = [0.03, 0.168];
/// Noise of a pixel in the one channel of the first and the three of the second.
const NOISE: [&[f64]; 2] = [&[0.02], &[0.12, 0.15, 0.2]];
const CHANNELS: [&str; 4] = ["F814W", "g", "r", "i"];

/// A source and what is true of it.
#[derive(Debug, Clone)]
pub struct TrueSource {
    pub sky: Sky,
    pub is_star: bool,
    /// In all channels.
    pub flux: [f64; 4],
}

/// Both images without noise.
pub struct TwoInstruments {
    pub sources: Vec<TrueSource>,
    frames: [Frame; 2],
    clean: [Array3<f64>; 2],
}

/// Where a source is, its fluxes, and its shape if it is a galaxy.
type Drawn = ([f64; 2], [f64; 4], Option<[f64; 4]>);

/// North and east of the middle in arcsec, fluxes, and of galaxies index, radius in arcsec and distortion. The last two are
/// outside the first image.
const SOURCES: [Drawn; 7] = [
    ([0.1, 0.2], [60.0, 70.0, 110.0, 150.0], None),
    ([0.55, -0.35], [90.0, 60.0, 90.0, 140.0], Some([1.0, 0.22, 0.3, -0.2])),
    ([-0.9, 0.8], [70.0, 90.0, 100.0, 120.0], Some([1.6, 0.16, -0.2, 0.1])),
    ([-0.9, 0.3], [30.0, 40.0, 60.0, 70.0], None),
    ([1.5, 1.3], [50.0, 30.0, 60.0, 110.0], Some([1.0, 0.12, 0.1, 0.2])),
    ([0.3, 3.1], [40.0, 60.0, 90.0, 100.0], None),
    ([-2.9, 0.2], [60.0, 70.0, 110.0, 150.0], Some([1.0, 0.25, -0.2, -0.2])),
];

fn wcs(shape: [usize; 2], pixel_arcsec: f64, angle_deg: f64, is_flipped: bool) -> Wcs {
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let scale = pixel_arcsec / 3600.0;
    let east = if is_flipped { scale } else { -scale };
    let cards = format!(
        "CTYPE1  = 'RA---TAN'\nCTYPE2  = 'DEC--TAN'\nCRVAL1  = {}\nCRVAL2  = {}\nCRPIX1  = {}\nCRPIX2  = {}\n\
         CD1_1   = {}\nCD1_2   = {}\nCD2_1   = {}\nCD2_2   = {}\nRADESYS = 'ICRS'\n",
        CENTER[0],
        CENTER[1],
        0.5 * (shape[1] as f64 + 1.0),
        0.5 * (shape[0] as f64 + 1.0),
        east * cos,
        scale * sin,
        -east * sin,
        scale * cos,
    );
    Wcs::from_header(&parse_header(&cards)).expect("valid")
}

impl TwoInstruments {
    pub fn new() -> Self {
        let (fine, coarse) = ([140, 150], [46, 48]);
        let first = Frame::new(fine)
            .channels(CHANNELS[..1].iter().copied())
            .psf(Psf::moffat(&[2.8], 3.0).expect("a PSF"))
            .wcs(wcs(fine, PIXEL_ARCSEC[0], 0.0, false));
        let second = Frame::new(coarse)
            .channels(CHANNELS[1..].iter().copied())
            .psf(Psf::moffat(&[4.2, 4.0, 3.6], 3.5).expect("a PSF"))
            .wcs(wcs(coarse, PIXEL_ARCSEC[1], 30.0, true));
        let frames = [first, second];
        let mut scene = Scene::new(Frame::enclosing(&frames).expect("a frame")).expect("a scene");
        let sources = SOURCES.map(|([north, east], flux, galaxy)| {
            let dec = CENTER[1] + north / 3600.0;
            let sky = Sky::new(CENTER[0] + east / 3600.0 / dec.to_radians().cos(), dec);
            let center = scene.frame().to_pixel(sky).expect("on the frame");
            let source = match galaxy {
                None => Source::point(center, flux),
                Some([index, radius, e1, e2]) => {
                    let profile = Sersic::new(index, radius / PIXEL_ARCSEC[0]).distortion([e1, e2]);
                    Source::new(center, flux, profile)
                }
            };
            scene.add(source).expect("inside");
            TrueSource { sky, is_star: galaxy.is_none(), flux }
        });
        let clean = [0, 1].map(|k| render(&scene, &frames[k]).expect("it is seen"));
        Self { sources: sources.to_vec(), frames, clean }
    }

    /// Both images with so many times the least noise, other for every seed.
    pub fn observed(&self, seed: u64, noise: f64) -> [Observation; 2] {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        [0, 1].map(|k| {
            let sigma = |c: usize| noise * NOISE[k][c];
            let mut data = self.clean[k].clone();
            for ((c, ..), value) in data.indexed_iter_mut() {
                *value += sigma(c) * rng.sample::<f64, _>(StandardNormal);
            }
            let weights = Array3::from_shape_fn(data.dim(), |(c, ..)| sigma(c).powi(-2));
            let name = ["space", "ground"][k];
            Observation::new(data, weights, self.frames[k].clone()).expect("valid").named(name)
        })
    }

    /// Which sources fall on an image by more than its PSF.
    pub fn seen_by(&self, instrument: usize) -> Vec<usize> {
        let frame = &self.frames[instrument];
        let inside = frame.bbox();
        let on = |sky: Sky| {
            let at = frame.to_pixel(sky).expect("on the frame");
            inside.contains(at)
        };
        (0..self.sources.len()).filter(|s| on(self.sources[*s].sky)).collect()
    }
}

/// Start values of the sources `picked` in all `observations`, sought `off_arcsec` away from where they are.
pub fn start(
    sky: &TwoInstruments,
    picked: &[usize],
    observations: &[&Observation],
    off_arcsec: f64,
) -> Scene {
    let model = Frame::enclosing(observations.iter().map(|o| o.frame())).expect("a frame");
    let seed = |&s: &usize| {
        let TrueSource { sky, is_star, .. } = &sky.sources[s];
        let turn = s as f64;
        let dec = sky.dec_deg + off_arcsec * turn.sin() / 3600.0;
        let ra = sky.ra_deg + off_arcsec * turn.cos() / 3600.0;
        init::Seed { center: model.to_pixel(Sky::new(ra, dec)).expect("on the frame"), is_star: *is_star }
    };
    let seeds: Vec<_> = picked.iter().map(seed).collect();
    let mut scene = Scene::new(model.clone()).expect("a scene");
    for (s, shape) in picked.iter().zip(init::shapes(observations, &model, &seeds).expect("seen")) {
        let channels = model.channel_names().len();
        scene.add(shape.sersic(channels).named(format!("{s}"))).expect("inside");
    }
    init::fit_fluxes(&mut scene, observations).expect("fluxes");
    scene
}

/// How far a source is from its true position, `[north, east]` in arcsec.
pub fn off(scene: &Scene, truth: &TrueSource, name: &str) -> [f64; 2] {
    let center = scene.param(&format!("{name}.center")).expect("a centre").values().to_vec();
    let found = scene.frame().to_sky([center[0], center[1]]).expect("on the sky");
    let cos = truth.sky.dec_deg.to_radians().cos();
    [3600.0 * (found.dec_deg - truth.sky.dec_deg), 3600.0 * (found.ra_deg - truth.sky.ra_deg) * cos]
}

/// Its fluxes in the channels of the scene.
pub fn fluxes(scene: &Scene, name: &str) -> Vec<f64> {
    scene.param(&format!("{name}.spectrum")).expect("fluxes").values().to_vec()
}

/// Fitted with the default optimiser and boxes.
pub fn fitted(mut scene: Scene, observations: &[&Observation]) -> (Scene, Vec<f64>) {
    let mut posterior = Posterior::new(&scene, observations.iter().copied()).expect("a valid scene");
    let go_on = &mut |_: &_| ControlFlow::Continue(());
    let optimizer = Scaled::default();
    let fit = posterior.fit_with_boxes(&mut scene, &BoxRules::default(), &optimizer, go_on);
    let fit = fit.expect("a finite start");
    posterior.log_likelihood(&fit.x);
    let pixels = observations.iter().map(|o| o.pixels_with_weight() as f64);
    let chi2 = posterior.chi2().into_iter().zip(pixels).map(|(chi2, n)| chi2 / n).collect();
    (scene, chi2)
}

/// Mean and standard deviation of what is found over draws, in units of the truth or of a pixel of the first instrument.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub bias: f64,
    pub sigma: f64,
    pub draws: usize,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let bias = values.iter().sum::<f64>() / n;
        let sigma = (values.iter().map(|v| (v - bias).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        Self { bias, sigma, draws: values.len() }
    }

    /// The bias in units of its own standard error.
    pub fn significance(self) -> f64 {
        self.bias / self.sigma * (self.draws as f64).sqrt()
    }
}

/// What fits say of a source: position `[north, east]`, and fluxes relative to the truth in the channels that are fitted.
#[derive(Debug)]
pub struct SourceSpread {
    pub source: usize,
    pub position: [Spread; 2],
    pub flux: Vec<(usize, Spread)>,
}

/// Fits of many draws of one instrument, or of both.
pub fn spreads(sky: &TwoInstruments, instruments: &[usize], draws: u64) -> Vec<SourceSpread> {
    let picked: Vec<usize> =
        (0..sky.sources.len()).filter(|s| instruments.iter().any(|k| sky.seen_by(*k).contains(s))).collect();
    let scenes: Vec<Scene> = (0..draws)
        .map(|seed| {
            let observed = sky.observed(seed, 2.5);
            let observations: Vec<&Observation> = instruments.iter().map(|k| &observed[*k]).collect();
            fitted(start(sky, &picked, &observations, 0.5 * PIXEL_ARCSEC[0]), &observations).0
        })
        .collect();
    let channels: Vec<usize> = scenes[0]
        .frame()
        .channel_names()
        .iter()
        .map(|name| CHANNELS.iter().position(|c| Channel::from(*c) == *name).expect("one of ours"))
        .collect();
    let spread = |&s: &usize| {
        let (truth, name) = (&sky.sources[s], s.to_string());
        let position = [0, 1].map(|k| {
            let values: Vec<f64> =
                scenes.iter().map(|scene| off(scene, truth, &name)[k] / PIXEL_ARCSEC[0]).collect();
            Spread::of(&values)
        });
        let flux = |(own, c): (usize, &usize)| {
            let values: Vec<f64> =
                scenes.iter().map(|scene| fluxes(scene, &name)[own] / truth.flux[*c] - 1.0).collect();
            (*c, Spread::of(&values))
        };
        SourceSpread { source: s, position, flux: channels.iter().enumerate().map(flux).collect() }
    };
    picked.iter().map(spread).collect()
}

/// Fits of each instrument alone and of both.
#[derive(Debug)]
pub struct Comparison {
    /// How many positions and fluxes there are of the fits of both.
    pub values: usize,
    /// Their largest bias over its own error.
    pub worst: f64,
    /// How often chance alone gives as many values one that is at least so large (Sidak; Student's t).
    pub chance: f64,
    /// Root mean square of all biases over their own errors.
    pub rms: f64,
    /// How much better both are than the first and than the second alone, medians of ratios of errors.
    pub position: [f64; 2],
    /// The same of the fluxes in each's own channels.
    pub flux: [f64; 2],
}

/// Compares them over so many `draws`, and prints what comes out.
pub fn compare(sky: &TwoInstruments, draws: u64) -> Comparison {
    let joint = spreads(sky, &[0, 1], draws);
    let mut biases = Vec::new();
    for source in &joint {
        let is_seen = |c: usize| c > 0 || sky.seen_by(0).contains(&source.source);
        let flux: Vec<_> = source.flux.iter().filter(|(c, _)| is_seen(*c)).map(|(_, s)| s).collect();
        biases.extend(source.position.iter().chain(flux.iter().copied()).map(|s| s.significance()));
        let said = |s: &Spread| format!("{:+.4} +- {:.4}", s.bias, s.sigma);
        let fluxes: Vec<String> = flux.iter().map(|s| said(s)).collect();
        println!(
            "both, source {}: off by {}, {} px; fluxes {}",
            source.source,
            said(&source.position[0]),
            said(&source.position[1]),
            fluxes.join(", ")
        );
    }
    let (mut position, mut flux) = ([0.0; 2], [0.0; 2]);
    for k in 0..2 {
        (position[k], flux[k]) = errors_over_those_of(k, sky, &joint, draws);
        let name = ["space", "ground"][k];
        let (of_position, of_flux) = (position[k], flux[k]);
        println!(
            "errors of both over those of {name} alone: positions {of_position:.3}, fluxes {of_flux:.3}"
        );
    }
    let values = biases.len();
    let worst = biases.iter().fold(0.0_f64, |worst, bias| worst.max(bias.abs()));
    let rms = (biases.iter().map(|bias| bias * bias).sum::<f64>() / values as f64).sqrt();
    let student = StudentsT::new(0.0, 1.0, draws as f64 - 1.0).expect("two draws");
    let chance = 1.0 - (1.0 - 2.0 * student.sf(worst)).powi(values as i32);
    println!(
        "largest of {values} biases over its own error: {worst:.2}, which chance gives with probability {chance:.2}; \
         root mean square {rms:.2}"
    );
    Comparison { values, worst, chance, rms, position, flux }
}

/// Errors of positions and fluxes of `joint` fits over those of one instrument alone: medians.
fn errors_over_those_of(
    instrument: usize,
    sky: &TwoInstruments,
    joint: &[SourceSpread],
    draws: u64,
) -> (f64, f64) {
    let (mut position, mut flux) = (Vec::new(), Vec::new());
    for one in &spreads(sky, &[instrument], draws) {
        let both = joint.iter().find(|j| j.source == one.source).expect("both see all");
        let rms = |p: &[Spread; 2]| p[0].sigma.hypot(p[1].sigma);
        position.push(rms(&both.position) / rms(&one.position));
        for (c, spread) in &one.flux {
            let of_both = both.flux.iter().find(|(own, _)| own == c).expect("the same channel").1;
            flux.push(of_both.sigma / spread.sigma);
        }
    }
    let middle = |mut v: Vec<f64>| {
        v.sort_by(f64::total_cmp);
        v[v.len() / 2]
    };
    (middle(position), middle(flux))
}
