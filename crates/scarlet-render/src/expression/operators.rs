//! The operators + - * / of expressions.

use super::elementwise::{Flat, add_signed, affine, map2_flat};
use super::expr::Expr;
use super::record::{Binary, Unary};
use dfdx::prelude::{Cpu, Merge, NoneTape, Tape};
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `factor * x + offset`.
struct Affine(f64, f64);

impl Unary for Affine {
    fn apply<T: Tape<f64, Cpu>>(self, x: Flat<T>) -> Flat<T> {
        affine(x, self.0, self.1)
    }
}

/// `a + sign * b`.
struct AddSigned(f64);

impl Binary for AddSigned {
    fn apply<T: Tape<f64, Cpu> + Merge<NoneTape>>(self, a: Flat<T>, b: Flat) -> Flat<T> {
        add_signed(a, b, self.0)
    }
}

/// A function of each pair, with its two slopes.
pub(super) struct Pairs<F>(pub(super) F);

impl<F: Fn(f64, f64) -> (f64, f64, f64)> Binary for Pairs<F> {
    fn apply<T: Tape<f64, Cpu> + Merge<NoneTape>>(self, a: Flat<T>, b: Flat) -> Flat<T> {
        map2_flat(a, b, self.0)
    }
}

impl<'t> Expr<'t> {
    fn affine(self, factor: f64, offset: f64) -> Self {
        self.record().unary(self.node(), Affine(factor, offset))
    }

    fn add_signed(self, other: Self, sign: f64) -> Self {
        self.record().binary(self.node(), other.node(), AddSigned(sign))
    }

    pub(super) fn pairs(self, other: Self, f: impl Fn(f64, f64) -> (f64, f64, f64)) -> Self {
        self.record().binary(self.node(), other.node(), Pairs(f))
    }
}

impl Neg for Expr<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        self.affine(-1.0, 0.0)
    }
}

impl Add for Expr<'_> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.add_signed(other, 1.0)
    }
}

impl Sub for Expr<'_> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.add_signed(other, -1.0)
    }
}

impl Mul for Expr<'_> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.pairs(other, |a, b| (a * b, b, a))
    }
}

impl Div for Expr<'_> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        self.pairs(other, |a, b| (a / b, 1.0 / b, -a / (b * b)))
    }
}

impl Add<f64> for Expr<'_> {
    type Output = Self;
    fn add(self, other: f64) -> Self {
        self.affine(1.0, other)
    }
}

impl Sub<f64> for Expr<'_> {
    type Output = Self;
    fn sub(self, other: f64) -> Self {
        self.affine(1.0, -other)
    }
}

impl Mul<f64> for Expr<'_> {
    type Output = Self;
    fn mul(self, other: f64) -> Self {
        self.affine(other, 0.0)
    }
}

impl Div<f64> for Expr<'_> {
    type Output = Self;
    fn div(self, other: f64) -> Self {
        self.affine(other.recip(), 0.0)
    }
}

impl<'t> Add<Expr<'t>> for f64 {
    type Output = Expr<'t>;
    fn add(self, other: Expr<'t>) -> Expr<'t> {
        other.affine(1.0, self)
    }
}

impl<'t> Sub<Expr<'t>> for f64 {
    type Output = Expr<'t>;
    fn sub(self, other: Expr<'t>) -> Expr<'t> {
        other.affine(-1.0, self)
    }
}

impl<'t> Mul<Expr<'t>> for f64 {
    type Output = Expr<'t>;
    fn mul(self, other: Expr<'t>) -> Expr<'t> {
        other.affine(self, 0.0)
    }
}

impl<'t> Div<Expr<'t>> for f64 {
    type Output = Expr<'t>;
    fn div(self, other: Expr<'t>) -> Expr<'t> {
        other.map(|x| (self / x, -self / (x * x)))
    }
}
