//! Blends for the peer, and what it makes of them.

use crate::common::TrueBlend;
use crate::common::deblend::{seeds_of, start};
use crate::sky;
use ndarray::{Array1, Array3, Ix4, OwnedRepr};
use ndarray_npy::{NpzReader, NpzWriter};
use std::error::Error;
use std::fs::File;
use std::path::Path;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Writes `blend-NUMBER.npz`: images, positions, and our start values by path.
pub(crate) fn write(folder: &Path, number: usize, blend: &TrueBlend) -> Outcome<()> {
    std::fs::create_dir_all(folder)?;
    let mut file = NpzWriter::new_compressed(File::create(folder.join(format!("blend-{number}.npz")))?);
    file.add_array("images", &blend.observation.data().mapv(|v| v as f32))?;
    file.add_array("weights", &blend.observation.weights().mapv(|v| v as f32))?;
    file.add_array("psfs", &sky::psfs().mapv(|v| v as f32))?;
    file.add_array("centers", &sky::positions(blend))?;
    file.add_array("is_star", &Array1::from(blend.is_star.clone()))?;
    let scene = start(&blend.observation, &seeds_of(blend));
    for (path, param) in scene.params() {
        let name = path.replace('.', "-");
        let start = param.value().mapv(|v| v as f32);
        file.add_array(format!("start-{name}"), &start)?;
    }
    file.finish()?;
    Ok(())
}

/// The models `[source, band, y, x]` that the peer wrote for a blend.
pub(crate) fn read(path: &Path, blend: &TrueBlend) -> Outcome<Vec<Array3<f64>>> {
    let models = NpzReader::new(File::open(path)?)?.by_name::<OwnedRepr<f32>, Ix4>("models")?;
    let models: Vec<_> = models.outer_iter().map(|model| model.mapv(f64::from)).collect();
    if models.len() != blend.centers.len() {
        return Err(format!("{} models of {} sources", models.len(), blend.centers.len()).into());
    }
    Ok(models)
}
