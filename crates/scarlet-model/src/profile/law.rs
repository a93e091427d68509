//! What a radial profile is: a formula for the surface brightness, and what the pixel integration needs of it.

use super::quadrature::{RADIAL, RadialNode};
use super::{Dual, Number};
use std::fmt::Debug;

/// A shape parameter of a law: its name and the open interval in which the law makes sense.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShapeParameter {
    /// Name, as in the path of the parameter: `n`.
    pub name: &'static str,
    /// It must be greater than this.
    pub above: f64,
    /// It must be less than this.
    pub below: f64,
}

impl ShapeParameter {
    /// The parameter `name` with values greater than `above` and less than `below`.
    #[must_use]
    pub const fn new(name: &'static str, above: f64, below: f64) -> Self {
        Self { name, above, below }
    }
}

/// The greatest number of shape parameters of a law.
pub const MAX_SHAPE: usize = 3;

/// A radial profile of one's own: one formula, generic over the number type.
///
/// The formula gives the surface brightness at the squared radius `r2`, in units of the `size` of
/// [`Profile`](super::Profile), for the values of the shape parameters; its scale does not matter, since every
/// profile is divided by its flux over the infinite plane. It must be positive, smooth for `r2 > 0`, fall off
/// so fast that the flux is finite, and may be cusped or (integrably) infinite at 0.
///
/// ```
/// use scarlet_model::{free, profile::{Number, Profile, RadialLaw, ShapeParameter}};
///
/// /// Moffat's law with `size` as its core radius.
/// #[derive(Debug, Clone)]
/// struct Core;
/// impl RadialLaw for Core {
///     const KIND: &'static str = "Core";
///     const SHAPE: &'static [ShapeParameter] = &[ShapeParameter::new("beta", 1.0, f64::INFINITY)];
///     fn brightness<N: Number>(&self, r2: N, shape: &[N]) -> N {
///         (r2 + 1.0).powf(-shape[0])
///     }
/// }
/// let star_halo = Profile::new(Core, [free(2.5)], 3.0).distortion([0.1, 0.0]);
/// ```
pub trait RadialLaw: Debug + Clone + Send + Sync + 'static {
    /// The name under which a file stores it.
    const KIND: &'static str;

    /// Its shape parameters, at most [`MAX_SHAPE`].
    const SHAPE: &'static [ShapeParameter];

    /// Surface brightness at squared radius `r2`, up to a factor that does not depend on `r2`.
    fn brightness<N: Number>(&self, r2: N, shape: &[N]) -> N;

    /// Flux over the infinite plane: pi times the integral of the brightness over `r2`.
    ///
    /// By default a double-exponential quadrature, good to 1e-9 for laws that are smooth in ln r.
    /// `like` is any number, to make constants of: `like.constant(1.0)`.
    fn flux<N: Number>(&self, like: N, shape: &[N]) -> N {
        flux_by_quadrature(|r2| self.brightness(r2, shape), like)
    }

    /// Mean surface brightness inside the squared radius `r2`, with the same factor as the brightness.
    ///
    /// By default a graded quadrature of 24 points: the closed form, where there is one, is faster.
    fn mean_within<N: Number>(&self, r2: N, shape: &[N]) -> N {
        mean_by_quadrature(|r2| self.brightness(r2, shape), r2)
    }
}

/// pi times the integral of `brightness` over all `r2 = exp(pi/2 sinh t)`, by the trapezoidal rule in `t`.
#[inline(always)]
pub(crate) fn flux_by_quadrature<N: Number>(brightness: impl Fn(N) -> N, like: N) -> N {
    const STEP: f64 = 1.0 / 16.0;
    let mut sum = like.constant(0.0);
    for k in -72..=80 {
        let t = f64::from(k) * STEP;
        let r2 = (std::f64::consts::FRAC_PI_2 * t.sinh()).exp();
        let weight = r2 * std::f64::consts::FRAC_PI_2 * t.cosh();
        sum = sum + brightness(like.constant(r2)) * weight;
    }
    sum * (std::f64::consts::PI * STEP)
}

/// The integral of `brightness(r2 w)` over `w` from 0 to 1, with `w = v^6` to grade a cusp.
#[inline(always)]
pub(crate) fn mean_by_quadrature<N: Number>(brightness: impl Fn(N) -> N, r2: N) -> N {
    let mut sum = r2.constant(0.0);
    for &RadialNode { fraction, weight } in &RADIAL {
        sum = sum + brightness(r2 * fraction) * weight;
    }
    sum
}

/// A law as the integrator sees it: constants once per evaluation, brightness and mean normalised to flux 1.
pub(crate) trait Kernel: Debug + Clone + Send + Sync + 'static {
    /// What depends on the shape parameters only.
    type Constants<N: Number>;
    /// What [`Kernel::mean_within`] needs besides.
    type Means<N: Number>;
    const KIND: &'static str;
    const SIZE_NAME: &'static str;
    const SHAPE: &'static [ShapeParameter];

    fn constants<N: Number>(&self, like: N, shape: &[N]) -> Self::Constants<N>;

    fn means<N: Number>(&self, like: N, shape: &[N]) -> Self::Means<N>;

    /// Surface brightness at squared radius `r2` in units of the size, for flux 1 and size 1.
    fn brightness<N: Number>(&self, constants: &Self::Constants<N>, r2: N) -> N;

    /// Its mean inside that radius.
    fn mean_within<N: Number>(&self, constants: &Self::Constants<N>, means: &Self::Means<N>, r2: N) -> N;

    /// The same with its derivatives with respect to `r2` (direction 0) and the shape parameters.
    #[inline(always)]
    fn mean_with_slopes<T: Number, const N: usize>(
        &self,
        constants: &Self::Constants<Dual<T, N>>,
        means: &Self::Means<Dual<T, N>>,
        r2: T,
    ) -> Dual<T, N> {
        self.mean_within(constants, means, Dual::variable(r2, 0))
    }
}

/// A user's law as a kernel.
#[derive(Debug, Clone)]
pub(crate) struct Custom<L>(pub(crate) L);

/// Shape parameters of a user's law and one over its flux.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CustomConstants<N> {
    shape: [N; MAX_SHAPE],
    over_flux: N,
}

impl<L: RadialLaw> Kernel for Custom<L> {
    type Constants<N: Number> = CustomConstants<N>;
    type Means<N: Number> = ();
    const KIND: &'static str = L::KIND;
    const SIZE_NAME: &'static str = "size";
    const SHAPE: &'static [ShapeParameter] = L::SHAPE;

    #[inline(always)]
    fn constants<N: Number>(&self, like: N, shape: &[N]) -> CustomConstants<N> {
        let mut all = [like.constant(0.0); MAX_SHAPE];
        all[..shape.len()].copy_from_slice(shape);
        CustomConstants { shape: all, over_flux: self.0.flux(like, shape).recip() }
    }

    #[inline(always)]
    fn means<N: Number>(&self, _: N, _: &[N]) {}

    #[inline(always)]
    fn brightness<N: Number>(&self, c: &CustomConstants<N>, r2: N) -> N {
        self.0.brightness(r2, &c.shape[..L::SHAPE.len()]) * c.over_flux
    }

    #[inline(always)]
    fn mean_within<N: Number>(&self, c: &CustomConstants<N>, (): &(), r2: N) -> N {
        self.0.mean_within(r2, &c.shape[..L::SHAPE.len()]) * c.over_flux
    }
}
