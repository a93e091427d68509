//! Where the sources are: the catalogue that a fit begins with.

use super::cells::{self, Cell, Cells};
use super::{CatalogError, Place};
use std::collections::HashMap;
use std::path::Path;

/// What a source is, where the catalogue says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A point source.
    Star,
    /// An extended source.
    Galaxy,
    /// A point source that shines in some epochs only.
    Transient,
}

/// A source of an input catalogue; it has at least one of the two positions.
#[derive(Debug, Clone, PartialEq)]
pub struct CatalogSource {
    /// Its name; the row's number from 0 where the catalogue gives none. No two sources share one.
    pub id: String,
    /// `(y, x)` in pixels, 0-based, pixel centres at integers.
    pub pixel: Option<[f64; 2]>,
    /// Right ascension and declination in degrees.
    pub sky_deg: Option<[f64; 2]>,
    /// What it is.
    pub kind: Option<SourceKind>,
}

/// The names that columns may have, in order of preference; compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogColumns {
    /// Names of the sources.
    pub id: Vec<String>,
    /// Column of pixels, 0-based.
    pub x: Vec<String>,
    /// Row of pixels, 0-based.
    pub y: Vec<String>,
    /// Column of pixels counted from 1, as SExtractor does.
    pub x_from_1: Vec<String>,
    /// Row of pixels counted from 1.
    pub y_from_1: Vec<String>,
    /// Right ascension in degrees.
    pub ra: Vec<String>,
    /// Declination in degrees.
    pub dec: Vec<String>,
    /// `star`, `galaxy` or `transient`.
    pub kind: Vec<String>,
}

impl Default for CatalogColumns {
    /// `id`, `x`, `y`, `ra`, `dec`, `type`, and SExtractor's names of the same.
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            id: names(&["id", "number"]),
            x: names(&["x"]),
            y: names(&["y"]),
            x_from_1: names(&["xwin_image", "x_image"]),
            y_from_1: names(&["ywin_image", "y_image"]),
            ra: names(&["ra", "alphawin_j2000", "alpha_j2000"]),
            dec: names(&["dec", "deltawin_j2000", "delta_j2000"]),
            kind: names(&["type"]),
        }
    }
}

impl CatalogColumns {
    fn all(&self) -> [&[String]; 8] {
        [&self.id, &self.x, &self.y, &self.ra, &self.dec, &self.kind, &self.x_from_1, &self.y_from_1]
            .map(Vec::as_slice)
    }

    /// The names to recommend: the first of each.
    fn position_names(&self) -> String {
        let name = |names: &[String]| names.first().cloned().unwrap_or_default();
        format!("{} and {}, or {} and {}", name(&self.x), name(&self.y), name(&self.ra), name(&self.dec))
    }
}

/// Reads the sources of a CSV or Parquet file.
///
/// It needs columns for `x` and `y`, or for `ra` and `dec`; with both pairs a row may leave one of them empty. Pixels
/// that count from 1 stand in where there are none from 0.
///
/// # Errors
/// Names file, line or row, column and value.
pub fn read_catalog(path: &Path, columns: &CatalogColumns) -> Result<Vec<CatalogSource>, CatalogError> {
    let wanted = |name: &str| columns.all().concat().iter().any(|alias| alias.eq_ignore_ascii_case(name));
    let cells = cells::read(path, &wanted)?;
    let index = columns.all().map(|aliases| find(&cells, aliases));
    let reader = RowReader { path, columns, cells: &cells, index };
    if !(reader.has(X, Y) || reader.has(RA, DEC) || reader.has(X_FROM_1, Y_FROM_1)) {
        let (wanted, available) = (columns.position_names(), cells.all.clone());
        return Err(CatalogError::NoPositions { path: path.to_path_buf(), wanted, available });
    }
    let rows = cells.rows.iter().enumerate();
    let sources = rows.map(|(number, (place, row))| reader.source(number, *place, row));
    let sources = sources.collect::<Result<Vec<_>, _>>()?;
    if sources.is_empty() {
        return Err(CatalogError::Empty { path: path.to_path_buf() });
    }
    check_ids(path, &cells, &sources)?;
    Ok(sources)
}

/// Positions of the columns in [`CatalogColumns::all`].
const ID: usize = 0;
const X: usize = 1;
const Y: usize = 2;
const RA: usize = 3;
const DEC: usize = 4;
const KIND: usize = 5;
const X_FROM_1: usize = 6;
const Y_FROM_1: usize = 7;

struct RowReader<'a> {
    path: &'a Path,
    columns: &'a CatalogColumns,
    cells: &'a Cells,
    index: [Option<usize>; 8],
}

impl RowReader<'_> {
    fn has(&self, first: usize, second: usize) -> bool {
        self.index[first].is_some() && self.index[second].is_some()
    }

    fn source(&self, number: usize, place: Place, row: &[Cell]) -> Result<CatalogSource, CatalogError> {
        let pixel = if self.has(X, Y) {
            self.pair(place, row, [Y, X], [f64::MAX; 2])?
        } else {
            let from_1 = self.pair(place, row, [Y_FROM_1, X_FROM_1], [f64::MAX; 2])?;
            from_1.map(|position| position.map(|counted| counted - 1.0))
        };
        let sky = self.pair(place, row, [RA, DEC], [360.0, 90.0])?;
        if pixel.is_none() && sky.is_none() {
            let columns = self.columns.position_names();
            return Err(CatalogError::NoPosition { path: self.path.to_path_buf(), place, columns });
        }
        let id = self.index[ID].and_then(|index| row[index].text()).unwrap_or_else(|| number.to_string());
        Ok(CatalogSource { id, pixel, sky_deg: sky, kind: self.kind(place, row)? })
    }

    /// Two numbers, each at most `limits` in size.
    fn pair(
        &self,
        place: Place,
        row: &[Cell],
        which: [usize; 2],
        limits: [f64; 2],
    ) -> Result<Option<[f64; 2]>, CatalogError> {
        let [Some(first), Some(second)] = which.map(|which| self.index[which]) else { return Ok(None) };
        let number = |index: usize, limit: f64| match row[index].number() {
            Err(value) if value.contains(':') || value.contains(['h', 'd']) => Err(self.bad(
                place,
                index,
                value,
                "an angle in degrees as one number (an hour of ra is 15 degrees)",
            )),
            Err(value) => Err(self.bad(place, index, value, "a number with a decimal point")),
            Ok(Some(value)) if value.abs() > limit => {
                let wanted = match limit > 90.0 {
                    true => "an angle in degrees, at most 360,",
                    false => "an angle in degrees from -90 to 90 (are ra and dec swapped?)",
                };
                Err(self.bad(place, index, value.to_string(), wanted))
            }
            Ok(value) => Ok(value),
        };
        let (a, b) = (number(first, limits[0])?, number(second, limits[1])?);
        match (a, b) {
            (Some(a), Some(b)) => Ok(Some([a, b])),
            (None, None) => Ok(None),
            (None, _) => Err(self.bad(place, first, String::new(), "a number")),
            (_, None) => Err(self.bad(place, second, String::new(), "a number")),
        }
    }

    fn kind(&self, place: Place, row: &[Cell]) -> Result<Option<SourceKind>, CatalogError> {
        let Some(index) = self.index[KIND] else { return Ok(None) };
        match row[index].text().map(|text| text.to_lowercase()).as_deref() {
            None => Ok(None),
            Some("star") => Ok(Some(SourceKind::Star)),
            Some("galaxy") => Ok(Some(SourceKind::Galaxy)),
            Some("transient") => Ok(Some(SourceKind::Transient)),
            Some(other) => {
                Err(self.bad(place, index, other.to_owned(), "star, galaxy, transient or nothing"))
            }
        }
    }

    fn bad(&self, place: Place, index: usize, value: String, wanted: &'static str) -> CatalogError {
        let column = self.cells.names[index].clone();
        CatalogError::Value { path: self.path.to_path_buf(), place, column, value, wanted }
    }
}

fn find(cells: &Cells, aliases: &[String]) -> Option<usize> {
    let position = |alias: &String| cells.names.iter().position(|name| name.eq_ignore_ascii_case(alias));
    aliases.iter().find_map(position)
}

fn check_ids(path: &Path, cells: &Cells, sources: &[CatalogSource]) -> Result<(), CatalogError> {
    let mut seen = HashMap::new();
    for (source, (place, _)) in sources.iter().zip(&cells.rows) {
        if let Some(first) = seen.insert(source.id.as_str(), *place) {
            let (path, id) = (path.to_path_buf(), source.id.clone());
            return Err(CatalogError::DuplicateId { path, place: *place, id, first });
        }
    }
    Ok(())
}
