//! Mean and standard deviation of each source's light and some draws of it, as pictures.

use super::put;
use crate::markup::{escape, number};
use crate::picture::{Picture, sequential_colour};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ndarray::{Array2, Axis};
use scarlet::infer::sample::SourceImages;
use std::fmt::Write as _;

/// Sources that are shown.
const MOST: usize = 40;
/// Pixels of a picture's longer side.
const SIDE: usize = 160;

pub(super) fn section(out: &mut String, images: &[SourceImages]) {
    if images.is_empty() {
        return;
    }
    put!(out, "<section id=\"images\">\n<h2>Light of each source</h2>\n");
    put!(
        out,
        "<p class=\"about\">Light summed over channels: mean and standard deviation of each pixel over the draws, and some draws, as bright as the mean.</p>\n"
    );
    put!(out, "<div class=\"cutouts\">\n");
    for source in images.iter().take(MOST) {
        let name = escape(&source.source);
        let mean = source.mean.sum_axis(Axis(0));
        let brightest = |image: &Array2<f64>| image.iter().copied().fold(0.0, f64::max);
        let (of_mean, of_sd) = (brightest(&mean), brightest(&source.sd_of_sum));
        let mut shown = vec![
            (format!("mean, up to {}", number(of_mean, 3)), &mean, of_mean),
            (format!("standard deviation, up to {}", number(of_sd, 3)), &source.sd_of_sum, of_sd),
        ];
        shown.extend(
            source.draws.iter().enumerate().map(|(k, draw)| (format!("draw {}", k + 1), draw, of_mean)),
        );
        for (what, image, most) in shown {
            put!(
                out,
                "<figure><img style=\"width:100%;image-rendering:pixelated\" alt=\"{what} of {name}\" \
                 src=\"data:image/png;base64,{}\"><figcaption><b>{name}</b>: {what}</figcaption></figure>\n",
                STANDARD.encode(picture(image, most).upscaled(SIDE).png()),
            );
        }
    }
    put!(out, "</div>\n</section>\n");
}

/// By the square root, so that wings can be seen.
fn picture(image: &Array2<f64>, most: f64) -> Picture {
    let (rows, columns) = image.dim();
    Picture::from_image([rows, columns], |y, x| {
        sequential_colour((image[[y, x]].max(0.0) / most.max(f64::MIN_POSITIVE)).sqrt())
    })
}
