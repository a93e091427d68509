//! How an image lies on the pixels of a network.

use std::ops::Range;

/// The part of each of a network's pixels, along one axis, that pixels of the image fill.
#[derive(Debug, Clone)]
struct Axis {
    /// Of each of the network's pixels, those of the image that it holds some of.
    pixels: Vec<Range<usize>>,
    /// Their weights, which add up to 1 inside the image.
    weights: Vec<Vec<f64>>,
}

impl Axis {
    /// `n` pixels of the image in the middle of `side` of the network, each of these `width` pixels of the image wide.
    fn new(n: usize, side: usize, width: f64) -> Self {
        let filled = n as f64 / width;
        let first = if width > 1.0 { 0.5 * (side as f64 - filled) } else { ((side - n) / 2) as f64 };
        let (mut pixels, mut weights) = (Vec::with_capacity(side), Vec::with_capacity(side));
        for pixel in 0..side {
            let [low, high] =
                [0, 1].map(|end| ((pixel + end) as f64 - first) * width).map(|v| v.clamp(0.0, n as f64));
            // rounding must not make a pixel of almost nothing
            let [from, to] = [(low + 1e-9).floor() as usize, (high - 1e-9).ceil().max(0.0) as usize];
            let own = from..to.max(from).min(n);
            let overlap = |k: usize| ((k as f64 + 1.0).min(high) - (k as f64).max(low)) / width;
            weights.push(own.clone().map(overlap).collect());
            pixels.push(own);
        }
        Self { pixels, weights }
    }

    /// Of each of `n` pixels of the image, the sum of its weights.
    fn shares(&self, n: usize) -> Vec<f64> {
        let mut shares = vec![0.0; n];
        for (own, weights) in self.pixels.iter().zip(&self.weights) {
            let whole: f64 = weights.iter().sum();
            for (k, weight) in own.clone().zip(weights) {
                shares[k] += weight * whole;
            }
        }
        shares
    }
}

/// An image in the middle of a network's square: padded with zeros, or averaged where it is larger.
#[derive(Debug, Clone)]
pub(super) struct Window {
    axes: [Axis; 2],
    columns: usize,
    rows: usize,
    /// The pixel of the network, `[y, x]`, that the first one of the image is, where they are as large.
    first: Option<[usize; 2]>,
}

impl Window {
    pub(super) fn new(shape: [usize; 2], side: usize) -> Self {
        let width = shape.iter().fold(1.0, |width: f64, n| width.max(*n as f64 / side as f64));
        let first = (width <= 1.0).then(|| shape.map(|n| (side - n) / 2));
        Self { axes: shape.map(|n| Axis::new(n, side, width)), rows: shape[0], columns: shape[1], first }
    }

    /// Where each row of a padded image is among the network's pixels; none where that is averaged.
    fn padded(&self) -> Option<impl Iterator<Item = Range<usize>>> {
        let ([y0, x0], side) = (self.first?, self.axes[1].pixels.len());
        Some((y0..y0 + self.rows).map(move |y| y * side + x0..y * side + x0 + self.columns))
    }

    /// Writes the mean of the image in each of the network's pixels.
    pub(super) fn means(&self, image: &[f64], means: &mut [f32]) {
        match self.padded() {
            Some(rows) => {
                means.fill(0.0);
                for (row, pixels) in rows.zip(image.chunks_exact(self.columns)) {
                    means[row].iter_mut().zip(pixels).for_each(|(mean, v)| *mean = *v as f32);
                }
            }
            None => self.read(image, |pixel, mean| means[pixel] = mean as f32),
        }
    }

    /// Calls `f` with each of the network's pixels and the mean of the image in it.
    fn read(&self, image: &[f64], mut f: impl FnMut(usize, f64)) {
        let mut pixel = 0;
        let [ys, xs] = &self.axes;
        for (rows, of_rows) in ys.pixels.iter().zip(&ys.weights) {
            for (columns, of_columns) in xs.pixels.iter().zip(&xs.weights) {
                let mut mean = 0.0;
                for (y, wy) in rows.clone().zip(of_rows) {
                    let row = &image[y * self.columns..][columns.clone()];
                    mean += wy * row.iter().zip(of_columns).map(|(v, wx)| v * wx).sum::<f64>();
                }
                f(pixel, mean);
                pixel += 1;
            }
        }
    }

    /// Adds to `image` what comes from each of the network's pixels: the transpose of [`Window::means`].
    pub(super) fn pull_back(&self, pixels: &[f32], image: &mut [f64]) {
        if let Some(rows) = self.padded() {
            for (row, image) in rows.zip(image.chunks_exact_mut(self.columns)) {
                image.iter_mut().zip(&pixels[row]).for_each(|(v, own)| *v += f64::from(*own));
            }
            return;
        }
        let [ys, xs] = &self.axes;
        let side = xs.pixels.len();
        for (row, (rows, of_rows)) in ys.pixels.iter().zip(&ys.weights).enumerate() {
            for (column, (columns, of_columns)) in xs.pixels.iter().zip(&xs.weights).enumerate() {
                if rows.is_empty() || columns.is_empty() {
                    continue;
                }
                let seed = f64::from(pixels[row * side + column]);
                for (y, wy) in rows.clone().zip(of_rows) {
                    let pixels = &mut image[y * self.columns..][columns.clone()];
                    pixels.iter_mut().zip(of_columns).for_each(|(v, wx)| *v += wy * wx * seed);
                }
            }
        }
    }

    /// Of each pixel of the image, the sum of A' A along its row, where A is [`Window::read`].
    pub(super) fn shares(&self) -> Vec<f64> {
        let (ys, xs) = (self.axes[0].shares(self.rows), self.axes[1].shares(self.columns));
        ys.iter().flat_map(|y| xs.iter().map(move |x| y * x)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(window: &Window, image: &[f64], side: usize) -> Vec<f64> {
        let mut means = vec![0.0; side * side];
        window.read(image, |pixel, mean| means[pixel] = mean);
        means
    }

    #[test]
    fn small_images_are_padded_and_large_ones_averaged() {
        let padded = read(&Window::new([3, 2], 6), &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 6);
        assert_eq!(&padded[6..12], [0.0, 0.0, 1.0, 2.0, 0.0, 0.0]);
        assert_eq!(padded.iter().sum::<f64>(), 21.0);
        let halved = read(&Window::new([4, 4], 2), &(0..16).map(f64::from).collect::<Vec<_>>(), 2);
        assert_eq!(halved, [2.5, 4.5, 10.5, 12.5]);
        for shape in [[35, 35], [33, 47], [20, 41]] {
            let window = Window::new(shape, 32);
            let width = shape.iter().max().map_or(1.0, |n| *n as f64 / 32.0);
            let means = read(&window, &vec![1.0; shape[0] * shape[1]], 32);
            let sum = means.iter().sum::<f64>() * width * width;
            assert!((sum - (shape[0] * shape[1]) as f64).abs() < 1e-9, "{shape:?}: {sum}");
            assert!(means.iter().all(|v| *v < 1.0 + 1e-12));
        }
    }

    #[test]
    fn the_transpose_is_one() {
        for shape in [[25, 27], [32, 32], [35, 41], [90, 33]] {
            let window = Window::new(shape, 32);
            let n = shape[0] * shape[1];
            let image: Vec<f64> = (0..n).map(|k| (k as f64 * 0.37).cos()).collect();
            let seed: Vec<f32> = (0..1024).map(|k| (k as f32 * 0.91).sin()).collect();
            let mut means = vec![1.0; 1024];
            window.means(&image, &mut means);
            let exact = read(&window, &image, 32);
            assert!(means.iter().zip(&exact).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-7));
            let there: f64 = exact.iter().zip(&seed).map(|(a, b)| a * f64::from(*b)).sum();
            let mut back = vec![0.0; n];
            window.pull_back(&seed, &mut back);
            let back: f64 = back.iter().zip(&image).map(|(a, b)| a * b).sum();
            assert!((there - back).abs() < 1e-10, "{shape:?}: {there} {back}");
            let shares = window.shares();
            let means: Vec<f32> = read(&window, &vec![1.0; n], 32).into_iter().map(|v| v as f32).collect();
            let mut sums = vec![0.0; n];
            window.pull_back(&means, &mut sums);
            assert!(shares.iter().zip(&sums).all(|(a, b)| (a - b).abs() < 1e-6));
        }
    }
}
