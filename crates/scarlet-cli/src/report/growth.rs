//! Light within circles of growing radius.

use ndarray::ArrayView3;

/// Radii at which a curve of growth is given.
const RADII: usize = 64;
/// Parts along each side into which a pixel is divided.
const PARTS: usize = 5;

/// The sum over channels and pixels within circles around `center` `(y, x)`: pairs of radius in pixels and sum.
///
/// Pixels on a circle count by the share of their area inside, to 1/25. What is not finite does not count. The last
/// circle holds all pixels.
pub(super) fn growth(cube: ArrayView3<'_, f32>, center: [f64; 2]) -> Vec<[f64; 2]> {
    let (_, height, width) = cube.dim();
    let far = |n: usize, at: f64| (at + 0.5).abs().max((n as f64 - 0.5 - at).abs());
    let end = far(height, center[0]).hypot(far(width, center[1]));
    let mut sums = [0.0; RADII];
    let offset = |k: usize| (k as f64 + 0.5) / PARTS as f64 - 0.5;
    for y in 0..height {
        for x in 0..width {
            let channels = cube.slice(ndarray::s![.., y, x]);
            let value: f64 = channels.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v)).sum();
            for part in 0..PARTS * PARTS {
                let dy = y as f64 + offset(part / PARTS) - center[0];
                let dx = x as f64 + offset(part % PARTS) - center[1];
                let ring = (dy.hypot(dx) / end * RADII as f64) as usize;
                sums[ring.min(RADII - 1)] += value / (PARTS * PARTS) as f64;
            }
        }
    }
    let mut curve = vec![[0.0, 0.0]];
    let mut inside = 0.0;
    for (ring, sum) in sums.into_iter().enumerate() {
        inside += sum;
        curve.push([end * (ring + 1) as f64 / RADII as f64, inside]);
    }
    curve
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array3;

    #[test]
    fn a_disk_grows_with_its_area_and_ends_at_its_flux() {
        let disk = Array3::from_shape_fn((2, 61, 61), |(c, y, x)| {
            let inside = (y as f64 - 30.0).hypot(x as f64 - 30.0) <= 20.0;
            if inside { 1.0 + c as f32 } else { 0.0 }
        });
        let curve = growth(disk.view(), [30.0, 30.0]);
        let total = f64::from(disk.sum());
        assert!((curve[RADII][1] / total - 1.0).abs() < 1e-12 && curve[0] == [0.0, 0.0]);
        for [radius, sum] in curve.into_iter().filter(|[radius, _]| (2.0..19.0).contains(radius)) {
            let area = 3.0 * std::f64::consts::PI * radius * radius;
            assert!((sum / area - 1.0).abs() < 0.03, "{radius}: {sum} {area}");
        }
    }
}
