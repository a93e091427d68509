//! The functions of expressions.

use super::elementwise::{self, Flat, map_flat};
use super::expr::{Expr, Operand};
use super::record::Unary;
use super::special::scalar;
use dfdx::prelude::{Cpu, Tape};

/// A function of each element, with its slope.
struct Each<F>(F);

impl<F: Fn(f64) -> (f64, f64)> Unary for Each<F> {
    fn apply<T: Tape<f64, Cpu>>(self, x: Flat<T>) -> Flat<T> {
        map_flat(x, self.0)
    }
}

struct Total;

impl Unary for Total {
    fn apply<T: Tape<f64, Cpu>>(self, x: Flat<T>) -> Flat<T> {
        elementwise::sum(x)
    }
}

struct Element(usize);

impl Unary for Element {
    fn apply<T: Tape<f64, Cpu>>(self, x: Flat<T>) -> Flat<T> {
        elementwise::element(x, self.0)
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident => $f:expr;)*) => {
        impl Expr<'_> {
            $($(#[$doc])* #[must_use] pub fn $name(self) -> Self { self.map($f) })*
        }
    };
}

functions! {
    /// e to the power of each element.
    exp => |x| { let e = x.exp(); (e, e) };
    /// Natural logarithm.
    ln => |x| (x.ln(), 1.0 / x);
    /// Square root; its slope at 0 is taken to be 0, so that a radius may be written as one.
    sqrt => |x| { let root = x.sqrt(); (root, if root == 0.0 { 0.0 } else { 0.5 / root }) };
    /// Each element times itself.
    square => |x| (x * x, 2.0 * x);
    /// One over each element.
    recip => |x| (1.0 / x, -1.0 / (x * x));
    /// Absolute value; its slope at 0 is taken to be 0.
    abs => |x| (x.abs(), if x == 0.0 { 0.0 } else { x.signum() });
    /// Sine of an angle in radians.
    sin => |x| { let (s, c) = x.sin_cos(); (s, c) };
    /// Cosine of an angle in radians.
    cos => |x| { let (s, c) = x.sin_cos(); (c, -s) };
    /// Tangent of an angle in radians.
    tan => |x| { let t = x.tan(); (t, 1.0 + t * t) };
    /// Angle in radians, from -pi/2 to pi/2.
    atan => |x| (x.atan(), 1.0 / (1.0 + x * x));
    /// Hyperbolic tangent.
    tanh => |x| { let t = x.tanh(); (t, 1.0 - t * t) };
    /// 1 / (1 + exp(-x)).
    sigmoid => |x| { let s = scalar::logistic(x); (s, s * scalar::logistic(-x)) };
    /// ln(1 + exp(x)), a smooth and positive version of max(x, 0).
    softplus => scalar::softplus;
    /// exp(x) - 1, accurate near 0.
    exp_m1 => |x| (x.exp_m1(), x.exp());
    /// ln(1 + x), accurate near 0.
    ln_1p => |x| (x.ln_1p(), 1.0 / (1.0 + x));
    /// The error function.
    erf => scalar::erf;
    /// Logarithm of the absolute value of the gamma function.
    ln_gamma => scalar::ln_gamma;
}

impl<'t> Expr<'t> {
    /// A function of each element; `f` gives value and derivative.
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> (f64, f64)) -> Self {
        self.record().unary(self.node(), Each(f))
    }

    /// A function of each pair of elements; `f` gives value and both derivatives.
    #[must_use]
    pub fn map2(self, other: impl Operand<'t>, f: impl Fn(f64, f64) -> (f64, f64, f64)) -> Self {
        self.pairs(other.beside(self), f)
    }

    /// To an integer power.
    #[must_use]
    pub fn powi(self, exponent: i32) -> Self {
        let slope =
            move |x: f64| if exponent == 0 { 0.0 } else { f64::from(exponent) * x.powi(exponent - 1) };
        self.map(move |x| (x.powi(exponent), slope(x)))
    }

    /// To the power of a number or an expression; infinite slopes at 0 are taken to be 0.
    #[must_use]
    pub fn pow(self, exponent: impl Operand<'t>) -> Self {
        self.map2(exponent, scalar::pow)
    }

    /// To the power of a number; an infinite slope at 0 is taken to be 0.
    #[must_use]
    pub fn powf(self, exponent: f64) -> Self {
        self.map(move |x| (x.powf(exponent), scalar::power_slope(x, exponent)))
    }

    /// Angle of the vector (x, self) in (-pi, pi]; its slopes at the origin are taken to be 0.
    #[must_use]
    pub fn atan2(self, x: impl Operand<'t>) -> Self {
        self.map2(x, scalar::atan2)
    }

    /// Length of the vector (x, self); its slopes at the origin are taken to be 0.
    #[must_use]
    pub fn hypot(self, x: impl Operand<'t>) -> Self {
        self.map2(x, scalar::hypot)
    }

    /// The larger of both; where they are equal the slope is that of `self`.
    #[must_use]
    pub fn max(self, other: impl Operand<'t>) -> Self {
        self.map2(other, |a, b| if b > a { (b, 0.0, 1.0) } else { (a, 1.0, 0.0) })
    }

    /// The smaller of both; where they are equal the slope is that of `self`.
    #[must_use]
    pub fn min(self, other: impl Operand<'t>) -> Self {
        self.map2(other, |a, b| if b < a { (b, 0.0, 1.0) } else { (a, 1.0, 0.0) })
    }

    /// Kept between `low` and `high`; the slope is 0 outside.
    #[must_use]
    pub fn clamp(self, low: f64, high: f64) -> Self {
        self.map(move |x| {
            if x < low {
                (low, 0.0)
            } else if x > high {
                (high, 0.0)
            } else {
                (x, 1.0)
            }
        })
    }

    /// `self` where `condition` is greater than 0, else `otherwise`.
    #[must_use]
    pub fn where_positive(self, condition: Expr<'t>, otherwise: impl Operand<'t>) -> Self {
        let chosen = condition.map(|c| (f64::from(c > 0.0), 0.0));
        let otherwise = otherwise.beside(self);
        let first = self.map2(chosen, |x, c| if c > 0.0 { (x, 1.0, 0.0) } else { (0.0, 0.0, 0.0) });
        let second = otherwise.map2(chosen, |x, c| if c > 0.0 { (0.0, 0.0, 0.0) } else { (x, 1.0, 0.0) });
        first + second
    }

    /// Sum of all elements.
    #[must_use]
    pub fn sum(self) -> Self {
        self.record().unary(self.node(), Total)
    }

    /// Mean of all elements.
    #[must_use]
    pub fn mean(self) -> Self {
        self.sum() / self.len() as f64
    }

    /// Element `index`, as a single number.
    #[must_use]
    pub fn at(self, index: usize) -> Self {
        let len = self.len();
        if index >= len {
            return self.record().complain(format!("at({index}): there are {len} elements, counted from 0"));
        }
        self.record().unary(self.node(), Element(index))
    }

    /// All elements of `self`, then those of each of `others`.
    #[must_use]
    pub fn chain(self, others: &[Expr<'t>]) -> Self {
        let nodes: Vec<usize> = std::iter::once(self).chain(others.iter().copied()).map(Self::node).collect();
        self.record().concatenate(&nodes)
    }
}
