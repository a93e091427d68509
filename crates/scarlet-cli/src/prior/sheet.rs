//! Many images as one picture.

use crate::picture::{Picture, Stretch};
use scarlet::nn::train::from_network_units;

/// Pixels between images.
const GAP: usize = 2;

/// Images of `side` x `side` pixels in network units, `[image, y, x]`, beside and below each other, at most `columns` in a
/// row, each from 0 to its peak by the asinh stretch.
#[must_use]
pub fn sheet(images: &[f32], side: usize, columns: usize) -> Picture {
    let count = images.len() / (side * side);
    let columns = columns.clamp(1, count.max(1));
    let rows = count.div_ceil(columns);
    let stretch = Stretch::new(0.0, 1.0, 0.03);
    let step = side + GAP;
    let shape = [(rows * step).saturating_sub(GAP), (columns * step).saturating_sub(GAP)];
    let peaks: Vec<f64> = (images.chunks(side * side))
        .map(|image| from_network_units(f64::from(image.iter().copied().fold(0.0, f32::max))))
        .collect();
    Picture::from_image(shape, |y, x| {
        let (row, column) = (rows - 1 - y / step, x / step);
        let (k, y, x) = (row * columns + column, y % step, x % step);
        if k >= count || y >= side || x >= side {
            return [255; 3];
        }
        let value = from_network_units(f64::from(images[(k * side + y) * side + x]));
        let brightness = stretch.brightness(value / peaks[k].max(f64::MIN_POSITIVE)).clamp(0.0, 1.0);
        [(255.0 * brightness).round() as u8; 3]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_in_reading_order_with_row_zero_at_the_bottom() {
        let mut images = vec![0.0; 3 * 4];
        images[0] = 1.0;
        images[4 + 3] = 2.0;
        images[8 + 1] = 0.5;
        let sheet = sheet(&images, 2, 2);
        assert_eq!((sheet.width(), sheet.height()), (6, 6));
        assert_eq!(sheet.at(4, 0), [255; 3]);
        assert_eq!(sheet.at(5, 5), [255; 3]);
        assert_eq!(sheet.at(0, 1), [255; 3]);
        assert_eq!(sheet.at(0, 0), [0; 3]);
        assert_eq!(sheet.at(0, 5), [255; 3]);
    }
}
