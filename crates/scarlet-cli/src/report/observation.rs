//! The section of one observation: data, model, residual, maps of residual over noise and of chi2, and a histogram.

use super::figure::Figure;
use super::histogram::Histogram;
use super::marks::{Marks, Overlay};
use super::page::put;
use super::panels::{LIMIT, Panels};
use super::scale_bar::scale_bar;
use super::{Orientation, Report, ReportObservation};
use crate::markup::{escape, number};
use crate::picture::{colour_weights, diverging_colour, from_blue_to_red, sequential_colour};
use std::fmt::Write as _;

/// Side in pixels beyond which pictures are shown larger.
const LARGE: usize = 160;

pub(super) fn section(out: &mut String, report: &Report, observed: &ReportObservation) {
    let panels = Panels::of(observed);
    let name = escape(&observed.name);
    put!(out, "<section>\n<h2>Observation {name}</h2>\n");
    put!(out, "<p class=\"about\">{}</p>\n", about(observed, panels.binning));
    let [height, width] = super::upright::Upright::of(observed).shape();
    let class = if height.max(width) > LARGE { "panels large" } else { "panels" };
    put!(out, "<div class=\"{class}\">\n");
    let overlay = Overlay::new(report, observed, panels.binning);
    for panel in &panels.pictures {
        let marks = match panel.key {
            "data" => Marks::Names,
            "residual_over_noise" => Marks::DarkRings,
            _ => Marks::Rings,
        };
        let (overlay, left_out) = overlay.svg(marks);
        let caption = format!("<b>{}</b>{}", panel.title, remark(panel.key, panels.chi2_limit, left_out));
        let alt = format!("{} of observation {}", panel.title, observed.name);
        Figure { alt: &alt, picture: &panel.picture, overlay: &overlay, caption: &caption }.put(out);
    }
    histogram(out, observed);
    put!(out, "</div>\n</section>\n");
}

/// What stands below a picture besides its title, as markup.
fn remark(key: &str, chi2_limit: f64, left_out: usize) -> String {
    match key {
        "data" if left_out > 0 => format!(", with {left_out} names left out for lack of room"),
        "residual" => ", data \u{2212} model".to_owned(),
        "residual_over_noise" => {
            let ticks = [-1.0, -0.4, 0.0, 0.4, 1.0].map(|share| {
                let label = format!("{}", share * LIMIT).replace('-', "\u{2212}");
                (0.5 + 0.5 * share, label)
            });
            let bar = scale_bar(
                "Colours of the residual in units of the noise",
                |s| diverging_colour(2.0 * s - 1.0),
                &ticks,
            );
            format!(", all channels together, in \u{3c3}{bar}")
        }
        "chi2" => {
            let root = chi2_limit.sqrt();
            let every = if root > 6.0 { 2 } else { 1 };
            let ticks: Vec<_> = (0..=root as usize)
                .filter(|k| k % every == 0 || *k == 1)
                .map(|k| (k as f64 / root, (k * k).to_string()))
                .collect();
            let bar = scale_bar("Colours of chi2 per pixel", sequential_colour, &ticks);
            format!(", mean over channels; 1 is expected{bar}")
        }
        _ => String::new(),
    }
}

fn histogram(out: &mut String, observed: &ReportObservation) {
    let all = Histogram::of(observed);
    if let Some(chart) = all.chart(&observed.name) {
        put!(
            out,
            "<figure class=\"drawn\">\n{}<figcaption><b>Distribution of residual / noise</b>, ",
            chart.svg()
        );
        put!(out, "all pixels and channels: {}</figcaption>\n</figure>\n", all.text());
    }
}

/// Channels, size, and how well each channel is fitted.
fn about(observed: &ReportObservation, binning: usize) -> String {
    let (_, height, width) = observed.data.dim();
    let scale =
        observed.pixel_arcsec.map_or(String::new(), |side| format!(" of {}\u{2033}", number(side, 3)));
    let fits: Vec<String> = observed
        .channels
        .iter()
        .zip(chi2_per_pixel(observed))
        .map(|(channel, chi2)| format!("<b>{}</b>\u{a0}{}", escape(channel), number(chi2, 3)))
        .collect();
    let binned = if binning > 1 {
        format!(" Pictures show {binning} \u{d7} {binning} pixels as one.")
    } else {
        String::new()
    };
    let turned = match observed.orientation {
        Orientation::Unknown => "; row 0 is at the bottom",
        Orientation::NorthUp => "; north is up, east left",
        Orientation::Turned(_) => "; turned for north to be up and east left, by nearest pixels",
    };
    let has_crosses = observed.places.iter().any(Option::is_some);
    let crosses = if has_crosses { ", crosses findings elsewhere" } else { "" };
    format!(
        "{width} \u{d7} {height} pixels{scale}. \u{3c7}\u{b2} per pixel: {}. Data, model and residual share one \
         asinh stretch (Lupton et al. 2004){}. Rings are the sources{crosses}{turned}; grey pixels do not count.{binned}",
        fits.join(", "),
        colours(&observed.channels)
    )
}

/// Which channels make which colour.
fn colours(channels: &[String]) -> String {
    if channels.len() < 2 {
        return String::new();
    }
    let weights = colour_weights(channels);
    let order = from_blue_to_red(channels);
    let of = |colour: usize| {
        let counted = order.iter().filter(|&&c| weights[[colour, c]] > 0.0);
        let names: Vec<_> = counted.map(|&c| escape(&channels[c])).collect();
        match names.as_slice() {
            [first, .., last] if names.len() > 4 => format!("{first}\u{2013}{last}"),
            _ => names.join("+"),
        }
    };
    format!(": red is {}, green {}, blue {}", of(0), of(1), of(2))
}

fn chi2_per_pixel(observed: &ReportObservation) -> Vec<f64> {
    let planes =
        observed.data.outer_iter().zip(observed.model.outer_iter()).zip(observed.weights.outer_iter());
    let fit = |((data, model), weights): ((_, _), _)| {
        let (mut chi2, mut count) = (0.0, 0.0);
        ndarray::Zip::from(&data).and(&model).and(&weights).for_each(
            |&data: &f32, &model: &f32, &weight: &f32| {
                if weight > 0.0 {
                    chi2 += f64::from(weight) * f64::from(data - model).powi(2);
                    count += 1.0;
                }
            },
        );
        chi2 / count
    };
    planes.map(fit).collect()
}
