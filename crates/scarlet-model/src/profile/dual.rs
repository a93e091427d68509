//! Dual numbers: a value and its derivatives in `K` directions.

use super::Number;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A value with its exact derivatives in `K` directions, over `f64` or a vector of them.
///
/// ```
/// use scarlet_model::profile::{Dual, Number};
/// let x = Dual::variable(2.0, 0);
/// let y: Dual<f64, 1> = x * x.ln();
/// assert_eq!(y.derivatives[0], 1.0 + 2f64.ln());
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dual<T, const K: usize> {
    /// The value.
    pub value: T,
    /// Its derivatives.
    pub derivatives: [T; K],
}

impl<T: Number, const K: usize> Dual<T, K> {
    /// A number that does not depend on anything.
    #[inline(always)]
    pub fn fixed(value: T) -> Self {
        Self { value, derivatives: [value.constant(0.0); K] }
    }

    /// The variable of direction `k`.
    #[inline(always)]
    pub fn variable(value: T, k: usize) -> Self {
        let mut result = Self::fixed(value);
        result.derivatives[k] = value.constant(1.0);
        result
    }

    /// A function of this number: its `value` here and its `slope`.
    #[inline(always)]
    fn chain(self, value: T, slope: T) -> Self {
        let mut derivatives = self.derivatives;
        for d in &mut derivatives {
            *d = *d * slope;
        }
        Self { value, derivatives }
    }
}

impl<T: Number, const K: usize> Number for Dual<T, K> {
    #[inline(always)]
    fn constant(self, value: f64) -> Self {
        Self::fixed(self.value.constant(value))
    }
    #[inline(always)]
    fn exp(self) -> Self {
        let value = self.value.exp();
        self.chain(value, value)
    }
    #[inline(always)]
    fn ln(self) -> Self {
        let (ln, recip) = self.value.ln_and_recip();
        self.chain(ln, recip)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, root.recip() * 0.5)
    }
    #[inline(always)]
    fn recip(self) -> Self {
        let value = self.value.recip();
        self.chain(value, -(value * value))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        let value = self.value.mul_add(factor.value, term.value);
        let mut derivatives = term.derivatives;
        for (k, d) in derivatives.iter_mut().enumerate() {
            let inner = self.value.mul_add(factor.derivatives[k], *d);
            *d = self.derivatives[k].mul_add(factor.value, inner);
        }
        Self { value, derivatives }
    }
    #[inline(always)]
    fn if_below(self, limit: f64, then: Self, otherwise: Self) -> Self {
        let value = self.value.if_below(limit, then.value, otherwise.value);
        let mut derivatives = otherwise.derivatives;
        for (k, d) in derivatives.iter_mut().enumerate() {
            *d = self.value.if_below(limit, then.derivatives[k], *d);
        }
        Self { value, derivatives }
    }
    #[inline(always)]
    fn least(self) -> f64 {
        self.value.least()
    }
    #[inline(always)]
    fn greatest(self) -> f64 {
        self.value.greatest()
    }
}

impl<T: Number, const K: usize> Neg for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        let mut derivatives = self.derivatives;
        for d in &mut derivatives {
            *d = -*d;
        }
        Self { value: -self.value, derivatives }
    }
}

impl<T: Number, const K: usize> Add for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let mut derivatives = self.derivatives;
        for (k, d) in derivatives.iter_mut().enumerate() {
            *d = *d + other.derivatives[k];
        }
        Self { value: self.value + other.value, derivatives }
    }
}

impl<T: Number, const K: usize> Sub for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let mut derivatives = self.derivatives;
        for (k, d) in derivatives.iter_mut().enumerate() {
            *d = *d - other.derivatives[k];
        }
        Self { value: self.value - other.value, derivatives }
    }
}

impl<T: Number, const K: usize> Mul for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let mut derivatives = self.derivatives;
        for (k, d) in derivatives.iter_mut().enumerate() {
            *d = self.value.mul_add(other.derivatives[k], *d * other.value);
        }
        Self { value: self.value * other.value, derivatives }
    }
}

impl<T: Number, const K: usize> Div for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let over = other.value.recip();
        let value = self.value * over;
        let mut derivatives = self.derivatives;
        for (k, d) in derivatives.iter_mut().enumerate() {
            *d = (*d - value * other.derivatives[k]) * over;
        }
        Self { value, derivatives }
    }
}

impl<T: Number, const K: usize> Add<f64> for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: f64) -> Self {
        Self { value: self.value + other, ..self }
    }
}

impl<T: Number, const K: usize> Sub<f64> for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: f64) -> Self {
        Self { value: self.value - other, ..self }
    }
}

impl<T: Number, const K: usize> Mul<f64> for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: f64) -> Self {
        self.chain(self.value * other, self.value.constant(other))
    }
}

impl<T: Number, const K: usize> Div<f64> for Dual<T, K> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: f64) -> Self {
        self.chain(self.value / other, self.value.constant(1.0 / other))
    }
}
