//! Pages about a network: how it was trained, and what it draws.

use super::sheet;
use crate::markup::{escape, number};
use crate::picture::{Chart, ChartAxis, Scale, Series, Stroke};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scarlet::nn::train::{Denoised, Record};
use std::fmt::Write as _;

const STYLE: &str = include_str!("../report/style.css");
/// Images in a row, and the width of a picture in pixels.
const COLUMNS: usize = 8;
const WIDTH: usize = 640;

/// A page about draws from a network.
#[derive(Debug)]
pub struct DrawsPage<'a> {
    /// The network's file.
    pub title: String,
    /// What was drawn and how, in a sentence.
    pub summary: String,
    /// Pixels along a side.
    pub side: usize,
    /// Draws in network units.
    pub draws: &'a [f32],
}

/// A page about the training of a network.
#[derive(Debug)]
pub struct TrainingPage<'a> {
    /// Its draws.
    pub draws: DrawsPage<'a>,
    /// Losses.
    pub history: &'a [Record],
    /// How well it finds noise in images that it has not seen.
    pub denoised: &'a [Denoised],
    /// Some of the images it was trained on, in network units.
    pub examples: &'a [f32],
    /// Settings, one to a line.
    pub settings: String,
}

impl DrawsPage<'_> {
    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = self.head();
        self.pictures(&mut out);
        out + "</main>\n</body>\n</html>\n"
    }

    fn head(&self) -> String {
        let (title, summary) = (escape(&self.title), escape(&self.summary));
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<p class=\"kicker\">scarlet {}</p>\n\
             <h1>{title}</h1>\n<p class=\"summary\">{summary}</p>\n</header>\n<main>\n",
            env!("CARGO_PKG_VERSION")
        )
    }

    fn pictures(&self, out: &mut String) {
        section(out, "draws", "Draws", "From noise by annealed Langevin dynamics, each scaled to its peak.");
        picture(out, "draws from the network", self.draws, self.side);
        out.push_str("</section>\n");
    }
}

impl TrainingPage<'_> {
    /// The page.
    #[must_use]
    pub fn html(&self) -> String {
        let mut out = self.draws.head();
        let about = "Mean square of what the network gets wrong, in units of what it is asked for: 1 before it has learnt \
                     anything. Validation is with averaged weights on images that are held out.";
        section(&mut out, "loss", "Loss", about);
        out.push_str("<div class=\"charts\">\n");
        out.push_str(&self.loss());
        out.push_str("</div>\n</section>\n");
        self.check(&mut out);
        self.draws.pictures(&mut out);
        section(&mut out, "examples", "Images it was trained on", "Draws should look like these.");
        picture(&mut out, "images it was trained on", self.examples, self.draws.side);
        let settings = escape(self.settings.trim_end());
        let _ = write!(
            out,
            "</section>\n<section id=\"settings\">\n<h2>Settings</h2>\n<pre tabindex=\"0\"><code>{settings}</code></pre>\n\
             </section>\n</main>\n</body>\n</html>\n"
        );
        out
    }

    fn loss(&self) -> String {
        let series = |label: &str, tone, of: fn(&Record) -> f64| Series {
            label: label.to_owned(),
            points: self.history.iter().map(|r| [r.step as f64, of(r)]).collect(),
            stroke: Stroke::Line,
            tone,
        };
        Chart {
            title: "Loss of batches and of held-out images over the steps".to_owned(),
            x: ChartAxis::new("step", Scale::Linear),
            y: ChartAxis::new("loss", Scale::Log),
            series: vec![series("batches", 2, |r| r.training), series("held out", 0, |r| r.validation)],
            marks: Vec::new(),
        }
        .svg()
    }

    fn check(&self, out: &mut String) {
        let about = "Noise of level t is added to held-out images and taken away again with the score. What is left should be \
                     well below what one factor for all pixels leaves; a slope of 1 says that the score is neither too long \
                     nor too short.";
        section(out, "score", "Score", about);
        out.push_str(
            "<table>\n<thead><tr><th>noise level t</th><th>left of the noise</th><th>left by one factor</th><th>slope</th>\
             </tr></thead>\n<tbody>\n",
        );
        for found in self.denoised {
            let cells = [found.t, found.left, found.left_by_factor, found.slope].map(|v| number(v, 3));
            let _ = writeln!(out, "<tr><td>{}</td></tr>", cells.join("</td><td>"));
        }
        out.push_str("</tbody>\n</table>\n</section>\n");
    }
}

fn section(out: &mut String, id: &str, head: &str, about: &str) {
    let _ = write!(out, "<section id=\"{id}\">\n<h2>{head}</h2>\n<p class=\"about\">{about}</p>\n");
}

fn picture(out: &mut String, alt: &str, images: &[f32], side: usize) {
    let png = STANDARD.encode(sheet(images, side, COLUMNS).upscaled(WIDTH).png());
    let _ = writeln!(out, "<figure><img alt=\"{alt}\" src=\"data:image/png;base64,{png}\"></figure>");
}
