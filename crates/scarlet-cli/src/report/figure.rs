//! A picture on the page: an image with drawings over it, and a caption.

use super::page::put;
use crate::markup::escape;
use crate::picture::Picture;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// A picture with all that goes with it; `overlay` and `caption` are markup, the rest is text.
pub(super) struct Figure<'a> {
    /// What the picture shows, for readers that do not see it.
    pub(super) alt: &'a str,
    /// The picture.
    pub(super) picture: &'a Picture,
    /// An SVG element to lay over it, may be empty.
    pub(super) overlay: &'a str,
    /// What stands below.
    pub(super) caption: &'a str,
}

impl Figure<'_> {
    pub(super) fn put(&self, out: &mut String) {
        let (width, height) = (self.picture.width(), self.picture.height());
        let png = STANDARD.encode(self.picture.png());
        let alt = escape(self.alt);
        put!(out, "<figure>\n<div class=\"stack\"><img alt=\"{alt}\" width=\"{width}\" height=\"{height}\" ");
        put!(out, "src=\"data:image/png;base64,{png}\">{}</div>\n", self.overlay);
        put!(out, "<figcaption>{}</figcaption>\n</figure>\n", self.caption);
    }
}
