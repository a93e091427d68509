//! Vectors of `f64`, as wide as the machine's, with branch-free `exp` and `ln`.

use super::Number;
use pulp::Simd;
use pulp::bytemuck::cast_slice_mut;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// As many `f64` as one register of the machine holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lane<S: Simd> {
    simd: S,
    values: S::f64s,
}

/// The greatest number of lanes of any machine.
pub(crate) const MAX_LANES: usize = 8;

const COUNTING: [f64; MAX_LANES] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];

impl<S: Simd> Lane<S> {
    /// Number of values.
    pub(crate) const LEN: usize = S::F64_LANES;

    /// The same value in every lane.
    #[inline(always)]
    pub(crate) fn splat(simd: S, value: f64) -> Self {
        Self { simd, values: simd.splat_f64s(value) }
    }

    /// 0, 1, 2, ...
    #[inline(always)]
    pub(crate) fn counting(simd: S) -> Self {
        Self { simd, values: simd.partial_load_f64s(&COUNTING[..Self::LEN]) }
    }

    /// The values from `at` on.
    #[inline(always)]
    pub(crate) fn load(simd: S, from: &[f64], at: usize) -> Self {
        Self { simd, values: S::as_simd_f64s(&from[at..at + Self::LEN]).0[0] }
    }

    /// Writes the values from `at` on.
    #[inline(always)]
    pub(crate) fn store(self, to: &mut [f64], at: usize) {
        S::as_mut_simd_f64s(&mut to[at..at + Self::LEN]).0[0] = self.values;
    }

    /// The sum of the values.
    #[inline(always)]
    pub(crate) fn sum(self) -> f64 {
        self.simd.reduce_sum_f64s(self.values)
    }

    #[inline(always)]
    fn with(self, values: S::f64s) -> Self {
        Self { values, ..self }
    }

    #[inline(always)]
    fn bits(self) -> S::u64s {
        self.simd.transmute_u64s_f64s(self.values)
    }

    #[inline(always)]
    fn with_bits(self, bits: S::u64s) -> Self {
        self.with(self.simd.transmute_f64s_u64s(bits))
    }

    /// A polynomial of 10 or 12 coefficients, highest power first, by Estrin's scheme: half the waiting of Horner's.
    #[inline(always)]
    fn polynomial<const N: usize>(self, coefficients: &[f64; N]) -> Self {
        const { assert!(N == 10 || N == 12) };
        let pair = |k: usize| {
            let [high, low] = [2, 1].map(|back| self.constant(coefficients[N - 2 * k - back]));
            high.mul_add(self, low)
        };
        let square = self * self;
        let fourth = square * square;
        let first = pair(1).mul_add(square, pair(0));
        let second = pair(3).mul_add(square, pair(2));
        let third = if N == 10 { pair(4) } else { pair(N / 2 - 1).mul_add(square, pair(4)) };
        third.mul_add(fourth, second).mul_add(fourth, first)
    }
}

#[inline(always)]
fn shift_left_52<S: Simd>(mut bits: S::u64s) -> S::u64s {
    for word in cast_slice_mut::<S::u64s, u64>(std::slice::from_mut(&mut bits)) {
        *word <<= 52;
    }
    bits
}

#[inline(always)]
fn shift_right_52<S: Simd>(mut bits: S::u64s) -> S::u64s {
    for word in cast_slice_mut::<S::u64s, u64>(std::slice::from_mut(&mut bits)) {
        *word >>= 52;
    }
    bits
}

/// ln 2 in two parts, the first with its last 20 bits zero.
const LN2: [f64; 2] = [f64::from_bits(0x3FE6_2E42_FEF0_0000), f64::from_bits(0x3DD4_73DE_6AF2_78ED)];

/// exp(709), what `exp` is from there on.
const GREATEST_EXP: f64 = 8.218_407_461_554_972e307;

/// Adding it leaves the nearest whole number in the last bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// exp(r) for |r| <= ln(2)/2, highest power first: 1 + r and a polynomial interpolated at Chebyshev nodes, to 1e-17.
const EXP: [f64; 12] = [
    2.510_521_700_472_074_5e-8,
    2.762_637_106_569_635_4e-7,
    2.755_725_540_020_642_2e-6,
    2.480_150_431_378_554e-5,
    0.000_198_412_698_748_206_27,
    0.001_388_888_893_251_478,
    0.008_333_333_333_326_136,
    0.041_666_666_666_573_066,
    0.166_666_666_666_666_7,
    0.500_000_000_000_000_6,
    1.0,
    1.0,
];

/// 2/21, 2/19, ..., 2/3: the series of ln((1 + s) / (1 - s)) / s in s^2, without its first term.
const LN: [f64; 10] = [
    2.0 / 21.0,
    2.0 / 19.0,
    2.0 / 17.0,
    2.0 / 15.0,
    2.0 / 13.0,
    2.0 / 11.0,
    2.0 / 9.0,
    2.0 / 7.0,
    2.0 / 5.0,
    2.0 / 3.0,
];

impl<S: Simd> Number for Lane<S> {
    #[inline(always)]
    fn constant(self, value: f64) -> Self {
        Self::splat(self.simd, value)
    }

    /// 2^n times the series of the remainder, |remainder| <= ln(2)/2. Its ends are put in place last, so that nothing
    /// has to wait for them.
    #[inline(always)]
    fn exp(self) -> Self {
        let simd = self.simd;
        let x = self;
        let shifted = x.mul_add(x.constant(std::f64::consts::LOG2_E), x.constant(ROUND));
        let n = shifted - ROUND;
        let remainder = n.mul_add(x.constant(-LN2[0]), x);
        let remainder = n.mul_add(x.constant(-LN2[1]), remainder);
        let series = remainder.polynomial(&EXP);
        let result = x.with_bits(simd.add_u64s(series.bits(), shift_left_52::<S>(shifted.bits())));
        let result = (-x).if_below(-709.0, x.constant(GREATEST_EXP), result);
        x.if_below(-707.0, x.constant(0.0), result)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        self.ln_and_recip().0
    }

    /// The exponent times ln 2, plus the series of the mantissa m in [sqrt(1/2), sqrt(2)); one division serves
    /// for (m - 1) / (m + 1) and for 1 / m.
    #[inline(always)]
    fn ln_and_recip(self) -> (Self, Self) {
        const OFFSET: u64 = 0x3FE6_A09E_667F_3BCD;
        const ONE: u64 = 0x3FF0_0000_0000_0000;
        let simd = self.simd;
        let word = |w: u64| simd.splat_u64s(w);
        let lifted = simd.add_u64s(self.bits(), word(ONE - OFFSET));
        let exponent = simd.or_u64s(shift_right_52::<S>(lifted), word(0x4330_0000_0000_0000));
        let n = self.with_bits(exponent) - (4_503_599_627_370_496.0 + 1023.0);
        let fraction = simd.and_u64s(lifted, word(0x000F_FFFF_FFFF_FFFF));
        let m = self.with_bits(simd.add_u64s(fraction, word(OFFSET)));
        let f = m - 1.0;
        let over = (m * (m + 1.0)).recip();
        let s = f * m * over;
        let z = s * s;
        let half_square = f * f * 0.5;
        let tail = s * z.mul_add(z.polynomial(&LN), half_square);
        let small = n.mul_add(self.constant(LN2[1]), tail) - half_square;
        let result = n.mul_add(self.constant(LN2[0]), small + f);
        let at_zero = self.if_below(0.0, self.constant(f64::NAN), self.constant(f64::NEG_INFINITY));
        let result = self.if_below(f64::MIN_POSITIVE, at_zero, result);
        // 1 / m times 2^-n, by subtracting n from the exponent
        let over_m = simd.add_u64s(((m + 1.0) * over).bits(), word(ONE));
        let recip = self.with_bits(simd.sub_u64s(over_m, simd.sub_u64s(lifted, fraction)));
        let recip = self.if_below(1e300, recip, self.constant(0.0));
        (self.if_below(f64::INFINITY, result, self), recip)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.with(self.simd.sqrt_f64s(self.values))
    }
    #[inline(always)]
    fn recip(self) -> Self {
        self.constant(1.0) / self
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        self.with(self.simd.mul_add_e_f64s(self.values, factor.values, term.values))
    }
    #[inline(always)]
    fn if_below(self, limit: f64, then: Self, otherwise: Self) -> Self {
        let below = self.simd.less_than_f64s(self.values, self.simd.splat_f64s(limit));
        self.with(self.simd.select_f64s(below, then.values, otherwise.values))
    }
    #[inline(always)]
    fn least(self) -> f64 {
        self.simd.reduce_min_f64s(self.values)
    }
    #[inline(always)]
    fn greatest(self) -> f64 {
        self.simd.reduce_max_f64s(self.values)
    }
}

impl<S: Simd> Neg for Lane<S> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.with(self.simd.neg_f64s(self.values))
    }
}

macro_rules! operator {
    ($($trait:ident $method:ident $simd:ident),*) => {$(
        impl<S: Simd> $trait for Lane<S> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.with(self.simd.$simd(self.values, other.values))
            }
        }
        impl<S: Simd> $trait<f64> for Lane<S> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: f64) -> Self {
                self.$method(self.constant(other))
            }
        }
    )*};
}
operator!(Add add add_f64s, Sub sub sub_f64s, Mul mul mul_f64s, Div div div_f64s);

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies `f` to every value, in lanes of this machine.
    fn lanes<S: Simd>(simd: S, values: &[f64], f: impl Fn(Lane<S>) -> Lane<S>) -> Vec<f64> {
        let mut out = values.to_vec();
        for value in &mut out {
            let mut lane = [0.0; MAX_LANES];
            f(Lane::splat(simd, *value)).store(&mut lane, 0);
            assert!(lane[..Lane::<S>::LEN].iter().all(|v| v.to_bits() == lane[0].to_bits()));
            *value = lane[0];
        }
        out
    }

    fn check<S: Simd>(simd: S) {
        let arguments: Vec<f64> = (-7069..=7089).map(|k| 0.1 * f64::from(k)).collect();
        for (x, ours) in arguments.iter().zip(lanes(simd, &arguments, Number::exp)) {
            assert!((ours / x.exp() - 1.0).abs() < 1e-15, "exp {x}: {ours}");
        }
        let arguments: Vec<f64> = (-3000..3000).map(|k| (0.2003 * f64::from(k)).exp()).collect();
        for (x, ours) in arguments.iter().zip(lanes(simd, &arguments, Number::ln)) {
            assert!((ours - x.ln()).abs() <= 1e-15 * x.ln().abs(), "ln {x}: {ours}");
        }
        let near_one: Vec<f64> = (-500..500).map(|k| 1.0 + 1e-5 * f64::from(k)).collect();
        for (x, ours) in near_one.iter().zip(lanes(simd, &near_one, Number::ln)) {
            assert!((ours - x.ln()).abs() <= 1e-15 * x.ln().abs(), "ln {x}: {ours}");
        }
        for (x, ours) in near_one.iter().zip(lanes(simd, &near_one, |x| x.ln_and_recip().1)) {
            assert!((ours * x - 1.0).abs() < 6e-16, "1 / {x}: {ours}");
        }
        for (x, ours) in arguments.iter().zip(lanes(simd, &arguments, |x| x.ln_and_recip().1)) {
            assert!((ours * x - 1.0).abs() < 6e-16, "1 / {x}: {ours}");
        }
        let special = [0.0, -1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -1e5];
        let exp = lanes(simd, &special, Number::exp);
        assert!(exp[0] == 1.0 && exp[2] > 1e307 && exp[3] == 0.0 && exp[4].is_nan() && exp[5] == 0.0);
        let ln = lanes(simd, &special, Number::ln);
        assert!(ln[0] == f64::NEG_INFINITY && ln[1].is_nan() && ln[2] == f64::INFINITY && ln[4].is_nan());
    }

    #[test]
    fn exp_and_ln_are_accurate_in_every_instruction_set_that_is_there() {
        check(pulp::Scalar::new());
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = pulp::x86::V3::try_new() {
                check(simd);
            }
            if let Some(simd) = pulp::x86::V4::try_new() {
                check(simd);
            }
        }
    }
}
