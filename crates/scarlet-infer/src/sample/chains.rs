//! What a sampler leaves: named columns of values, and what each draw says of itself.

use crate::InferError;
use ndarray::{Array2, Array3, ArrayView2, Axis, concatenate, s};

/// A number that a chain has a value of for each draw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainColumn {
    /// Its name: `star.center[0]`, `flux.star.g`.
    pub name: String,
    /// Whether it is computed from the parameters, not one of them.
    pub is_derived: bool,
}

/// What each draw says of itself, `[chain, draw]`.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleStatistics {
    /// Log-density of the unconstrained values, up to a constant.
    pub log_density: Array2<f64>,
    /// Energy: minus log-density and kinetic energy.
    pub energy: Array2<f64>,
    /// Mean acceptance along the trajectory.
    pub acceptance: Array2<f64>,
    /// Step size.
    pub step_size: Array2<f64>,
    /// Doublings of the trajectory.
    pub tree_depth: Array2<i64>,
    /// Gradients that were evaluated.
    pub steps: Array2<i64>,
    /// Whether the trajectory diverged.
    pub is_diverging: Array2<bool>,
    /// Whether it was cut at the largest depth.
    pub is_deepest: Array2<bool>,
}

/// Chains of draws: named columns in the values that the model sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Chains {
    columns: Vec<ChainColumn>,
    values: Array3<f64>,
    statistics: SampleStatistics,
}

impl Chains {
    /// Chains of `values`, `[chain, draw, column]`.
    ///
    /// # Errors
    /// Shapes that do not fit together, or two columns of one name.
    pub fn new(
        columns: Vec<ChainColumn>,
        values: Array3<f64>,
        statistics: SampleStatistics,
    ) -> Result<Self, InferError> {
        let (chains, draws, width) = values.dim();
        let of_statistics = statistics.log_density.dim();
        if width != columns.len() || of_statistics != (chains, draws) {
            let problem = format!(
                "{chains} chains of {draws} draws of {width} values for {} names, with statistics of {of_statistics:?}",
                columns.len()
            );
            return Err(InferError::Chains { problem });
        }
        let chains = Self { columns, values, statistics };
        chains.check_names()?;
        Ok(chains)
    }

    fn check_names(&self) -> Result<(), InferError> {
        let mut names: Vec<&str> = self.columns.iter().map(|c| c.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(InferError::Chains { problem: format!("two columns are called {}", pair[0]) }),
            None => Ok(()),
        }
    }

    /// The columns, in order.
    #[must_use]
    pub fn columns(&self) -> &[ChainColumn] {
        &self.columns
    }

    /// All values, `[chain, draw, column]`.
    #[must_use]
    pub const fn values(&self) -> &Array3<f64> {
        &self.values
    }

    /// What each draw says of itself.
    #[must_use]
    pub const fn statistics(&self) -> &SampleStatistics {
        &self.statistics
    }

    /// Number of chains.
    #[must_use]
    pub fn chains(&self) -> usize {
        self.values.dim().0
    }

    /// Draws of each chain.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.values.dim().1
    }

    /// The values of a column by its name, `[chain, draw]`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<ArrayView2<'_, f64>> {
        let index = self.columns.iter().position(|column| column.name == name)?;
        Some(self.at(index))
    }

    /// The values of a column by its place, `[chain, draw]`.
    ///
    /// # Panics
    /// There are not so many columns.
    #[must_use]
    pub fn at(&self, index: usize) -> ArrayView2<'_, f64> {
        self.values.slice(s![.., .., index])
    }

    /// Adds columns that are computed from each draw's: `of_draw` gets the values of all columns that are there, and gives
    /// one number for each name.
    ///
    /// # Errors
    /// A name that is there, or another number of numbers.
    pub fn derive(
        self,
        names: &[String],
        of_draw: &mut dyn FnMut(&[f64]) -> Vec<f64>,
    ) -> Result<Self, InferError> {
        let (chains, draws, width) = self.values.dim();
        let mut derived = Array3::zeros((chains, draws, names.len()));
        for c in 0..chains {
            for d in 0..draws {
                let own: Vec<f64> = (0..width).map(|k| self.values[[c, d, k]]).collect();
                let numbers = of_draw(&own);
                if numbers.len() != names.len() {
                    let problem = format!("{} derived numbers for {} names", numbers.len(), names.len());
                    return Err(InferError::Chains { problem });
                }
                numbers.into_iter().enumerate().for_each(|(k, number)| derived[[c, d, k]] = number);
            }
        }
        self.with_derived(names, derived)
    }

    /// Adds columns whose values are there, `[chain, draw, column]`.
    ///
    /// # Errors
    /// A name that is there, or another shape.
    pub fn with_derived(self, names: &[String], derived: Array3<f64>) -> Result<Self, InferError> {
        let new = names.iter().map(|name| ChainColumn { name: name.clone(), is_derived: true });
        let columns = self.columns.into_iter().chain(new).collect();
        let joined = concatenate(Axis(2), &[self.values.view(), derived.view()]);
        let values = joined.map_err(|error| InferError::Chains { problem: error.to_string() })?;
        Self::new(columns, values, self.statistics)
    }

    /// Only the columns that `columns` names, in that order.
    ///
    /// # Errors
    /// Names a column that is not there.
    pub fn only(&self, columns: &[ChainColumn]) -> Result<Self, InferError> {
        let place = |wanted: &ChainColumn| {
            let found = self.columns.iter().position(|own| own.name == wanted.name);
            let problem =
                || format!("there is no column {}; the chains are those of another scene", wanted.name);
            found.ok_or_else(|| InferError::Chains { problem: problem() })
        };
        let kept = columns.iter().map(place).collect::<Result<Vec<usize>, _>>()?;
        Self::new(columns.to_vec(), self.values.select(Axis(2), &kept), self.statistics.clone())
    }

    /// Only one draw of `every`, the last of each run.
    #[must_use]
    pub fn thinned(&self, every: usize) -> Self {
        let every = every.max(1);
        let kept: Vec<usize> = (0..self.draws()).filter(|d| (d + 1).is_multiple_of(every)).collect();
        Self {
            columns: self.columns.clone(),
            values: self.values.select(Axis(1), &kept),
            statistics: self.statistics.map_arrays(
                &|a| a.select(Axis(1), &kept),
                &|a| a.select(Axis(1), &kept),
                &|a| a.select(Axis(1), &kept),
            ),
        }
    }

    /// These draws and then those of `later`, chain by chain.
    ///
    /// # Errors
    /// Other columns, or another number of chains.
    pub fn followed_by(&self, later: &Self) -> Result<Self, InferError> {
        if self.columns != later.columns || self.chains() != later.chains() {
            let problem =
                "chains can only go on with the same columns and the same number of chains".to_owned();
            return Err(InferError::Chains { problem });
        }
        let fail = |error: ndarray::ShapeError| InferError::Chains { problem: error.to_string() };
        let values = concatenate(Axis(1), &[self.values.view(), later.values.view()]).map_err(fail)?;
        let statistics = self.statistics.followed_by(&later.statistics).map_err(fail)?;
        Self::new(self.columns.clone(), values, statistics)
    }
}

/// A map of one kind of array.
type MapOf<'a, T> = &'a dyn Fn(&Array2<T>) -> Array2<T>;

impl SampleStatistics {
    fn map_arrays(&self, real: MapOf<'_, f64>, integer: MapOf<'_, i64>, truth: MapOf<'_, bool>) -> Self {
        Self {
            log_density: real(&self.log_density),
            energy: real(&self.energy),
            acceptance: real(&self.acceptance),
            step_size: real(&self.step_size),
            tree_depth: integer(&self.tree_depth),
            steps: integer(&self.steps),
            is_diverging: truth(&self.is_diverging),
            is_deepest: truth(&self.is_deepest),
        }
    }

    fn followed_by(&self, later: &Self) -> Result<Self, ndarray::ShapeError> {
        fn join<T: Clone>(a: &Array2<T>, b: &Array2<T>) -> Result<Array2<T>, ndarray::ShapeError> {
            concatenate(Axis(1), &[a.view(), b.view()])
        }
        Ok(Self {
            log_density: join(&self.log_density, &later.log_density)?,
            energy: join(&self.energy, &later.energy)?,
            acceptance: join(&self.acceptance, &later.acceptance)?,
            step_size: join(&self.step_size, &later.step_size)?,
            tree_depth: join(&self.tree_depth, &later.tree_depth)?,
            steps: join(&self.steps, &later.steps)?,
            is_diverging: join(&self.is_diverging, &later.is_diverging)?,
            is_deepest: join(&self.is_deepest, &later.is_deepest)?,
        })
    }

    /// Number of divergent draws.
    #[must_use]
    pub fn divergences(&self) -> usize {
        self.is_diverging.iter().filter(|d| **d).count()
    }
}
