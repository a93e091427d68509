//! A picture in memory: 8-bit RGB, and PNG.

/// An 8-bit RGB picture, top row first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// The picture whose colour at image position `(y, x)` is given by `colour`, with row 0 at the bottom.
    pub fn from_image(shape: [usize; 2], mut colour: impl FnMut(usize, usize) -> [u8; 3]) -> Self {
        let [height, width] = shape;
        let rows = (0..height).rev();
        let pixels = rows.flat_map(|y| (0..width).map(move |x| (y, x))).map(|(y, x)| colour(y, x)).collect();
        Self { width, height, pixels }
    }

    /// Columns.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// The colour at position `(y, x)` of the image, row 0 at the bottom.
    ///
    /// # Panics
    /// Outside the picture.
    #[must_use]
    pub fn at(&self, y: usize, x: usize) -> [u8; 3] {
        assert!(
            y < self.height && x < self.width,
            "({y}, {x}) of {} rows, {} columns",
            self.height,
            self.width
        );
        self.pixels[(self.height - 1 - y) * self.width + x]
    }

    /// Each pixel repeated so often in both directions that the longer side has at least `side` pixels.
    #[must_use]
    pub fn upscaled(&self, side: usize) -> Self {
        let factor = side.div_ceil(self.width.max(self.height).max(1)).max(1);
        let (width, height) = (self.width * factor, self.height * factor);
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        let pixels = places.map(|(y, x)| self.pixels[y / factor * self.width + x / factor]).collect();
        Self { width, height, pixels }
    }

    /// The bytes of a PNG file; an empty picture becomes one black pixel, since PNG has none without pixels.
    ///
    /// # Panics
    /// Where a side is longer than PNG allows, 2^31 - 1.
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        if self.pixels.is_empty() {
            return Self { width: 1, height: 1, pixels: vec![[0; 3]] }.png();
        }
        let side = |length| u32::try_from(length).expect("a side of a picture is below 2^31");
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("writing to memory cannot fail");
        writer.write_image_data(self.pixels.as_flattened()).expect("as many bytes as the header says");
        writer.finish().expect("writing to memory cannot fail");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Picture {
        Picture::from_image([2, 3], |y, x| [10 * y as u8, x as u8, 7])
    }

    #[test]
    fn row_zero_is_at_the_bottom() {
        assert_eq!(picture().pixels[0], [10, 0, 7]);
        assert_eq!(picture().at(0, 2), [0, 2, 7]);
    }

    #[test]
    fn upscaling_repeats_pixels() {
        let large = picture().upscaled(8);
        assert_eq!((large.width(), large.height()), (9, 6));
        assert!((0..6).all(|y| (0..9).all(|x| large.at(y, x) == picture().at(y / 3, x / 3))));
        assert_eq!(picture().upscaled(2), picture());
    }

    #[test]
    fn a_png_holds_what_was_drawn() {
        let bytes = picture().png();
        let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("small")];
        let info = reader.next_frame(&mut pixels).expect("a frame");
        assert_eq!((info.width, info.height, info.color_type), (3, 2, png::ColorType::Rgb));
        assert_eq!(pixels, picture().pixels.as_flattened());
        assert!(!Picture::from_image([0, 5], |_, _| [0; 3]).png().is_empty());
    }
}
