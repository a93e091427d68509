//! Chains in a layout that ArviZ reads: a Zarr store of version 2, uncompressed, with the groups `posterior` and
//! `sample_stats`.
//!
//! ```python
//! import arviz as az
//! az.summary(az.from_zarr("results/chains.zarr"))
//! ```
//!
//! A parameter of several values is one variable with an axis of its own. Each array is one chunk: the bytes of its
//! numbers, least first, in the order `[chain, draw, ...]`.
//!
//! Source: Zarr storage specification version 2; the attribute `_ARRAY_DIMENSIONS` is xarray's.

use crate::error::CliError;
use ndarray::Array2;
use scarlet::infer::sample::{Chains, SampleStatistics};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// An array to be stored: its type as numpy writes it, the lengths of its axes after chain and draw, its bytes.
struct Stored {
    name: String,
    dtype: &'static str,
    more: Vec<usize>,
    bytes: Vec<u8>,
}

/// Writes `chains` as the folder `path`, replacing one of that name that is a Zarr store.
///
/// # Errors
/// A file that cannot be written.
pub fn write_zarr(chains: &Chains, attributes: &[(String, String)], path: &Path) -> Result<(), CliError> {
    let part = path.with_extension("part");
    remove(&part)?;
    let mut metadata = Map::new();
    let mut store = Store { folder: part.clone(), metadata: &mut metadata };
    store.group("", &attributes_of(attributes))?;
    store.arrays("posterior", chains, posterior(chains), attributes)?;
    store.arrays("sample_stats", chains, statistics(chains.statistics()), attributes)?;
    let whole = json!({"zarr_consolidated_format": 1, "metadata": metadata});
    put(&part.join(".zmetadata"), whole.to_string().as_bytes())?;
    if path.join(".zgroup").exists() {
        remove(path)?;
    }
    fs::rename(&part, path).map_err(CliError::file(path, "write"))
}

fn remove(folder: &Path) -> Result<(), CliError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(CliError::file(folder, "remove")(error))
        }
        _ => Ok(()),
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(CliError::file(folder, "make the folder"))?;
    }
    fs::write(path, bytes).map_err(CliError::file(path, "write"))
}

fn attributes_of(pairs: &[(String, String)]) -> Value {
    Value::Object(pairs.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect())
}

/// A store that is being written, and what its metadata say so far.
struct Store<'a> {
    folder: PathBuf,
    metadata: &'a mut Map<String, Value>,
}

impl Store<'_> {
    /// A document of the metadata.
    fn document(&mut self, key: &str, value: Value) -> Result<(), CliError> {
        put(&self.folder.join(key), value.to_string().as_bytes())?;
        self.metadata.insert(key.to_owned(), value);
        Ok(())
    }

    fn group(&mut self, name: &str, attributes: &Value) -> Result<(), CliError> {
        let prefix = if name.is_empty() { String::new() } else { format!("{name}/") };
        self.document(&format!("{prefix}.zgroup"), json!({"zarr_format": 2}))?;
        self.document(&format!("{prefix}.zattrs"), attributes.clone())
    }

    fn arrays(
        &mut self,
        group: &str,
        chains: &Chains,
        arrays: Vec<Stored>,
        attributes: &[(String, String)],
    ) -> Result<(), CliError> {
        self.group(group, &attributes_of(attributes))?;
        for array in arrays {
            let mut shape = vec![chains.chains(), chains.draws()];
            shape.extend(&array.more);
            let mut names = vec!["chain".to_owned(), "draw".to_owned()];
            names.extend((0..array.more.len()).map(|axis| format!("{}_dim_{axis}", array.name)));
            self.array(&format!("{group}/{}", array.name), array.dtype, &shape, &names, &array.bytes)?;
        }
        for (name, length) in [("chain", chains.chains()), ("draw", chains.draws())] {
            let numbers: Vec<u8> = (0..length as i64).flat_map(i64::to_le_bytes).collect();
            self.array(&format!("{group}/{name}"), "<i8", &[length], &[name.to_owned()], &numbers)?;
        }
        Ok(())
    }

    fn array(
        &mut self,
        path: &str,
        dtype: &str,
        shape: &[usize],
        axes: &[String],
        bytes: &[u8],
    ) -> Result<(), CliError> {
        let about = json!({
            "zarr_format": 2, "shape": shape, "chunks": shape, "dtype": dtype, "compressor": null,
            "fill_value": null, "order": "C", "filters": null,
        });
        self.document(&format!("{path}/.zarray"), about)?;
        self.document(&format!("{path}/.zattrs"), json!({"_ARRAY_DIMENSIONS": axes}))?;
        let chunk = vec!["0"; shape.len()].join(".");
        put(&self.folder.join(path).join(chunk), bytes)
    }
}

/// The columns, those of one parameter together.
fn posterior(chains: &Chains) -> Vec<Stored> {
    let names: Vec<&str> = chains.columns().iter().map(|column| column.name.as_str()).collect();
    let mut arrays = Vec::new();
    let mut first = 0;
    while first < names.len() {
        let base = names[first].split_once('[').map(|(base, _)| base);
        let same = |name: &&&str| base.is_some() && name.split_once('[').map(|(base, _)| base) == base;
        let count = names[first..].iter().take_while(same).count().max(1);
        let own = chains.values().slice(ndarray::s![.., .., first..first + count]);
        arrays.push(Stored {
            // a slash would make a group of it
            name: base.unwrap_or(names[first]).replace('/', "_"),
            dtype: "<f8",
            more: if base.is_some() { vec![count] } else { Vec::new() },
            bytes: own.iter().flat_map(|v| v.to_le_bytes()).collect(),
        });
        first += count;
    }
    arrays
}

fn statistics(all: &SampleStatistics) -> Vec<Stored> {
    let real = |name: &str, array: &Array2<f64>| Stored {
        name: name.to_owned(),
        dtype: "<f8",
        more: Vec::new(),
        bytes: array.iter().flat_map(|v| v.to_le_bytes()).collect(),
    };
    let integer = |name: &str, array: &Array2<i64>| Stored {
        name: name.to_owned(),
        dtype: "<i8",
        more: Vec::new(),
        bytes: array.iter().flat_map(|v| v.to_le_bytes()).collect(),
    };
    let truth = |name: &str, array: &Array2<bool>| Stored {
        name: name.to_owned(),
        dtype: "|b1",
        more: Vec::new(),
        bytes: array.iter().map(|v| u8::from(*v)).collect(),
    };
    vec![
        real("lp", &all.log_density),
        real("energy", &all.energy),
        real("acceptance_rate", &all.acceptance),
        real("step_size", &all.step_size),
        integer("tree_depth", &all.tree_depth),
        integer("n_steps", &all.steps),
        truth("diverging", &all.is_diverging),
        truth("reached_max_treedepth", &all.is_deepest),
    ]
}
