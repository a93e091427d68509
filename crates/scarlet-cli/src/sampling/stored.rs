//! Chains as a table: one row for each draw.

use crate::catalog::{CatalogError, Column, ColumnData, Table};
use crate::error::CliError;
use ndarray::{Array2, Array3};
use scarlet::infer::sample::{ChainColumn, Chains, SampleStatistics};
use std::path::Path;

/// Columns before those of values.
const INDEX: [&str; 2] = ["chain", "draw"];
/// Columns of what each draw says of itself, as ArviZ calls them.
const STATISTICS: [(&str, &str); 8] = [
    ("lp", "log-density of the unconstrained values, up to a constant"),
    ("energy", "minus log-density and kinetic energy"),
    ("acceptance_rate", "mean acceptance along the trajectory"),
    ("step_size", "step size"),
    ("tree_depth", "doublings of the trajectory"),
    ("n_steps", "gradients that were evaluated"),
    ("diverging", "whether the trajectory diverged"),
    ("reached_max_treedepth", "whether it was cut at the largest depth"),
];

/// The chains, with units and descriptions in the metadata.
#[must_use]
pub fn chains_table(chains: &Chains, metadata: &[(String, String)]) -> Table {
    let (count, draws) = (chains.chains(), chains.draws());
    let rows = || (0..count).flat_map(|c| (0..draws).map(move |d| (c, d)));
    let index = |f: &dyn Fn((usize, usize)) -> usize| rows().map(|at| f(at) as i64).collect::<Vec<i64>>();
    let mut columns = vec![
        Column::new("chain", "", "number of the chain, from 0", index(&|(c, _)| c)),
        Column::new("draw", "", "number of the draw in its chain, from 0", index(&|(_, d)| d)),
    ];
    for (k, column) in chains.columns().iter().enumerate() {
        let values: Vec<f64> = rows().map(|(c, d)| chains.values()[[c, d, k]]).collect();
        let description = if column.is_derived { "computed from the parameters" } else { "parameter" };
        columns.push(Column::new(&column.name, "", description, values));
    }
    for ((name, description), data) in STATISTICS.iter().zip(data_of(chains.statistics())) {
        columns.push(Column::new(name, "", description, data));
    }
    Table { columns, metadata: metadata.to_vec() }
}

/// What draws say of themselves, in the order of [`STATISTICS`].
fn data_of(statistics: &SampleStatistics) -> [ColumnData; 8] {
    fn all<T: Clone>(array: &Array2<T>) -> Vec<T> {
        array.iter().cloned().collect()
    }
    [
        all(&statistics.log_density).into(),
        all(&statistics.energy).into(),
        all(&statistics.acceptance).into(),
        all(&statistics.step_size).into(),
        all(&statistics.tree_depth).into(),
        all(&statistics.steps).into(),
        all(&statistics.is_diverging).into(),
        all(&statistics.is_deepest).into(),
    ]
}

/// Reads back what [`chains_table`] made; which columns are derived is not known of what was read.
///
/// # Errors
/// The file cannot be read, or does not hold chains.
pub fn read_chains(path: &Path) -> Result<Chains, CliError> {
    let wrong = |problem: &str| {
        CliError::from(CatalogError::Parquet { path: path.to_owned(), problem: problem.to_owned() })
    };
    let table = crate::catalog::read_numbers(path)?;
    let column = |name: &str| {
        let found = table.iter().find(|(own, _)| own == name).map(|(_, values)| values);
        found.ok_or_else(|| wrong(&format!("it has no column {name}; was it written by `scarlet sample`?")))
    };
    let chains = column(INDEX[0])?.iter().fold(0.0, |a, v| f64::max(a, v + 1.0)) as usize;
    let rows = column(INDEX[1])?.len();
    if chains == 0 || !rows.is_multiple_of(chains) {
        return Err(wrong("its chains do not have equally many draws"));
    }
    let draws = rows / chains;
    let is_value = |name: &str| !INDEX.contains(&name) && !STATISTICS.iter().any(|(own, _)| *own == name);
    let values: Vec<&(String, Vec<f64>)> = table.iter().filter(|(name, _)| is_value(name)).collect();
    let cube = Array3::from_shape_fn((chains, draws, values.len()), |(c, d, k)| values[k].1[c * draws + d]);
    let plane = |name: &str| -> Result<Array2<f64>, CliError> {
        let own = column(name)?;
        Ok(Array2::from_shape_fn((chains, draws), |(c, d)| own[c * draws + d]))
    };
    let statistics = SampleStatistics {
        log_density: plane("lp")?,
        energy: plane("energy")?,
        acceptance: plane("acceptance_rate")?,
        step_size: plane("step_size")?,
        tree_depth: plane("tree_depth")?.mapv(|v| v as i64),
        steps: plane("n_steps")?.mapv(|v| v as i64),
        is_diverging: plane("diverging")?.mapv(|v| v > 0.5),
        is_deepest: plane("reached_max_treedepth")?.mapv(|v| v > 0.5),
    };
    let columns = values.iter().map(|(name, _)| ChainColumn { name: name.clone(), is_derived: false });
    Ok(Chains::new(columns.collect(), cube, statistics)?)
}
