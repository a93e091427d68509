//! Where an image is: `file.fits[HDU]`, with the channel's name as a placeholder.

use crate::ObsError;
use scarlet_frame::Channel;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Which HDU of a file: the first image, a number from 0, or a name with an optional version.
///
/// Names are compared without regard to case. As text: empty, `2`, `SCI`, `SCI,2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum HduSelector {
    /// The first HDU that holds an image of at least two axes.
    #[default]
    FirstImage,
    /// By number; 0 is the primary HDU.
    Number(usize),
    /// By `EXTNAME`, and by `EXTVER` where one is given; the primary HDU is also called `PRIMARY`.
    Name {
        /// The name.
        name: String,
        /// The version.
        version: Option<i64>,
    },
}

impl HduSelector {
    /// Reads the text between the brackets.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::FirstImage;
        }
        if let Ok(number) = text.parse() {
            return Self::Number(number);
        }
        let named = |name: &str, version| Self::Name { name: name.trim().to_owned(), version };
        match text.rsplit_once(',').map(|(name, version)| (name, version.trim().parse())) {
            Some((name, Ok(version))) => named(name, Some(version)),
            _ => named(text, None),
        }
    }
}

impl HduSelector {
    /// As it is written between brackets; [`HduSelector::parse`] reads it.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::FirstImage => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Name { name, version: None } => name.clone(),
            Self::Name { name, version: Some(version) } => format!("{name},{version}"),
        }
    }
}

impl fmt::Display for HduSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstImage => f.write_str("with an image"),
            Self::Number(number) => write!(f, "number {number}"),
            Self::Name { name, version: None } => write!(f, "named {name}"),
            Self::Name { name, version: Some(version) } => write!(f, "named {name} with version {version}"),
        }
    }
}

/// One HDU of one file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FitsLocation {
    /// The file.
    pub path: PathBuf,
    /// The HDU in it.
    pub hdu: HduSelector,
}

/// A pattern for the HDUs of an observation: `file.fits[IMAGE_{channel}]`, `file_{band}.fits[1]`, `cube.fits`.
///
/// `{channel}` stands for the channel as it is shown (`i`, or `i@2` with an epoch), `{band}` and `{epoch}` for its
/// parts; they may be in the file's name and between the brackets. Without brackets the file's first image is
/// meant. Only brackets at the very end are read, so a path may contain others.
///
/// ```
/// use scarlet_frame::Channel;
/// use scarlet_obs::fits::{FitsSpec, HduSelector};
/// let spec: FitsSpec = "hsc_{band}.fits[IMAGE]".parse()?;
/// let place = spec.resolve(&Channel::from("i"), "data".as_ref())?;
/// assert_eq!(place.path, std::path::Path::new("data/hsc_i.fits"));
/// assert_eq!(place.hdu, HduSelector::parse("IMAGE"));
/// # Ok::<(), scarlet_obs::ObsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FitsSpec {
    path: String,
    hdu: String,
}

impl FitsSpec {
    /// Reads a specification.
    ///
    /// # Errors
    /// [`ObsError::FitsSpec`] where the file's name is empty, a bracket has no partner or a placeholder is unknown.
    pub fn parse(text: &str) -> Result<Self, ObsError> {
        let fail = |problem| ObsError::FitsSpec { text: text.to_owned(), problem };
        let whole = text.trim();
        let (path, hdu) = match whole.strip_suffix(']') {
            None => (whole, ""),
            Some(open) => {
                open.rsplit_once('[').ok_or_else(|| fail("`]` without a `[`; write `file.fits[HDU]`"))?
            }
        };
        if path.trim().is_empty() {
            return Err(fail("the file's name is missing; write `file.fits[HDU]`"));
        }
        for part in [path, hdu] {
            check_placeholders(part).map_err(fail)?;
        }
        Ok(Self { path: path.trim_end().to_owned(), hdu: hdu.to_owned() })
    }

    /// Whether it names another image for every channel; otherwise one cube must hold all channels.
    #[must_use]
    pub fn is_per_channel(&self) -> bool {
        self.path.contains('{') || self.hdu.contains('{')
    }

    /// The HDU of one channel; a relative path is taken from `base_dir`.
    ///
    /// # Errors
    /// [`ObsError::FitsSpec`] where `{epoch}` is asked for and the channel has none.
    pub fn resolve(&self, channel: &Channel, base_dir: &Path) -> Result<FitsLocation, ObsError> {
        let fill = |pattern: &str| -> Result<String, ObsError> {
            let text = pattern.replace("{channel}", &channel.to_string()).replace("{band}", channel.band());
            match channel.epoch() {
                Some(epoch) => Ok(text.replace("{epoch}", epoch)),
                None if text.contains("{epoch}") => Err(ObsError::FitsSpec {
                    text: self.to_string(),
                    problem: "`{epoch}` is used, and the channel has no epoch; use `{channel}`",
                }),
                None => Ok(text),
            }
        };
        let path = base_dir.join(fill(&self.path)?);
        Ok(FitsLocation { path, hdu: HduSelector::parse(&fill(&self.hdu)?) })
    }
}

impl FromStr for FitsSpec {
    type Err = ObsError;

    fn from_str(text: &str) -> Result<Self, ObsError> {
        Self::parse(text)
    }
}

impl fmt::Display for FitsSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hdu.as_str() {
            "" => f.write_str(&self.path),
            hdu => write!(f, "{}[{hdu}]", self.path),
        }
    }
}

fn check_placeholders(pattern: &str) -> Result<(), &'static str> {
    let known = ["{channel}", "{band}", "{epoch}"];
    let rest = known.iter().fold(pattern.to_owned(), |text, name| text.replace(name, ""));
    if rest.contains(['{', '}']) {
        return Err("unknown placeholder; `{channel}`, `{band}` and `{epoch}` are known");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(spec: &str, channel: Channel) -> Result<FitsLocation, ObsError> {
        FitsSpec::parse(spec)?.resolve(&channel, Path::new("/data"))
    }

    fn named(name: &str) -> HduSelector {
        HduSelector::Name { name: name.to_owned(), version: None }
    }

    #[test]
    fn the_channel_goes_into_path_and_hdu() {
        let place = resolved("a_{channel}.fits[IMAGE_{band}]", "i".into()).expect("valid");
        assert_eq!(place, FitsLocation { path: "/data/a_i.fits".into(), hdu: named("IMAGE_i") });
        let place = resolved("e{epoch}.fits[{channel}]", ("i", 2).into()).expect("valid");
        assert_eq!(place, FitsLocation { path: "/data/e2.fits".into(), hdu: named("i@2") });
    }

    #[test]
    fn hdus_are_numbers_names_versions_or_the_first_image() {
        let hdu = |spec: &str| resolved(spec, "i".into()).expect("valid").hdu;
        assert_eq!(hdu("a.fits"), HduSelector::FirstImage);
        assert_eq!(hdu("a.fits[]"), HduSelector::FirstImage);
        assert_eq!(hdu("a.fits[ 3 ]"), HduSelector::Number(3));
        assert_eq!(hdu("a.fits[SCI, 2]"), HduSelector::Name { name: "SCI".into(), version: Some(2) });
        assert_eq!(hdu("a.fits[odd,name]"), named("odd,name"));
    }

    #[test]
    fn absolute_paths_and_brackets_within_a_path_stay() {
        let place = resolved("/x [1]/a.fits", "i".into()).expect("valid");
        assert_eq!(place, FitsLocation { path: "/x [1]/a.fits".into(), hdu: HduSelector::FirstImage });
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        for bad in ["", "[SCI]", "a.fits SCI]", "a.fits[{filter}]", "a{.fits", "a_{chanel}.fits"] {
            assert!(matches!(FitsSpec::parse(bad), Err(ObsError::FitsSpec { .. })), "{bad}");
        }
        let missing = resolved("a.fits[{epoch}]", "i".into());
        assert!(missing.expect_err("no epoch").to_string().contains("has no epoch"));
    }

    #[test]
    fn it_is_shown_as_it_was_written() {
        for text in ["a_{band}.fits[IMAGE]", "a.fits"] {
            assert_eq!(FitsSpec::parse(text).expect("valid").to_string(), text);
        }
    }
}
