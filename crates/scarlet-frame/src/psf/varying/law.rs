//! How the coefficients of a PSF follow from the position on a detector.

use super::LATTICE;
use crate::{BBox, FrameError};
use serde::{Deserialize, Serialize};

/// How the coefficients of images follow from the position `[y, x]` on a detector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PsfLaw {
    /// All products u^i v^j with i + j <= `degree`, u = (x - `zero[1]`) / `scale[1]` and v likewise of y, in the order of
    /// PSFEx: 1, u, u^2, ..., v, u v, ...
    Polynomial {
        /// The position where u and v are 0, `[y, x]`.
        zero: [f64; 2],
        /// The distance along `[y, x]` from there to where they are 1.
        scale: [f64; 2],
        /// The highest degree.
        degree: usize,
    },
    /// Images at the nodes of a grid, for each y all x in turn; between them bilinear, beyond them as at its edge.
    Grid {
        /// Where the rows of nodes are, increasing.
        y: Vec<f64>,
        /// Where the columns are, increasing.
        x: Vec<f64>,
    },
}

impl PsfLaw {
    /// Number of coefficients.
    #[must_use]
    pub fn coefficients_len(&self) -> usize {
        match self {
            Self::Polynomial { degree, .. } => (degree + 1) * (degree + 2) / 2,
            Self::Grid { y, x } => y.len() * x.len(),
        }
    }

    /// Where the law is known without going beyond what was fitted, from `[y, x]` to `[y, x]`; the range of a polynomial is
    /// that of u and v from -1/2 to 1/2, as PSFEx scales them.
    #[must_use]
    pub fn range(&self) -> [[f64; 2]; 2] {
        match self {
            Self::Polynomial { zero, scale, .. } => {
                [-0.5, 0.5].map(|half: f64| [0, 1].map(|k| zero[k] + half * scale[k].abs()))
            }
            Self::Grid { y, x } => {
                let end = |line: &[f64], first: bool| if first { line[0] } else { line[line.len() - 1] };
                [true, false].map(|first| [end(y, first), end(x, first)])
            }
        }
    }

    pub(super) fn check(&self) -> Result<(), FrameError> {
        let fail = |problem: String| Err(FrameError::PsfField { problem });
        match self {
            Self::Polynomial { zero, scale, degree } => {
                if !zero.iter().all(|v| v.is_finite()) {
                    return fail(format!("its polynomials begin at {zero:?}; that must be finite"));
                }
                if !scale.iter().all(|v| v.is_finite() && *v != 0.0) {
                    return fail(format!(
                        "its polynomials are scaled by {scale:?}; that must be finite and not 0"
                    ));
                }
                if *degree > MAX_DEGREE {
                    return fail(format!(
                        "its polynomials are of degree {degree}; {MAX_DEGREE} is the highest"
                    ));
                }
            }
            Self::Grid { y, x } => {
                for (name, line) in [("y", y), ("x", x)] {
                    let increases = line.windows(2).all(|pair| pair[0] < pair[1]);
                    if line.is_empty() || !line.iter().all(|v| v.is_finite()) || !increases {
                        return fail(format!(
                            "the {name} of its nodes are {line:?}; they must be finite, and each greater than the one before"
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn move_by(&mut self, by: [f64; 2]) {
        match self {
            Self::Polynomial { zero, .. } => *zero = [0, 1].map(|k| zero[k] + by[k]),
            Self::Grid { y, x } => {
                y.iter_mut().for_each(|v| *v += by[0]);
                x.iter_mut().for_each(|v| *v += by[1]);
            }
        }
    }

    /// Writes the coefficients at a `position`.
    pub(super) fn coefficients_into(&self, position: [f64; 2], out: &mut [f64]) {
        match self {
            Self::Polynomial { zero, scale, degree } => {
                let [v, u] = [0, 1].map(|k| (position[k] - zero[k]) / scale[k]);
                let (mut at, mut of_y) = (0, 1.0);
                for j in 0..=*degree {
                    let mut value = of_y;
                    for _ in 0..=degree - j {
                        out[at] = value;
                        value *= u;
                        at += 1;
                    }
                    of_y *= v;
                }
            }
            Self::Grid { y, x } => {
                out.fill(0.0);
                let ((row, down), (column, right)) = (between(y, position[0]), between(x, position[1]));
                for (j, of_y) in [(row, 1.0 - down), (row + 1, down)] {
                    for (i, of_x) in [(column, 1.0 - right), (column + 1, right)] {
                        if j < y.len() && i < x.len() {
                            out[j * x.len() + i] += of_y * of_x;
                        }
                    }
                }
            }
        }
    }

    /// Places that tell how a PSF varies over `bbox`: a regular lattice from end to end, and the nodes of a grid.
    pub(crate) fn lattice(&self, bbox: BBox) -> Vec<[f64; 2]> {
        let line = |k: usize| {
            let (low, high) = (bbox.origin()[k] as f64, (bbox.end()[k] - 1) as f64);
            let step = (high - low) / (LATTICE - 1) as f64;
            let mut line: Vec<f64> = (0..LATTICE).map(|i| low + step * i as f64).collect();
            if let Self::Grid { y, x } = self {
                let nodes = [y, x][k].iter().copied().filter(|v| *v > low && *v < high);
                line.extend(nodes);
            }
            line
        };
        let (of_y, of_x) = (line(0), line(1));
        of_y.iter().flat_map(|y| of_x.iter().map(move |x| [*y, *x])).collect()
    }
}

/// More coefficients than that follow no stars.
const MAX_DEGREE: usize = 12;

/// The node before a position, and how far on the way to the next one it is.
fn between(nodes: &[f64], at: f64) -> (usize, f64) {
    let after = nodes.partition_point(|node| *node <= at);
    match (after.checked_sub(1), nodes.get(after)) {
        (None, _) => (0, 0.0),
        (Some(before), None) => (before, 0.0),
        (Some(before), Some(next)) => (before, (at - nodes[before]) / (next - nodes[before])),
    }
}
