//! What one plane of a cube is: a band, and an epoch where the scene varies.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of one plane of a cube: a band and, in scenes that vary, an epoch.
///
/// ```
/// use scarlet_frame::Channel;
/// let static_scene = Channel::from("i");
/// let epoch = Channel::from(("i", "2"));
/// assert_eq!(epoch.to_string(), "i@2");
/// assert_eq!(static_scene.band(), epoch.band());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Channel {
    band: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<String>,
}

impl Channel {
    /// The band: `"i"`.
    #[must_use]
    pub fn band(&self) -> &str {
        &self.band
    }

    /// The epoch, where the channel has one.
    #[must_use]
    pub fn epoch(&self) -> Option<&str> {
        self.epoch.as_deref()
    }
}

impl From<&str> for Channel {
    fn from(band: &str) -> Self {
        Self { band: band.to_owned(), epoch: None }
    }
}

impl From<String> for Channel {
    fn from(band: String) -> Self {
        Self { band, epoch: None }
    }
}

impl From<&String> for Channel {
    fn from(band: &String) -> Self {
        Self::from(band.as_str())
    }
}

impl<B: Into<String>, E: ToString> From<(B, E)> for Channel {
    fn from((band, epoch): (B, E)) -> Self {
        Self { band: band.into(), epoch: Some(epoch.to_string()) }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.epoch {
            Some(epoch) => write!(f, "{}@{epoch}", self.band),
            None => f.write_str(&self.band),
        }
    }
}
