//! Numbers that are computed from the parameters of each draw.

use super::{Chains, PosteriorStart};
use crate::InferError;
use ndarray::{Array2, Array3, Axis};
use scarlet_model::{Scene, Source};
use scarlet_obs::ObsError;
use scarlet_obs::catalog::{LightShape, colours};
use scarlet_render::source_cube;

/// What is measured of one source, in each draw.
struct Measured {
    name: String,
    is_extended: bool,
    has_sky: bool,
    /// Magnitude of one unit of flux.
    zero_point: Option<f64>,
}

/// Light of each source over draws, `[channel, y, x]` in the box of the first draw.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceImages {
    /// Its name.
    pub source: String,
    /// Mean of each pixel.
    pub mean: Array3<f64>,
    /// Standard deviation of each pixel.
    pub sd: Array3<f64>,
    /// The same of its sum over channels, `[y, x]`.
    pub sd_of_sum: Array2<f64>,
    /// A few draws, evenly from all, summed over channels.
    pub draws: Vec<Array2<f64>>,
}

/// Draws that are kept as they are.
const KEPT: usize = 4;

impl PosteriorStart<'_> {
    /// Adds what a catalogue says of each source to the columns of `chains`, measured on the model of every draw:
    ///
    /// - `NAME.flux_CHANNEL`, and `NAME.colour_A_B` = -2.5 log10(flux A / flux B) of neighbouring channels, in magnitudes;
    /// - `NAME.mag_CHANNEL` = `zero_point` - 2.5 log10(flux), where there is a zero point: the magnitude of one unit of flux;
    /// - of what is no point: `NAME.radius`, the half-light radius in pixels of the model frame with the model's PSF,
    ///   `NAME.concentration`, and `NAME.g1`, `NAME.g2`, the reduced shear: see [`LightShape`];
    /// - `NAME.ra`, `NAME.dec` in degrees where the frame has a WCS.
    ///
    /// Magnitudes and colours of a draw with a negative flux are not numbers.
    ///
    /// # Cost
    /// Each source is drawn once for each draw.
    ///
    /// # Errors
    /// Chains of another posterior; a position that the WCS does not reach.
    pub fn measured(&self, chains: Chains, zero_point: Option<f64>) -> Result<Chains, InferError> {
        let of_source = |(name, source): (&str, &Source)| Measured {
            name: name.to_owned(),
            is_extended: source.component().morphology().kind() != "Point",
            has_sky: self.scene().frame().wcs_ref().is_some(),
            zero_point,
        };
        let sources: Vec<Measured> = self.scene().sources().map(of_source).collect();
        let channels: Vec<String> =
            self.scene().frame().channel_names().iter().map(ToString::to_string).collect();
        let names: Vec<String> = sources.iter().flat_map(|source| source.names(&channels)).collect();
        let mut scene = self.scene().clone();
        let mut derived = Array3::zeros((chains.chains(), chains.draws(), names.len()));
        for c in 0..chains.chains() {
            for d in 0..chains.draws() {
                self.store_draw(&chains, [c, d], &mut scene);
                let mut k = 0;
                for source in &sources {
                    for number in source.numbers(&scene)? {
                        derived[[c, d, k]] = number;
                        k += 1;
                    }
                }
            }
        }
        chains.with_derived(&names, derived)
    }

    /// Mean and standard deviation of the light of each source, over about `most` draws evenly from all chains.
    ///
    /// # Errors
    /// Chains of another posterior.
    pub fn images(&self, chains: &Chains, most: usize) -> Result<Vec<SourceImages>, InferError> {
        let all = chains.chains() * chains.draws();
        let every = all.div_ceil(most.max(2)).max(1);
        let (mut scene, mut sums) = (self.scene().clone(), Vec::<Sum>::new());
        let taken: Vec<usize> = (0..all).step_by(every).collect();
        for (n, at) in taken.iter().enumerate() {
            self.store_draw(chains, [at / chains.draws(), at % chains.draws()], &mut scene);
            // one from the middle of each of as many parts
            let is_kept = (0..KEPT).any(|k| n == (2 * k + 1) * taken.len() / (2 * KEPT));
            for (k, (name, _)) in self.scene().sources().enumerate() {
                let (bbox, cube) = source_cube(&scene, name)?;
                if sums.len() == k {
                    sums.push(Sum::new(name, bbox.origin(), cube.dim()));
                }
                sums[k].add(&cube, bbox.origin(), is_kept);
            }
        }
        Ok(sums.into_iter().map(|sum| sum.finished(taken.len() as f64)).collect())
    }

    /// Puts the values of a draw into `scene`.
    fn store_draw(&self, chains: &Chains, [c, d]: [usize; 2], scene: &mut Scene) {
        let free = chains.columns().iter().enumerate().filter(|(_, column)| !column.is_derived);
        let own: Vec<f64> = free.map(|(k, _)| chains.values()[[c, d, k]]).collect();
        self.layout().store(&self.values_of(&own), scene);
    }
}

/// Sums over draws of the light of a source and of its squares, in the box of the first.
struct Sum {
    source: String,
    origin: [i64; 2],
    light: Array3<f64>,
    squares: Array3<f64>,
    squares_of_sum: Array2<f64>,
    draws: Vec<Array2<f64>>,
}

impl Sum {
    fn new(source: &str, origin: [i64; 2], shape: (usize, usize, usize)) -> Self {
        Self {
            source: source.to_owned(),
            origin,
            light: Array3::zeros(shape),
            squares: Array3::zeros(shape),
            squares_of_sum: Array2::zeros((shape.1, shape.2)),
            draws: Vec::new(),
        }
    }

    /// Adds a cube whose first pixel is at `origin`.
    fn add(&mut self, cube: &Array3<f64>, origin: [i64; 2], is_kept: bool) {
        let (_, rows, columns) = self.light.dim();
        let moved = [origin[0] - self.origin[0], origin[1] - self.origin[1]];
        let mut own = Array3::zeros(self.light.dim());
        for ((c, y, x), value) in cube.indexed_iter() {
            let (y, x) = (y as i64 + moved[0], x as i64 + moved[1]);
            if (0..rows as i64).contains(&y) && (0..columns as i64).contains(&x) {
                own[[c, y as usize, x as usize]] = *value;
            }
        }
        let sum = own.sum_axis(Axis(0));
        self.squares_of_sum += &sum.mapv(|v| v * v);
        self.squares += &own.mapv(|v| v * v);
        self.light += &own;
        self.draws.extend(is_kept.then_some(sum));
    }

    fn finished(self, count: f64) -> SourceImages {
        let spread = |squares: f64, mean: f64| (squares / count - mean * mean).max(0.0).sqrt();
        let mean = self.light / count;
        let (mut sd, mut sd_of_sum) = (self.squares, self.squares_of_sum);
        sd.zip_mut_with(&mean, |squares, mean| *squares = spread(*squares, *mean));
        sd_of_sum.zip_mut_with(&mean.sum_axis(Axis(0)), |squares, mean| *squares = spread(*squares, *mean));
        SourceImages { source: self.source, mean, sd, sd_of_sum, draws: self.draws }
    }
}

impl Measured {
    fn names(&self, channels: &[String]) -> Vec<String> {
        let mut names: Vec<String> = channels.iter().map(|c| format!("{}.flux_{c}", self.name)).collect();
        names.extend(channels.windows(2).map(|pair| format!("{}.colour_{}_{}", self.name, pair[0], pair[1])));
        if self.zero_point.is_some() {
            names.extend(channels.iter().map(|c| format!("{}.mag_{c}", self.name)));
        }
        let more = |names: &mut Vec<String>, has: bool, what: &[&str]| {
            names.extend(what.iter().filter(|_| has).map(|what| format!("{}.{what}", self.name)));
        };
        more(&mut names, self.is_extended, &["radius", "concentration", "g1", "g2"]);
        more(&mut names, self.has_sky, &["ra", "dec"]);
        names
    }

    fn numbers(&self, scene: &Scene) -> Result<Vec<f64>, InferError> {
        let (bbox, cube) = source_cube(scene, &self.name)?;
        let center = scene.param(&format!("{}.center", self.name))?.values();
        let center = [center[0], center[1]];
        let fluxes: Vec<f64> = cube.axis_iter(Axis(0)).map(|plane| plane.sum()).collect();
        let mut numbers = fluxes.clone();
        numbers.extend(colours(&fluxes));
        if let Some(zero_point) = self.zero_point {
            numbers.extend(fluxes.iter().map(|flux| zero_point - 2.5 * flux.log10()));
        }
        if self.is_extended {
            let image: Array2<f64> = cube.sum_axis(Axis(0));
            let origin = bbox.origin().map(|c| c as f64);
            let inside = [center[0] - origin[0], center[1] - origin[1]];
            let shape = LightShape::of(image.view(), inside);
            numbers.extend(shape.map_or([f64::NAN; 4], |shape| shape.numbers()));
        }
        if self.has_sky {
            let sky = scene.frame().to_sky(center).map_err(ObsError::from)?;
            numbers.extend([sky.ra_deg, sky.dec_deg]);
        }
        Ok(numbers)
    }
}
