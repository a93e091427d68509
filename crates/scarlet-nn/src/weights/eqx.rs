//! Files of equinox (`.eqx`): NPY records one behind the other, without names.
//!
//! Sources: NEP 1 of numpy (the NPY format, version 1.0); `equinox.tree_serialise_leaves` writes one record for each leaf.

use super::{Values, Weights, of_le_bytes};
use crate::NnError;

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";
/// Headers are padded to a multiple of this.
const ALIGNMENT: usize = 64;

impl Weights {
    /// All arrays of an `.eqx` file, in the order in which they stand there.
    ///
    /// # Errors
    /// [`NnError::Record`]: which record is cut short or is not a little-endian array of floats in row order.
    pub fn from_eqx(mut bytes: &[u8]) -> Result<Vec<Self>, NnError> {
        let mut all = Vec::new();
        while !bytes.is_empty() {
            let (weights, rest) =
                record(bytes).map_err(|problem| NnError::Record { record: all.len(), problem })?;
            all.push(weights);
            bytes = rest;
        }
        Ok(all)
    }

    /// The arrays as an `.eqx` file, byte for byte as equinox writes them.
    #[must_use]
    pub fn to_eqx(all: &[Self]) -> Vec<u8> {
        all.iter().flat_map(|weights| weights.to_record()).collect()
    }

    fn to_record(&self) -> Vec<u8> {
        let descr = match self.values {
            Values::F32(_) => "<f4",
            Values::F64(_) => "<f8",
        };
        let sides: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        let comma = if sides.len() == 1 { "," } else { "" };
        let shape = format!("({}{comma})", sides.join(", "));
        let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        // numpy leaves room for the first side to grow to 21 digits
        let room = sides.first().map_or(0, |side| 21_usize.saturating_sub(side.len()));
        let preamble = MAGIC.len() + 2;
        let total = (preamble + header.len() + room + 1).next_multiple_of(ALIGNMENT);
        header.push_str(&" ".repeat(total - preamble - header.len() - 1));
        header.push('\n');
        let length = u16::try_from(header.len()).unwrap_or(u16::MAX);
        let mut bytes = [MAGIC, &length.to_le_bytes(), header.as_bytes()].concat();
        bytes.extend(self.values.to_le_bytes());
        bytes
    }
}

/// The first record and the bytes behind it.
fn record(bytes: &[u8]) -> Result<(Weights, &[u8]), String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin with the mark of an NPY 1.0 array")?;
    let short = || "the file ends in its header".to_owned();
    let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
    let (header, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or_else(short)?;
    let header = std::str::from_utf8(header).map_err(|_| "its header is not text")?;
    if entry(header, "fortran_order")? != "False" {
        return Err("its elements are in column order".to_owned());
    }
    let shape = sides(entry(header, "shape")?)?;
    let n = shape.iter().try_fold(1_usize, |n, side| n.checked_mul(*side)).ok_or("its shape is too large")?;
    let (values, rest) = match entry(header, "descr")? {
        "'<f4'" => elements(rest, n, f32::from_le_bytes).map(|(v, rest)| (Values::F32(v), rest)),
        "'<f8'" => elements(rest, n, f64::from_le_bytes).map(|(v, rest)| (Values::F64(v), rest)),
        other => Err(format!("its elements are {other}; only '<f4' and '<f8' are read")),
    }?;
    Ok((Weights { shape, values }, rest))
}

/// The value of `key` in the header, as it is written.
fn entry<'a>(header: &'a str, key: &str) -> Result<&'a str, String> {
    let missing = || format!("its header has no '{key}'");
    let (_, rest) = header.split_once(&format!("'{key}':")).ok_or_else(missing)?;
    let rest = rest.trim_start();
    let end = if rest.starts_with('(') { rest.find(')').map(|k| k + 1) } else { rest.find([',', '}']) };
    end.map(|end| &rest[..end]).ok_or_else(missing)
}

/// The sides in `(64, 2, 4, 4)`.
fn sides(shape: &str) -> Result<Vec<usize>, String> {
    let inner = shape.strip_prefix('(').and_then(|s| s.strip_suffix(')'));
    let parts = inner.ok_or_else(|| format!("its shape is {shape}"))?.split(',').map(str::trim);
    let parse = |side: &str| side.parse().map_err(|_| format!("its shape is {shape}"));
    parts.filter(|side| !side.is_empty()).map(parse).collect()
}

/// The first `n` numbers and the bytes behind them.
fn elements<const B: usize, E>(
    bytes: &[u8],
    n: usize,
    parse: fn([u8; B]) -> E,
) -> Result<(Vec<E>, &[u8]), String> {
    let (own, rest) = n
        .checked_mul(B)
        .and_then(|length| bytes.split_at_checked(length))
        .ok_or_else(|| format!("the file ends after {} of its {n} elements", bytes.len() / B))?;
    Ok((of_le_bytes(own, parse), rest))
}
