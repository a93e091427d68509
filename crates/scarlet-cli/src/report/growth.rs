//! Light within circles of growing radius.

use ndarray::ArrayView3;

/// Radii at which a curve of growth is given, at most.
const RADII: usize = 90;

/// The sum over channels and pixels within circles around `center` `(y, x)`: pairs of radius in pixels and sum.
///
/// Each pixel counts at the distance of its centre, as for half-light radii, and what is not finite does not count.
/// Between the pairs the sum is meant to grow linearly; the last circle holds all pixels.
pub(super) fn growth(cube: ArrayView3<'_, f32>, center: [f64; 2]) -> Vec<[f64; 2]> {
    let (_, height, width) = cube.dim();
    let mut pixels: Vec<[f64; 2]> = Vec::with_capacity(height * width);
    for y in 0..height {
        for x in 0..width {
            let channels = cube.slice(ndarray::s![.., y, x]);
            let value = channels.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v)).sum();
            pixels.push([(y as f64 - center[0]).hypot(x as f64 - center[1]), value]);
        }
    }
    pixels.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
    let Some(&[end, _]) = pixels.last() else { return Vec::new() };
    let mut curve = vec![[0.0, 0.0]];
    let mut inside = 0.0;
    for (index, [radius, value]) in pixels.iter().enumerate() {
        inside += value;
        let next = pixels.get(index + 1).map_or(f64::INFINITY, |pixel| pixel[0]);
        let last = curve.last().map_or(0.0, |point| point[0]);
        if next > radius + 1e-9 && (next.is_infinite() || radius - last >= end / RADII as f64) {
            curve.push([*radius, inside]);
        }
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
            let inside = (y as f64 - 30.2).hypot(x as f64 - 29.9) <= 20.0;
            if inside { 1.0 + c as f32 } else { 0.0 }
        });
        let curve = growth(disk.view(), [30.2, 29.9]);
        let total = f64::from(disk.sum());
        assert!(curve.len() > RADII / 2 && curve.len() <= RADII + 2, "{}", curve.len());
        assert!(curve.last().is_some_and(|point| (point[1] / total - 1.0).abs() < 1e-12));
        for [radius, sum] in curve.into_iter().filter(|[radius, _]| (4.0..19.0).contains(radius)) {
            let area = 3.0 * std::f64::consts::PI * radius * radius;
            assert!((sum / area - 1.0).abs() < 0.08, "{radius}: {sum} {area}");
        }
    }

    #[test]
    fn half_of_the_light_is_within_the_half_light_radius_of_catalogues() {
        let star = Array3::from_shape_fn((1, 21, 21), |(_, y, x)| {
            (-((y as f32 - 10.3).powi(2) + (x as f32 - 9.8).powi(2)) / 4.0).exp()
        });
        let plane = star.index_axis(ndarray::Axis(0), 0).mapv(f64::from);
        let radii = scarlet::obs::catalog::LightRadii::of(plane.view(), [10.3, 9.8]);
        let half = radii.expect("it has light").r50_px;
        let curve = growth(star.view(), [10.3, 9.8]);
        let after = curve.partition_point(|point| point[0] < half);
        let ([r0, s0], [r1, s1]) = (curve[after - 1], curve[after]);
        let share = (s0 + (half - r0) / (r1 - r0) * (s1 - s0)) / f64::from(star.sum());
        assert!((share - 0.5).abs() < 0.03, "{share}");
    }
}
