//! Where north and east are in a picture, and how long some arcseconds are.

use super::page::put;
use std::fmt::Write as _;

/// A drawing of both, north up and east left, for a picture of that width and height in pixels of `pixel_arcsec`.
pub(super) fn compass(out: &mut String, [width, height]: [f64; 2], font: f64, pixel_arcsec: f64) {
    let arrow = 0.09 * width.min(height);
    let head = 0.28 * arrow;
    let [x, y] = [width - 0.7 * font - 0.2 * arrow, height - 0.6 * font];
    put!(out, "<path class=\"sky\" d=\"M{x:.2} {y:.2}v{:.2}m{:.2} {head:.2}", -arrow, -0.6 * head);
    put!(out, "l{0:.2} {1:.2}l{0:.2} {head:.2}", 0.6 * head, -head);
    put!(out, "M{x:.2} {y:.2}h{:.2}m{head:.2} {:.2}", -arrow, -0.6 * head);
    put!(
        out,
        "l{1:.2} {0:.2}l{head:.2} {0:.2}\"><title>north is up, east is left</title></path>\n",
        0.6 * head,
        -head
    );
    put!(out, "<text x=\"{:.2}\" y=\"{:.2}\">N</text>\n", x - 0.35 * font, y - arrow - 0.35 * font);
    put!(out, "<text x=\"{:.2}\" y=\"{:.2}\">E</text>\n", x - arrow - 0.95 * font, y + 0.35 * font);
    let (length, label) = bar(0.3 * width * pixel_arcsec);
    let long = length / pixel_arcsec;
    let left = 0.6 * font;
    put!(out, "<path class=\"sky\" d=\"M{left:.2} {y:.2}h{long:.2}m0 {0:.2}v{1:.2}", -0.2 * font, 0.4 * font);
    put!(out, "M{left:.2} {:.2}v{:.2}\"/>\n", y - 0.2 * font, 0.4 * font);
    put!(out, "<text x=\"{left:.2}\" y=\"{:.2}\">{label}</text>\n", y - 0.5 * font);
}

/// The longest of 1, 2 and 5 times a power of ten below `most` arcseconds, and its name.
fn bar(most: f64) -> (f64, String) {
    let power = 10_f64.powf(most.log10().floor());
    let length = [5.0, 2.0, 1.0].map(|factor| factor * power).into_iter().find(|length| *length <= most);
    let length = length.unwrap_or(power);
    (length, format!("{}\u{2033}", (length * 1e9).round() / 1e9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_round_numbers() {
        for (most, length) in [(1.0, 1.0), (1.9, 1.0), (4.99, 2.0), (7.0, 5.0), (0.03, 0.02)] {
            assert!((bar(most).0 / length - 1.0).abs() < 1e-9, "{most}");
        }
        assert_eq!(bar(3.0).1, "2\u{2033}");
    }
}
