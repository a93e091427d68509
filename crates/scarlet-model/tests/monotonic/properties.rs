//! What holds for every image of the families, whatever the parameters.

use crate::support::{image, values};
use ndarray::Array2;
use proptest::prelude::*;
use scarlet_model::{Monotonic, Morphology, Symmetric};

/// A shape, a peak in it, and unconstrained values for all pixels.
fn grids() -> impl Strategy<Value = ([usize; 2], [usize; 2], Vec<f64>)> {
    (1_usize..12, 1_usize..12).prop_flat_map(|(ny, nx)| {
        let peak = (0..ny, 0..nx).prop_map(|(y, x)| [y, x]);
        (Just([ny, nx]), peak, prop::collection::vec(-6.0..6.0_f64, ny * nx))
    })
}

/// The morphology with ceilings exp(x) for as many of `x` as it has.
fn with_values(morphology: &dyn Morphology, x: &[f64]) -> Array2<f64> {
    let n = values(morphology).len();
    image(morphology, &x[..n].iter().map(|x| x.exp()).collect::<Vec<_>>())
}

/// `image` on the line from pixel `p` to `peak`, where it crosses the square ring just inside: by hand.
fn inside(image: &Array2<f64>, p: [i64; 2], peak: [i64; 2]) -> f64 {
    let [dy, dx] = [(p[0] - peak[0]) as f64, (p[1] - peak[1]) as f64];
    let r = dy.abs().max(dx.abs());
    let (y, x) = (peak[0] as f64 + dy * (r - 1.0) / r, peak[1] as f64 + dx * (r - 1.0) / r);
    let (y0, x0) = ((y + 1e-9).floor(), (x + 1e-9).floor());
    let (ty, tx) = ((y - y0).max(0.0), (x - x0).max(0.0));
    let mut sum = 0.0;
    for (j, wy) in [1.0 - ty, ty].into_iter().enumerate() {
        for (i, wx) in [1.0 - tx, tx].into_iter().enumerate() {
            if wy * wx > 1e-9 {
                sum += wy * wx * image[[y0 as usize + j, x0 as usize + i]];
            }
        }
    }
    sum
}

fn falls_outwards(image: &Array2<f64>, peak: [usize; 2]) -> Result<(), TestCaseError> {
    let peak = peak.map(|c| c as i64);
    for ((y, x), &value) in image.indexed_iter() {
        let p = [y as i64, x as i64];
        prop_assert!(value > 0.0 && value.is_finite());
        if p != peak {
            let inside = inside(image, p, peak);
            prop_assert!(value <= inside * (1.0 + 1e-7), "{p:?} about {peak:?}: {value} > {inside}");
        }
    }
    Ok(())
}

fn turns_into_itself(image: &Array2<f64>, peak: [usize; 2]) -> Result<(), TestCaseError> {
    let [y2, x2] = peak.map(|c| 2 * c);
    for ((y, x), value) in image.indexed_iter() {
        if y <= y2 && x <= x2 {
            let partner = image.get([y2 - y, x2 - x]);
            prop_assert!(partner.is_none_or(|other| other == value), "[{y}, {x}] about {peak:?}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn monotonic_images_fall_along_every_line_to_the_peak((shape, peak, x) in grids()) {
        let monotonic = Monotonic::from_image(Array2::<f64>::ones(shape), peak);
        falls_outwards(&with_values(&monotonic, &x), peak)?;
    }

    #[test]
    fn symmetric_images_turn_into_themselves((shape, peak, x) in grids()) {
        let image = with_values(&Symmetric::about(Array2::<f64>::ones(shape), peak), &x);
        turns_into_itself(&image, peak)?;
    }

    #[test]
    fn images_can_be_both((shape, peak, x) in grids()) {
        let both = Monotonic::from_image(Array2::<f64>::ones(shape), peak).symmetric();
        let image = with_values(&both, &x);
        falls_outwards(&image, peak)?;
        turns_into_itself(&image, peak)?;
    }

    #[test]
    fn an_image_of_the_family_comes_back((shape, peak, x) in grids(), is_symmetric: bool) {
        let family = |image: Array2<f64>| {
            let any = Monotonic::from_image(image, peak);
            if is_symmetric { any.symmetric() } else { any }
        };
        let first = with_values(&family(Array2::ones(shape)), &x);
        let again = family(first.clone()).image();
        let bright = first[peak];
        for (a, b) in first.iter().zip(&again) {
            prop_assert!((a - b).abs() <= 1e-6 * bright, "{a} and {b}, peak {bright}");
        }
    }

    #[test]
    fn any_image_has_a_hull((shape, peak, x) in grids(), is_symmetric: bool) {
        let mut pixels = Array2::from_shape_vec(shape, x).expect("as many pixels");
        pixels[peak] = pixels[peak].abs() + 0.1;
        let hull = Monotonic::from_image(pixels.clone(), peak);
        let hull = if is_symmetric { hull.symmetric() } else { hull };
        let image = hull.image();
        falls_outwards(&image, peak)?;
        if !is_symmetric {
            let floor = 2e-7 * pixels[peak];
            prop_assert!(image.iter().zip(&pixels).all(|(h, p)| *h <= p.max(floor) * (1.0 + 1e-12)));
        }
    }

    #[test]
    fn symmetric_images_are_the_nearest((shape, peak, x) in grids()) {
        let pixels = Array2::from_shape_vec(shape, x).expect("as many pixels");
        let nearest = Symmetric::about(pixels.clone(), peak).image();
        turns_into_itself(&nearest, peak)?;
        let rest = &pixels - &nearest;
        let scale = pixels.mapv(|p| p * p).sum();
        prop_assert!((&rest * &nearest).sum().abs() <= 1e-12 * scale, "the rest is not orthogonal");
        prop_assert!(Symmetric::about(nearest.clone(), peak).image() == nearest);
    }
}
