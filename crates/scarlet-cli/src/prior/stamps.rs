//! Images to train a network on: a folder of FITS and NPY files, or simulated galaxies.

use crate::error::CliError;
use crate::simulation::galaxy_images;
use scarlet::nn::train::ImageSet;
use scarlet::nn::{Values, Weights};
use scarlet::obs::fits::read_image;
use std::fs;
use std::path::{Path, PathBuf};

/// Endings of files that are read.
const ENDINGS: [&str; 4] = [".fits", ".fits.gz", ".fits.fz", ".npy"];

/// Reads all stamps in `folder`, by name: one image or a cube of images in each FITS or NPY file.
///
/// # Errors
/// There is none, a file cannot be read, or a stamp cannot be trained on: it has other than `side` x `side` pixels, pixels
/// that are not finite, none above 0, or one below minus the peak.
pub fn read_stamps(folder: &Path, side: usize) -> Result<ImageSet, CliError> {
    let entries = fs::read_dir(folder).map_err(CliError::file(folder, "read"))?;
    let mut paths: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|p| is_stamp(p)).collect();
    paths.sort();
    let mut set = ImageSet::new(side);
    for path in &paths {
        let (shape, pixels) = read(path)?;
        let [count, rows, columns] = shape;
        for k in 0..count {
            let name =
                if count > 1 { format!("{}, image {k}", path.display()) } else { path.display().to_string() };
            set.push(&name, [rows, columns], &pixels[k * rows * columns..(k + 1) * rows * columns])?;
        }
    }
    if set.is_empty() {
        return Err(CliError::Network {
            problem: format!("{} holds no stamps", folder.display()),
            advice: "put images of one galaxy each there, as .fits, .fits.gz, .fits.fz or .npy files"
                .to_owned(),
        });
    }
    Ok(set)
}

/// `count` simulated galaxies.
///
/// # Errors
/// The side is too short for a galaxy.
pub fn simulated(side: usize, count: usize, seed: u64) -> Result<ImageSet, CliError> {
    let mut set = ImageSet::new(side);
    for (k, image) in galaxy_images(side, count, seed)?.into_iter().enumerate() {
        // the renderer's FFTs leave a little below 0 where there is no light
        let pixels: Vec<f64> = image.iter().map(|v| v.max(0.0)).collect();
        set.push(&format!("simulated galaxy {k}"), [side, side], &pixels)?;
    }
    Ok(set)
}

fn is_stamp(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !name.starts_with('.') && ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Images `[image, y, x]` of a file.
fn read(path: &Path) -> Result<([usize; 3], Vec<f64>), CliError> {
    if path.extension().is_some_and(|e| e == "npy") {
        return read_npy(path);
    }
    let cube = read_image::<f64>(path, "")?.cube()?;
    let (count, rows, columns) = cube.dim();
    Ok(([count, rows, columns], cube.iter().copied().collect()))
}

fn read_npy(path: &Path) -> Result<([usize; 3], Vec<f64>), CliError> {
    let refuse = |problem: &str| CliError::Network {
        problem: format!("{} is not an array of images: {problem}", path.display()),
        advice: "save float32 or float64 arrays [y, x] or [image, y, x] with numpy.save".to_owned(),
    };
    let bytes = fs::read(path).map_err(CliError::file(path, "read"))?;
    let arrays = Weights::from_eqx(&bytes).map_err(|e| refuse(&e.to_string()))?;
    let [array] = &arrays[..] else { return Err(refuse("it holds more than one array, or none")) };
    let shape = match *array.shape() {
        [rows, columns] => [1, rows, columns],
        [count, rows, columns] => [count, rows, columns],
        ref other => return Err(refuse(&format!("its shape is {other:?}"))),
    };
    let pixels = match array.values() {
        Values::F32(values) => values.iter().map(|v| f64::from(*v)).collect(),
        Values::F64(values) => values.clone(),
    };
    Ok((shape, pixels))
}
