//! Score networks as priors of images.

mod input;
mod learned;
mod stored;
mod window;

pub use input::InputTransform;
pub use learned::{Learned, PriorSettings, noise_variance};
pub use stored::with_networks;

use scarlet_model::prior::{Shared, Staged};
use scarlet_model::{Density, ModelError, Prior, Score, Transform};
use std::sync::Arc;
use window::Window;

/// What a network has learnt of images, as the prior of one free-form image.
///
/// The gradient by the image x is strength / T'(u) s(T(u), t), pulled back to x, where u is x brought to the network's
/// scale and side, T the [`InputTransform`] and s the score of images that are blurred by noise of level t. There is no
/// log-density: a fit follows the gradient, and samplers that need a density refuse it.
///
/// - **Scale**: u = x / `peak`, with the peak that the image begins with. The network meets images that peak at 1, as it
///   did in training, and holds the peak there; spectra take what is left.
/// - **Side**: an image that is smaller than the network's side is padded with zeros around it, as galaxy-grad does. One
///   that is larger is averaged over the network's pixels, `side / n` as wide: a galaxy in the middle, as all those are
///   that the network has seen. Tiles would show it wings without a centre, and count pixels twice where they overlap.
/// - **Beside** it there can be a density of the same image, like that of being near its start: [`ScorePrior::beside`].
/// - **Measure**: as published, the density is by z = T(u), not by u: its logarithm by u would have the gradient of
///   log T'(u) more, at most 1 a pixel.
///
/// ```no_run
/// # fn f(image: ndarray::Array2<f64>) -> Result<(), Box<dyn std::error::Error>> {
/// use scarlet_model::free;
/// use scarlet_nn::{Learned, PriorSettings, ScorePrior};
/// let learned = Learned::read("hsc32.safetensors", PriorSettings::default())?;
/// let prior = ScorePrior::new(&learned, [31, 31], 0.5);
/// let image = free(image).unit_interval().prior(prior);
/// # Ok(())
/// # }
/// ```
///
/// scarlet2: `nn.ScorePrior` with a network of galaxy-grad; gradients agree to 1e-5 of the largest.
#[derive(Debug, Clone)]
pub struct ScorePrior {
    learned: Arc<Learned>,
    shape: [usize; 2],
    peak: f64,
    window: Window,
    precisions: Vec<f64>,
    beside: Option<Arc<dyn Density>>,
}

impl ScorePrior {
    /// For an image of `shape` `[y, x]` that peaks at `peak` where the network's images peak at 1.
    #[must_use]
    pub fn new(learned: &Arc<Learned>, shape: [usize; 2], peak: f64) -> Self {
        let window = Window::new(shape, learned.side());
        let curvature = learned.curvature() / (peak * peak);
        let precisions = window.shares().into_iter().map(|share| share * curvature).collect();
        Self { learned: Arc::clone(learned), shape, peak, window, precisions, beside: None }
    }

    /// Together with a `density` of the same image: the product of both.
    #[must_use]
    pub fn beside(mut self, density: Arc<dyn Density>) -> Self {
        let precisions = density.precisions().into_iter().flatten();
        self.precisions.iter_mut().zip(precisions).for_each(|(sum, own)| *sum += own);
        self.beside = Some(density);
        self
    }

    /// For an image of another shape or unit, beside what `change` makes of the density.
    fn changed(
        &self,
        shape: [usize; 2],
        peak: f64,
        change: impl FnOnce(Prior) -> Option<Prior>,
    ) -> Option<Prior> {
        let own = Self::new(&self.learned, shape, peak);
        let Some(density) = &self.beside else { return Some(own.into()) };
        match change(Prior::Density(Arc::clone(density)))? {
            Prior::Density(density) => Some(own.beside(density).into()),
            Prior::Score(_) => None,
        }
    }

    /// Writes what the network's pixels are of the image, where it peaks at 1.
    fn write_scaled(&self, x: &[f64], pixels: &mut [f32]) {
        self.window.means(x, pixels);
        let scale = self.peak.recip() as f32;
        pixels.iter_mut().for_each(|pixel| *pixel *= scale);
    }

    /// The network and how it is used.
    #[must_use]
    pub fn learned(&self) -> &Learned {
        &self.learned
    }

    /// The peak that is 1 to the network.
    #[must_use]
    pub const fn peak(&self) -> f64 {
        self.peak
    }
}

impl From<ScorePrior> for Prior {
    fn from(prior: ScorePrior) -> Self {
        Self::from_score(prior)
    }
}

impl Score for ScorePrior {
    fn score(&self, x: &[f64], grad: &mut [f64]) {
        self.learned.with_space(|space| {
            let (mut input, mut output) =
                (std::mem::take(&mut space.input), std::mem::take(&mut space.output));
            self.write_input(x, &mut input);
            self.learned.scores(&input, &mut output, &mut space.network);
            self.add_score(x, &output, grad);
            (space.input, space.output) = (input, output);
        });
    }

    fn validate(&self) -> Result<(), ModelError> {
        self.beside.iter().try_for_each(|density| density.validate())?;
        if self.peak > 0.0 && self.peak.is_finite() {
            return self.learned.settings().validate();
        }
        let problem = format!("the image peaks at {}; it needs a pixel above 0 to be scaled by", self.peak);
        Err(ModelError::Parameter { parameter: "prior ScorePrior".to_owned(), problem })
    }

    fn check_len(&self, n: usize) -> Result<(), ModelError> {
        self.beside.iter().try_for_each(|density| density.check_len(n))?;
        let expected = self.shape[0] * self.shape[1];
        if n == expected {
            return Ok(());
        }
        Err(ModelError::Shape { what: "prior ScorePrior".to_owned(), expected, found: n })
    }

    /// Where the transform of the network's input is defined.
    fn support(&self) -> Transform {
        self.learned
            .input()
            .least()
            .map_or(Transform::Identity, |least| Transform::GreaterThan(least * self.peak))
    }

    fn settings(&self) -> serde_json::Value {
        let beside = self.beside.as_ref().map(|density| density.settings());
        match self.learned.file() {
            Some(file) if beside.as_ref().is_none_or(|settings| !settings.is_null()) => {
                stored::write(file, *self.learned.settings(), self.shape, self.peak, beside)
            }
            _ => serde_json::Value::Null,
        }
    }

    /// A bound of the curvature: that of the noise that blurs the images.
    ///
    /// The logarithm of any density that is blurred by noise of variance v curves by at most 1 / v.
    fn precisions(&self) -> Option<&[f64]> {
        let is_known = self.beside.as_ref().is_none_or(|density| density.precisions().is_some());
        is_known.then_some(self.precisions.as_slice())
    }

    /// Those of the density beside it, less where the network holds the image too: an expectation that moves by d takes the
    /// score with it by the density's precisions times d alone.
    fn loose_directions(&self) -> Vec<Vec<f64>> {
        let Some(density) = &self.beside else { return Vec::new() };
        let Some(own) = density.precisions() else { return Vec::new() };
        let held = |change: Vec<f64>| {
            let pixels = change.iter().zip(own).zip(&self.precisions);
            pixels.map(|((d, own), sum)| if *sum > 0.0 { d * own / sum } else { 0.0 }).collect()
        };
        density.loose_directions().into_iter().map(held).collect()
    }

    fn staged(&self) -> Option<&dyn Staged> {
        Some(self)
    }

    fn strangeness(&self, x: &[f64]) -> Option<f64> {
        let mut input = vec![0.0; self.learned.pixels()];
        self.write_input(x, &mut input);
        Some(self.learned.denoising_error(&input))
    }

    fn on_grid(&self, shape: [usize; 2], offset: [i64; 2]) -> Option<Prior> {
        self.changed(shape, self.peak, |density| density.on_grid(shape, offset))
    }

    fn scaled(&self, factor: f64) -> Option<Prior> {
        if !(factor > 0.0 && factor.is_finite()) {
            return None;
        }
        self.changed(self.shape, self.peak * factor, |density| Some(density.scaled(factor)))
    }
}

impl Staged for ScorePrior {
    fn shared(&self) -> Arc<dyn Shared> {
        Arc::clone(&self.learned) as Arc<dyn Shared>
    }

    fn write_input(&self, x: &[f64], input: &mut [f32]) {
        self.write_scaled(x, input);
        self.learned.input().forward(input);
    }

    fn add_score(&self, x: &[f64], output: &[f32], grad: &mut [f64]) {
        if let Some(density) = &self.beside {
            density.score(x, grad);
        }
        let factor = (self.learned.settings().strength / self.peak) as f32;
        self.learned.with_space(|space| {
            self.write_scaled(x, &mut space.input);
            space.output.iter_mut().zip(output).for_each(|(to, score)| *to = factor * score);
            self.learned.input().pull_back(&space.input, &mut space.output);
            self.window.pull_back(&space.output, grad);
        });
    }
}
