//! The bar that shows how far a fit is: on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use scarlet::infer::Progress;
use std::io::IsTerminal;

/// Redraws per second.
const RATE: u8 = 10;

/// A bar of `steps` on standard error, or nothing where that is no terminal or `quiet` is set.
pub(super) fn bar(steps: usize, quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr_with_hz(RATE));
    let style = ProgressStyle::with_template("fit {bar:30} {pos}/{len} steps, {msg}, {eta} left");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Shows one step.
pub(super) fn show(bar: &ProgressBar, progress: &Progress) {
    if bar.is_hidden() {
        return;
    }
    bar.set_position(progress.iteration as u64);
    bar.set_message(format!("loss {:.1}", progress.loss));
}
