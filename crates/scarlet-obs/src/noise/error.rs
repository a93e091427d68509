//! What can be wrong with a description of noise.

/// What can be wrong with a description of noise, and what to do about it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoiseError {
    /// An array of another shape than is needed.
    #[error("the {what} has shape {found:?}; {needed}")]
    Shape {
        /// Which array.
        what: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// Which shape is needed.
        needed: &'static str,
    },
    /// Another number of planes than the observation has channels.
    #[error(
        "the noise has {found} correlations and the observation {channels} channels; give one for each, or one for all"
    )]
    Channels {
        /// Number of correlations.
        found: usize,
        /// Number of channels.
        channels: usize,
    },
    /// A value that a power spectrum cannot have.
    #[error("power spectrum of plane {plane}, frequency (y, x) = ({y}, {x}): it is {value}; {allowed}")]
    Spectrum {
        /// Index of the plane.
        plane: usize,
        /// Row of the frequency.
        y: usize,
        /// Column of the frequency.
        x: usize,
        /// What is there.
        value: f64,
        /// What may be there.
        allowed: &'static str,
    },
    /// A value that a correlation function cannot have.
    #[error("correlation function of plane {plane}, lag (y, x) = ({y}, {x}): it is {value}; {allowed}")]
    Correlation {
        /// Index of the plane.
        plane: usize,
        /// Lag along y in pixels.
        y: i64,
        /// Lag along x in pixels.
        x: i64,
        /// What is there.
        value: f64,
        /// What may be there.
        allowed: &'static str,
    },
    /// A function that is not the correlation of any noise.
    #[error(
        "correlation function of plane {plane}: no noise has it, {:.0}% of its power spectrum is negative; give it to \
         larger lags, or measure it in a larger empty sky", 100.0 * .share
    )]
    NotPositive {
        /// Index of the plane.
        plane: usize,
        /// Sum of the negative part of its spectrum over that of the positive.
        share: f64,
    },
    /// Not enough pixels without sources to measure noise in.
    #[error(
        "channel {channel}: {found} pixels are empty sky, and {needed} are needed to measure how noise is correlated; use \
         a larger image, or give a correlation function"
    )]
    Sky {
        /// Name of the channel.
        channel: String,
        /// Pixels with weight and without sources.
        found: usize,
        /// The least that would do.
        needed: usize,
    },
    /// A setting outside its range.
    #[error("{what} is {value}; it must be {allowed}")]
    Setting {
        /// Which setting.
        what: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        allowed: &'static str,
    },
    /// Counts that are negative, or not finite.
    #[error(
        "channel {channel}, pixel (y, x) = ({y}, {x}): the data there mean {value} counts; counts are 0 or more: data are \
         (counts - background) / gain"
    )]
    Counts {
        /// Name of the channel.
        channel: String,
        /// Row.
        y: usize,
        /// Column.
        x: usize,
        /// The counts.
        value: f64,
    },
}
