//! An image as an expression in its parameters and the coordinates of its pixels.

use super::check::{check, first_bad};
use super::expr::Expr;
use super::grid::Grid;
use super::params::{Params, add_gradients, name_of, start_values};
use super::record::Record;
use scarlet_frame::{BBox, Frame};
use scarlet_model::{ModelError, Morphology, Param, Parameters, Site};
use std::fmt;
use std::sync::Arc;

type Formula = dyn for<'t> Fn(&Params<'t>, &Grid<'t>) -> Expr<'t> + Send + Sync;

/// A user's own morphology: any image that can be written as a formula of parameters and coordinates.
///
/// The formula is evaluated at pixel centres, or on a finer grid and averaged
/// ([`oversampled`](Self::oversampled)). It must work for a box of any shape: take
/// sizes from [`Grid::shape`]. When it is added to a scene it is run once, with its gradient, at its start values and
/// centred on a pixel; a complaint, a panic, a wrong number of values or a value that is not finite is an error.
///
/// ```
/// use scarlet_frame::{Frame, Psf};
/// use scarlet_model::{Scene, Source, free};
/// use scarlet_render::expression::ExpressionImage;
/// let ring = ExpressionImage::new("Ring", [31, 31], |p, grid| {
///     let off = (grid.radius() - p["radius"]) / p["width"];
///     (-0.5 * off.square()).exp()
/// })
/// .param("radius", free(8.0).positive())
/// .param("width", 1.5);
/// let mut scene = Scene::new(Frame::new([40, 40]).channels(["r"]).psf(Psf::gaussian(0.7)?))?;
/// scene.add(Source::new(free([19.6, 20.3]), free([10.0]).positive(), ring).named("lens"))?;
/// assert!(scene.param("lens.morphology.radius")?.is_free());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Cost
/// dfdx allocates for every operation, and the gradient evaluates the image again: the planned pipeline's "no
/// allocation in the loop" does not hold for such a source.
#[derive(Clone)]
pub struct ExpressionImage {
    kind: String,
    shape: [usize; 2],
    oversampling: usize,
    params: Vec<(String, Param)>,
    formula: Arc<Formula>,
    moves: bool,
}

impl ExpressionImage {
    /// From a formula; `kind` names it in errors and files, its box has `shape` pixels `[y, x]`.
    pub fn new<F>(kind: impl Into<String>, shape: [usize; 2], formula: F) -> Self
    where
        F: for<'t> Fn(&Params<'t>, &Grid<'t>) -> Expr<'t> + Send + Sync + 'static,
    {
        let (kind, formula) = (kind.into(), Arc::new(formula));
        Self { kind, shape, oversampling: 1, params: Vec::new(), formula, moves: true }
    }

    /// With a parameter that the formula knows as `p[name]`; a plain value is fixed.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Param>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Averaged over `factor` x `factor` points in each pixel.
    #[must_use]
    pub fn oversampled(mut self, factor: usize) -> Self {
        self.oversampling = factor;
        self
    }

    /// Runs the formula and hands its result, and what it was made of, to `then`.
    fn run<R>(
        &self,
        record: &Record,
        params: &[f64],
        site: &Site,
        then: impl FnOnce(&Params<'_>, &Grid<'_>, Expr<'_>) -> R,
    ) -> R {
        let params = Params::new(record, &self.params, params);
        let grid = Grid::new(record, *site, self.oversampling);
        let image = (self.formula)(&params, &grid);
        then(&params, &grid, image)
    }

    /// Image and gradients of its weighted sum, checked; whether the coordinates were used.
    fn trial(&self, values: &[f64], site: &Site) -> Result<bool, String> {
        let record = Record::of_gradients();
        self.run(&record, values, site, |params, grid, image| {
            if let Some(problem) = record.problem() {
                return Err(problem);
            }
            let [rows, columns] = grid.shape();
            let (found, expected) = (image.len(), rows * columns);
            if found != expected {
                return Err(format!(
                    "it returns {found} values for a box of {rows} x {columns} = {expected} pixels; an image needs one \
                     for each pixel of whatever box it gets (see Grid::shape)"
                ));
            }
            if let Some(k) = first_bad(&image.values()) {
                let at = [0, 1].map(|axis| [k / columns, k % columns][axis] as f64 / self.oversampling as f64);
                return Err(format!(
                    "its start value is {} at pixel ({:.0}, {:.0}) of its box, with the centre on a pixel; it must be \
                     finite everywhere",
                    image.values()[k],
                    at[0].floor(),
                    at[1].floor()
                ));
            }
            let mut leaves = params.leaves();
            leaves.extend(grid.center());
            let mut grad = vec![0.0; values.len() + 2];
            add_gradients(&mut record.backward(image, vec![1.0; expected]), &leaves, &mut grad);
            match first_bad(&grad) {
                Some(k) => Err(format!(
                    "its gradient with respect to {} is {}; look for a root, power or logarithm of 0",
                    name_of(&self.params, k),
                    grad[k]
                )),
                None => Ok(grid.was_used()),
            }
        })
    }

    /// The seed of each sample.
    fn spread(&self, seed: &[f64], columns: usize) -> Vec<f64> {
        let n = self.oversampling;
        if n == 1 {
            return seed.to_vec();
        }
        let weight = 1.0 / (n * n) as f64;
        let rows = seed.chunks(columns).flat_map(|row| std::iter::repeat_n(row, n));
        rows.flat_map(|row| row.iter().flat_map(move |s| std::iter::repeat_n(s * weight, n))).collect()
    }

    /// The mean of the samples of each pixel.
    fn gather(&self, samples: &[f64], columns: usize, out: &mut [f64]) {
        let n = self.oversampling;
        out.fill(0.0);
        for (y, row) in samples.chunks(columns * n).enumerate() {
            let out = &mut out[y / n * columns..][..columns];
            for (to, from) in out.iter_mut().zip(row.chunks(n)) {
                *to += from.iter().sum::<f64>();
            }
        }
        out.iter_mut().for_each(|v| *v /= (n * n) as f64);
    }
}

impl Parameters for ExpressionImage {
    fn parameters(&self) -> Vec<(&str, &Param)> {
        self.params.iter().map(|(name, param)| (name.as_str(), param)).collect()
    }

    fn parameters_mut(&mut self) -> Vec<(&str, &mut Param)> {
        self.params.iter_mut().map(|(name, param)| (name.as_str(), param)).collect()
    }
}

impl Morphology for ExpressionImage {
    fn kind(&self) -> &str {
        &self.kind
    }

    fn moves(&self) -> bool {
        self.moves
    }

    fn bbox(&self, center: [f64; 2]) -> BBox {
        BBox::centered(center, self.shape)
    }

    fn attach(&mut self, frame: &Frame) -> Result<(), ModelError> {
        let center = frame.bbox().center().map(|c| c as f64);
        let values = start_values(&self.params);
        self.moves = check(&self.kind, || {
            if self.shape.contains(&0) || self.oversampling == 0 {
                let (shape, factor) = (self.shape, self.oversampling);
                return Err(format!("shape {shape:?} and oversampling {factor} must be at least 1"));
            }
            let [rows, columns] = self.shape;
            let moves = self.trial(&values, &Site { center, bbox: self.bbox(center) })?;
            self.trial(&values, &Site { center, bbox: BBox::centered(center, [rows + 1, columns + 2]) })?;
            Ok(moves)
        })?;
        Ok(())
    }

    fn evaluate(&self, params: &[f64], site: &Site, out: &mut [f64], _scratch: &mut [f64]) {
        let record = Record::of_values();
        self.run(&record, params, site, |_, grid, image| {
            let [rows, columns] = grid.shape();
            if record.problem().is_some() || image.len() != rows * columns {
                return out.fill(f64::NAN);
            }
            if self.oversampling == 1 {
                return record.tensor(image.node()).copy_into(out);
            }
            self.gather(&image.values(), columns / self.oversampling, out);
        });
    }

    fn pull_back(
        &self,
        params: &[f64],
        site: &Site,
        seed: &[f64],
        grad: &mut [f64],
        grad_center: &mut [f64; 2],
        _scratch: &mut [f64],
    ) {
        let record = Record::of_gradients();
        self.run(&record, params, site, |params, grid, image| {
            let seed = self.spread(seed, site.bbox.shape()[1]);
            if record.problem().is_some() || image.len() != seed.len() {
                return grad.fill(f64::NAN);
            }
            let mut grads = record.backward(image, seed);
            add_gradients(&mut grads, &params.leaves(), grad);
            if grid.was_used() {
                add_gradients(&mut grads, &grid.center(), grad_center);
            }
        });
    }
}

impl fmt::Debug for ExpressionImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExpressionImage")
            .field("kind", &self.kind)
            .field("shape", &self.shape)
            .field("oversampling", &self.oversampling)
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}
