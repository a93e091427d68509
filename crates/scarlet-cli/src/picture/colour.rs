//! Pictures from planes of values.

use super::{Picture, Stretch};
use ndarray::{Array3, ArrayView2, s};

/// The colour of pixels without a value.
pub const INVALID: [u8; 3] = [88, 92, 104];

/// A colour picture of red, green and blue planes `[3, y, x]`, with the colours kept where it is bright.
///
/// A pixel's three values are scaled by brightness over mean intensity, so that its colour does not depend on its
/// brightness; one that comes out above full is scaled down as a whole.
///
/// Source: Lupton et al. 2004, PASP 116, 133, equations 2 and 3. scarlet (through astropy): equal to 1 of 255 levels.
///
/// # Panics
/// Where there are not three planes.
#[must_use]
pub fn rgb(colours: &Array3<f64>, stretch: &Stretch) -> Picture {
    let (planes, height, width) = colours.dim();
    assert_eq!(planes, 3, "planes: red, green, blue");
    Picture::from_image([height, width], |y, x| {
        let pixel = colours.slice(s![.., y, x]);
        rgb_pixel([pixel[0], pixel[1], pixel[2]], stretch)
    })
}

fn rgb_pixel(values: [f64; 3], stretch: &Stretch) -> [u8; 3] {
    if values.iter().any(|value| !value.is_finite()) {
        return INVALID;
    }
    let intensity = values.iter().sum::<f64>() / 3.0;
    let above = intensity - stretch.minimum();
    let factor = if above > 0.0 { stretch.brightness(intensity) / above } else { 0.0 };
    let levels = values.map(|value| ((value - stretch.minimum()) * factor).max(0.0));
    let most = levels.into_iter().fold(1.0, f64::max);
    levels.map(|level| level_of(level / most))
}

/// A grey picture of one plane `[y, x]`.
#[must_use]
pub fn grey(plane: ArrayView2<'_, f32>, stretch: &Stretch) -> Picture {
    Picture::from_image(plane.dim().into(), |y, x| {
        let value = f64::from(plane[[y, x]]);
        if value.is_finite() { [level_of(stretch.brightness(value)); 3] } else { INVALID }
    })
}

/// A picture of signed values: blue below zero, nearly white at zero, red above; full colour at `limit`.
#[must_use]
pub fn diverging(plane: ArrayView2<'_, f32>, limit: f64) -> Picture {
    Picture::from_image(plane.dim().into(), |y, x| {
        let value = f64::from(plane[[y, x]]);
        if value.is_finite() { diverging_colour(value / limit) } else { INVALID }
    })
}

/// A picture of values from 0: nearly black at zero over violet and orange to light yellow at `limit`, by the square
/// root of the value.
///
/// Of chi2 per pixel the square root is the residual in units of the noise.
#[must_use]
pub fn sequential(plane: ArrayView2<'_, f32>, limit: f64) -> Picture {
    Picture::from_image(plane.dim().into(), |y, x| {
        let value = f64::from(plane[[y, x]]);
        if value.is_finite() { sequential_colour((value.max(0.0) / limit).sqrt()) } else { INVALID }
    })
}

/// The colour of [`sequential`] at a share of its scale, from 0 to 1.
#[must_use]
pub fn sequential_colour(share: f64) -> [u8; 3] {
    const STOPS: [[f64; 3]; 6] = [
        [10.0, 10.0, 24.0],
        [60.0, 24.0, 92.0],
        [142.0, 42.0, 96.0],
        [214.0, 84.0, 62.0],
        [246.0, 164.0, 68.0],
        [252.0, 244.0, 196.0],
    ];
    let place = share.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let from = (place as usize).min(STOPS.len() - 2);
    let part = place - from as f64;
    [0, 1, 2].map(|k| (STOPS[from][k] + part * (STOPS[from + 1][k] - STOPS[from][k])).round() as u8)
}

/// The colour of [`diverging`] at a share of its scale, from -1 to 1.
#[must_use]
pub fn diverging_colour(value: f64) -> [u8; 3] {
    const ZERO: [f64; 3] = [246.0, 246.0, 244.0];
    const HALF: [[f64; 3]; 2] = [[124.0, 172.0, 216.0], [236.0, 144.0, 116.0]];
    const FULL: [[f64; 3]; 2] = [[24.0, 74.0, 150.0], [158.0, 20.0, 36.0]];
    let side = usize::from(value > 0.0);
    let size = value.abs().min(1.0);
    let (from, to, share) =
        if size < 0.5 { (ZERO, HALF[side], 2.0 * size) } else { (HALF[side], FULL[side], 2.0 * size - 1.0) };
    [0, 1, 2].map(|k| (from[k] + share * (to[k] - from[k])).round() as u8)
}

/// 0 to 1 as 0 to 255, cut at both ends and rounded down, as astropy does.
fn level_of(level: f64) -> u8 {
    (255.0 * level) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn colour_does_not_depend_on_brightness_and_white_is_not_exceeded() {
        let stretch = Stretch::new(0.0, 100.0, 1.0);
        let pixel = |scale: f64| rgb_pixel([2.0 * scale, scale, 0.0], &stretch);
        for scale in [10.0, 1e3, 1e6] {
            let [red, green, blue] = pixel(scale);
            assert!(red.abs_diff(2 * green) <= 2 && blue == 0, "{scale}: {red} {green} {blue}");
        }
        assert_eq!(pixel(1e6)[0], 255);
        assert_eq!(rgb_pixel([-3.0, -2.0, -1.0], &stretch), [0, 0, 0]);
        assert_eq!(rgb_pixel([1.0, f64::NAN, 1.0], &stretch), INVALID);
    }

    #[test]
    fn signed_values_go_from_blue_over_white_to_red() {
        let picture = diverging(array![[-9.0_f32, -2.5, 0.0, 2.5, 9.0, f32::NAN]].view(), 5.0);
        let [low, low_half, zero, half, high, bad] = [0, 1, 2, 3, 4, 5].map(|x| picture.at(0, x));
        assert_eq!((low, zero, high, bad), ([24, 74, 150], [246, 246, 244], [158, 20, 36], INVALID));
        assert!(low_half[2] > low_half[0] && half[0] > half[2]);
    }

    #[test]
    fn the_sequential_scale_gets_lighter_all_the_way() {
        let lightness = |k: i32| {
            let [red, green, blue] = sequential_colour(f64::from(k) / 50.0).map(f64::from);
            0.2126 * red + 0.7152 * green + 0.0722 * blue
        };
        assert!((0..50).all(|k| lightness(k) < lightness(k + 1)));
        let picture = sequential(array![[0.0_f32, 1.0, 4.0, 99.0, f32::NAN]].view(), 4.0);
        let at = |x| picture.at(0, x);
        assert_eq!((at(0), at(1)), (sequential_colour(0.0), sequential_colour(0.5)));
        assert_eq!((at(2), at(3), at(4)), (sequential_colour(1.0), sequential_colour(1.0), INVALID));
    }

    #[test]
    fn grey_rises_with_the_value() {
        let picture =
            grey(array![[-1.0_f32, 0.0, 1.0, 10.0, f32::INFINITY]].view(), &Stretch::new(0.0, 10.0, 1.0));
        let level = |x| picture.at(0, x)[0];
        assert_eq!((level(0), level(1), level(3)), (0, 0, 255));
        assert!(level(2) > 60 && picture.at(0, 4) == INVALID);
    }
}
