//! Smooth windows around the centre, between the zones of the pixel integration.

/// A window over pixel offsets: 1 up to `inner` on both axes, 0 from `outer` on, twice differentiable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) inner: f64,
    pub(crate) outer: f64,
}

/// The factors of a window along one axis and their slopes, at `N` successive pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Factors<const N: usize> {
    pub(crate) value: [f64; N],
    pub(crate) slope: [f64; N],
}

impl Window {
    /// At pixels that begin `first` away from the profile's centre. The window at a pixel is the product over
    /// both axes; its slopes are with respect to the pixel's position, minus those with respect to the centre.
    pub(crate) fn factors<const N: usize>(self, first: f64) -> Factors<N> {
        let at = |k: usize| self.along(first + k as f64);
        Factors { value: std::array::from_fn(|k| at(k).0), slope: std::array::from_fn(|k| at(k).1) }
    }

    /// Quintic step 1 - t^3 (10 - 15 t + 6 t^2) and its slope.
    fn along(self, offset: f64) -> (f64, f64) {
        let width = self.outer - self.inner;
        let t = ((offset.abs() - self.inner) / width).clamp(0.0, 1.0);
        let value = 1.0 - t * t * t * (10.0 - 15.0 * t + 6.0 * t * t);
        let slope = -30.0 * t * t * (1.0 - t) * (1.0 - t) / width * offset.signum();
        (value, slope)
    }
}
