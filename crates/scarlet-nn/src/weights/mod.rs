//! Weights of networks as they are in files.

mod eqx;

use crate::NnError;

/// An array of a file of weights, in the precision it is stored in.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    shape: Vec<usize>,
    values: Values,
}

/// Elements in row order.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

impl Weights {
    /// From its shape and elements in row order; a number has an empty shape.
    ///
    /// # Errors
    /// The shape is of another number of elements.
    pub fn new(shape: impl Into<Vec<usize>>, values: Values) -> Result<Self, NnError> {
        let (shape, n) = (shape.into(), values.len());
        let wanted = shape.iter().try_fold(1_usize, |all, side| all.checked_mul(*side));
        crate::error::expect(wanted == Some(n), "array of weights", &shape, || format!("of {n} elements"))?;
        Ok(Self { shape, values })
    }

    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its elements.
    #[must_use]
    pub const fn values(&self) -> &Values {
        &self.values
    }

    /// Its elements as numbers of one type.
    pub(crate) fn to_vec<E: From<f32>>(&self, round: impl Fn(f64) -> E) -> Vec<E> {
        match &self.values {
            Values::F32(values) => values.iter().map(|v| E::from(*v)).collect(),
            Values::F64(values) => values.iter().map(|v| round(*v)).collect(),
        }
    }

    /// The first element that is not a finite number.
    pub(crate) fn not_finite(&self) -> Option<usize> {
        match &self.values {
            Values::F32(values) => values.iter().position(|v| !v.is_finite()),
            Values::F64(values) => values.iter().position(|v| !v.is_finite()),
        }
    }
}

impl Values {
    /// The number of elements.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn to_le_bytes(&self) -> Vec<u8> {
        match self {
            Self::F32(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            Self::F64(values) => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }
}

/// The numbers in `bytes`, whose length is a multiple of theirs.
pub(crate) fn of_le_bytes<const B: usize, E>(bytes: &[u8], parse: fn([u8; B]) -> E) -> Vec<E> {
    bytes.as_chunks::<B>().0.iter().map(|chunk| parse(*chunk)).collect()
}
