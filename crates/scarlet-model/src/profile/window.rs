//! Smooth windows around the centre, between the zones of the pixel integration.

/// A window over pixel offsets: 1 up to `inner` on both axes, 0 from `outer` on, twice differentiable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) inner: f64,
    pub(crate) outer: f64,
}

/// The value of a window at a pixel and its derivative with respect to the centre `[y, x]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weight {
    pub(crate) value: f64,
    pub(crate) by_center: [f64; 2],
}

impl Window {
    /// At a pixel centre `offset` = (dy, dx) away from the profile's centre.
    pub(crate) fn at(self, offset: [f64; 2]) -> Weight {
        let [(y, slope_y), (x, slope_x)] = offset.map(|d| self.along(d));
        Weight { value: y * x, by_center: [-slope_y * x, -y * slope_x] }
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
