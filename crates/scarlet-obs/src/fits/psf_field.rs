//! PSFs that vary over a detector, from files.
//!
//! - PSFEx: the binary table `PSF_DATA`, column `PSF_MASK`, one image for each product of powers of x and y; keys
//!   `POLNAXIS`, `POLNAMEi`, `POLZEROi`, `POLSCALi`, `POLGRPi`, `POLNGRP`, `POLDEG1`, `PSF_SAMP`. Source: the PSFEx manual,
//!   "PSF model files"; Bertin 2011 (ASP Conf. Ser. 442, 435).
//! - A grid: a cube of images and a table with the columns `X` and `Y` of their places.
//!
//! Positions in files are those of FITS, the first pixel of the detector is (1, 1); fields have it at (0, 0).

use super::cards::find;
use super::read::FitsReader;
use super::spec::HduSelector;
use crate::ObsError;
use ndarray::Array3;
use scarlet_frame::{Header, PsfField, PsfLaw};
use std::path::Path;

/// Reads a PSF that PSFEx has fitted; `hdu` selects its table, the first one where it is empty.
///
/// # Errors
/// The file has no such table, a keyword is missing, or the PSF depends on something else than the position.
pub fn read_psfex(path: impl AsRef<Path>, hdu: &str) -> Result<PsfField, ObsError> {
    let mut file = FitsReader::open(path)?;
    let hdu = HduSelector::parse(hdu);
    let header = file.table_header(&hdu)?.clone();
    let law = law_of_psfex(&header).map_err(|problem| file.table_problem(&hdu, problem))?;
    let step = real(&header, "PSF_SAMP").map_err(|problem| file.table_problem(&hdu, problem))?;
    let masks = file.numbers(&hdu, "PSF_MASK")?;
    let planes = law.coefficients_len();
    let shape = match masks.shape[..] {
        [n, ny, nx] if masks.rows == 1 => (n, ny, nx),
        [ny, nx] if masks.rows == 1 => (1, ny, nx),
        _ => {
            let problem = format!(
                "PSF_MASK has {} rows of the shape {:?}; a PSFEx file has one row of [{planes}, y, x]",
                masks.rows, masks.shape
            );
            return Err(file.table_problem(&hdu, problem));
        }
    };
    let basis = Array3::from_shape_vec(shape, masks.values).expect("as many numbers as the shape has");
    let field = PsfField::new(basis, law).and_then(|field| field.sampled_at(1.0 / step));
    field.map_err(|error| file.table_problem(&hdu, error.to_string()))
}

/// Reads a grid of PSF images: a cube in the HDU `images`, `[node, y, x]` or one image of `[y, x]`, and a table `places`
/// with the columns `X` and `Y` of their nodes, in any order, which must be those of a rectangular grid.
///
/// # Errors
/// There are no such HDUs or columns, or the places are no grid.
pub fn read_psf_grid(path: impl AsRef<Path>, images: &str, places: &str) -> Result<PsfField, ObsError> {
    let mut file = FitsReader::open(path)?;
    let cube = file.image::<f64>(&HduSelector::parse(images))?.cube()?;
    let places = HduSelector::parse(places);
    let [x, y] = ["X", "Y"].map(|name| file.numbers(&places, name));
    let (x, y) = (x?.values, y?.values);
    let nodes: Vec<[f64; 2]> = y.iter().zip(&x).map(|(y, x)| [y - 1.0, x - 1.0]).collect();
    let grid = PsfField::of_nodes(&nodes, cube);
    grid.map_err(|error| file.table_problem(&places, error.to_string()))
}

fn law_of_psfex(header: &Header) -> Result<PsfLaw, String> {
    let axes = real(header, "POLNAXIS")? as usize;
    if axes == 0 {
        return Ok(PsfLaw::Polynomial { zero: [0.0; 2], scale: [1.0; 2], degree: 0 });
    }
    let names: Vec<&str> =
        (1..=axes).map(|k| find(header, &format!("POLNAME{k}")).unwrap_or("nothing")).collect();
    let along = |name: &str, axis: char| name.starts_with(axis) && name.ends_with("_IMAGE");
    let groups = real(header, "POLNGRP")?;
    if !(axes == 2 && along(names[0], 'X') && along(names[1], 'Y') && groups == 1.0) {
        return Err(format!(
            "the PSF depends on {} in {groups} groups; polynomials of X_IMAGE and Y_IMAGE in one group are read: run PSFEx \
             with PSFVAR_KEYS X_IMAGE,Y_IMAGE and PSFVAR_GROUPS 1,1",
            names.join(", ")
        ));
    }
    let [x_zero, y_zero] = [real(header, "POLZERO1")?, real(header, "POLZERO2")?];
    let [x_scale, y_scale] = [real(header, "POLSCAL1")?, real(header, "POLSCAL2")?];
    let degree = real(header, "POLDEG1")?;
    if !(degree >= 0.0 && degree.fract() == 0.0) {
        return Err(format!("POLDEG1 is {degree}; the degree of a polynomial is 0, 1, 2, ..."));
    }
    let (zero, scale) = ([y_zero - 1.0, x_zero - 1.0], [y_scale, x_scale]);
    Ok(PsfLaw::Polynomial { zero, scale, degree: degree as usize })
}

fn real(header: &Header, keyword: &str) -> Result<f64, String> {
    let text = find(header, keyword)
        .ok_or_else(|| format!("the keyword {keyword} is missing; a .psf file that PSFEx wrote has it"))?;
    text.trim().parse().map_err(|_| format!("{keyword} is `{text}`; it must be a number"))
}
