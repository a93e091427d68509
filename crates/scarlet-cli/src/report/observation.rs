//! The section of one observation: data, model, residual, and the residual in units of the noise.

use super::page::put;
use super::{Report, ReportObservation};
use crate::markup::{escape, number};
use crate::picture::{Picture, Stretch, channel_weights, diverging, mix, rgb};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ndarray::{Array2, Axis, Zip};
use std::fmt::Write as _;

/// Standard deviations at which the map of the residual has its full colour.
const LIMIT: f64 = 5.0;
/// Shortest longer side of a picture, in pixels.
const SIDE: usize = 300;
/// Sources beyond which they are marked without their names.
const MANY_SOURCES: usize = 60;

/// How a picture marks the sources.
#[derive(Clone, Copy, PartialEq)]
enum Marks {
    /// Bright rings with names.
    Names,
    /// Bright rings.
    Rings,
    /// Dark rings.
    DarkRings,
}

pub(super) fn section(out: &mut String, report: &Report, observed: &ReportObservation) {
    put!(out, "<section>\n<h2>{}</h2>\n<p class=\"about\">{}</p>\n", escape(&observed.name), about(observed));
    put!(out, "<div class=\"panels\">\n");
    let weights = channel_weights(observed.data.dim().0);
    let data = mix(observed.data.view(), &weights);
    let stretch = Stretch::of_colours(&data);
    let residual = &observed.data - &observed.model;
    let drawing = Drawing { report, observed };
    drawing.panel(out, "Data", &rgb(&data, &stretch), Marks::Names);
    drawing.panel(out, "Model", &rgb(&mix(observed.model.view(), &weights), &stretch), Marks::Rings);
    drawing.panel(out, "Residual", &rgb(&mix(residual.view(), &weights), &stretch), Marks::Rings);
    let map = diverging(significance(observed).view(), LIMIT);
    drawing.panel(out, "Residual / noise", &map, Marks::DarkRings);
    put!(out, "</div>\n</section>\n");
}

/// Channels, size, and how well each channel is fitted.
fn about(observed: &ReportObservation) -> String {
    let (_, height, width) = observed.data.dim();
    let scale =
        observed.pixel_arcsec.map_or(String::new(), |side| format!(" of {}\u{2033}", number(side, 3)));
    let fits: Vec<String> = observed
        .channels
        .iter()
        .zip(chi2_per_pixel(observed))
        .map(|(channel, chi2)| format!("<b>{}</b> {}", escape(channel), number(chi2, 3)))
        .collect();
    let size = format!("{width} \u{d7} {height} pixels{scale}");
    format!(
        "{size}. \u{3c7}\u{b2} per pixel: {}. Data, model and residual share one stretch.",
        fits.join(", ")
    )
}

fn chi2_per_pixel(observed: &ReportObservation) -> Vec<f64> {
    let planes =
        observed.data.outer_iter().zip(observed.model.outer_iter()).zip(observed.weights.outer_iter());
    let fit = |((data, model), weights): ((_, _), _)| {
        let (mut chi2, mut count) = (0.0, 0.0);
        Zip::from(&data).and(&model).and(&weights).for_each(|&data: &f32, &model: &f32, &weight: &f32| {
            if weight > 0.0 {
                chi2 += f64::from(weight) * f64::from(data - model).powi(2);
                count += 1.0;
            }
        });
        chi2 / count
    };
    planes.map(fit).collect()
}

/// Residual over noise of all channels together: sum r sqrt(w) / sqrt(n) over the n channels with w > 0, else NaN.
fn significance(observed: &ReportObservation) -> Array2<f32> {
    let shape = observed.data.index_axis(Axis(0), 0).raw_dim();
    Array2::from_shape_fn(shape, |(y, x)| {
        let (mut sum, mut count) = (0.0, 0.0);
        for channel in 0..observed.data.dim().0 {
            let at = [channel, y, x];
            if observed.weights[at] > 0.0 {
                sum += (observed.data[at] - observed.model[at]) * observed.weights[at].sqrt();
                count += 1.0;
            }
        }
        sum / f32::sqrt(count)
    })
}

struct Drawing<'a> {
    report: &'a Report,
    observed: &'a ReportObservation,
}

impl Drawing<'_> {
    fn panel(&self, out: &mut String, title: &str, picture: &Picture, marks: Marks) {
        let (width, height) = (picture.width(), picture.height());
        let name = format!("{title}, {}", escape(&self.observed.name));
        put!(out, "<figure>\n<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{name}\">\n");
        let png = STANDARD.encode(picture.upscaled(SIDE).png());
        put!(out, "<image width=\"{width}\" height=\"{height}\" href=\"data:image/png;base64,{png}\"/>\n");
        self.marks(out, [height as f64, width as f64], marks);
        put!(out, "</svg>\n<figcaption>{title}");
        if marks == Marks::DarkRings {
            put!(out, " <span class=\"scale\">\u{2212}{LIMIT}\u{3c3}<i></i>+{LIMIT}\u{3c3}</span>");
        }
        put!(out, "</figcaption>\n</figure>\n");
    }

    /// Rings around the sources, in units of pixels; row 0 is at the bottom.
    fn marks(&self, out: &mut String, shape: [f64; 2], marks: Marks) {
        let side = shape[0].max(shape[1]);
        let named = marks == Marks::Names && self.report.sources.len() <= MANY_SOURCES;
        let font = side / 22.0;
        let class = if marks == Marks::DarkRings { "marks dark" } else { "marks" };
        put!(out, "<g class=\"{class}\" stroke-width=\"{:.3}\" font-size=\"{font:.3}\">\n", side / 250.0);
        for (source, &[y, x]) in self.report.sources.iter().zip(&self.observed.positions) {
            let (left, top, radius) = (x + 0.5, shape[0] - y - 0.5, side / 45.0);
            if !(0.0..=shape[1]).contains(&left) || !(0.0..=shape[0]).contains(&top) {
                continue;
            }
            let id = escape(&source.id);
            put!(out, "<circle cx=\"{left:.2}\" cy=\"{top:.2}\" r=\"{radius:.2}\">");
            put!(out, "<title>{id}: y {}, x {}</title></circle>\n", number(y, 5), number(x, 5));
            if named {
                let letters: String = source.id.chars().take(12).collect();
                let at_right = left + 1.5 * radius + 0.6 * font * letters.chars().count() as f64;
                let (to, anchor) = if at_right < shape[1] { (1.0, "start") } else { (-1.0, "end") };
                let base = if top > 1.5 * font { top - 0.6 * radius } else { top + font };
                put!(
                    out,
                    "<text x=\"{:.2}\" y=\"{base:.2}\" text-anchor=\"{anchor}\">",
                    left + to * 1.2 * radius
                );
                put!(out, "{}</text>\n", escape(&letters));
            }
        }
        put!(out, "</g>\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array3, array};

    #[test]
    fn the_map_adds_channels_and_leaves_out_masked_ones() {
        let data =
            Array3::from_shape_fn((2, 1, 3), |(c, _, x)| if c == 1 && x == 1 { f32::NAN } else { 3.0 });
        let mut weights = Array3::from_elem((2, 1, 3), 4.0);
        weights[[1, 0, 1]] = 0.0;
        (weights[[0, 0, 2]], weights[[1, 0, 2]]) = (0.0, 0.0);
        let model = Array3::from_elem((2, 1, 3), 2.0);
        let channels = vec!["g".to_owned(), "r".to_owned()];
        let (name, positions) = (String::new(), Vec::new());
        let observed =
            ReportObservation { name, channels, data, model, weights, positions, pixel_arcsec: None };
        let map = significance(&observed);
        assert!((map[[0, 0]] - 4.0 / 2.0_f32.sqrt()).abs() < 1e-6);
        assert!(map[[0, 1]] == 2.0 && map[[0, 2]].is_nan());
        assert_eq!(array![chi2_per_pixel(&observed)[0], chi2_per_pixel(&observed)[1]], array![4.0, 4.0]);
    }
}
