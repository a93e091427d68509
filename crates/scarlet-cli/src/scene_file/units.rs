//! Units of images: zero points, from a scene file or from headers, and one unit for all.
//!
//! AB magnitudes: m = zero point - 2.5 log10(flux), and m = 31.4 - 2.5 log10(flux / nJy).
//! Source: Oke & Gunn 1983 (ApJ 266, 713), eq. 1: 0 mag at 10^(-48.6 / 2.5) erg / s / cm^2 / Hz.

use super::reader::Reader;
use super::{ObservationSpec, SceneFile};
use crate::error::CliError;
use ndarray::{Array3, Axis};
use scarlet::frame::{Channel, Frame, Header};
use scarlet::obs::fits::{FitsFiles, FitsSpec};

/// AB magnitude of 1 nJy.
const NJY_ZERO_POINT: f64 = 31.4;
/// Keywords that are taken to hold a zero point in AB magnitudes.
const ZERO_POINTS: [&str; 5] = ["MAGZERO", "MAGZPT", "MAGZP", "PHOTZP", "ZEROPNT"];

impl SceneFile {
    /// The AB unit that all images are brought to, as the file says it, and its size in nJy; none where they keep
    /// their own.
    fn common_unit(&self) -> Option<(&str, f64)> {
        if let Some((nanojansky, "")) = janskys(&self.flux_unit) {
            return Some((&self.flux_unit, nanojansky));
        }
        let has_zero_point = self.observations.iter().any(|spec| spec.zero_point.is_some());
        (has_zero_point && self.flux_unit.is_empty()).then_some(("nJy", 1.0))
    }

    /// Unit of the fluxes: what the file says, nJy with zero points, or else the images' common `BUNIT`; empty where
    /// there is none.
    ///
    /// The sum of pixels of a brightness for each pixel or solid angle (`MJy/sr`) is no flux: that is no unit either.
    #[must_use]
    pub fn unit_of_fluxes(&self) -> String {
        if let Some((unit, _)) = self.common_unit() {
            return unit.to_owned();
        }
        if !self.flux_unit.is_empty() {
            return self.flux_unit.clone();
        }
        let mut files = FitsFiles::new();
        let mut units = self.observations.iter().flat_map(|spec| self.units_of(spec, &mut files));
        let Some(Some(first)) = units.next() else { return String::new() };
        let is_flux = !["sr", "arcsec", "pix"].iter().any(|area| first.to_lowercase().contains(area));
        if is_flux && units.all(|unit| unit.as_ref() == Some(&first)) { first } else { String::new() }
    }

    /// AB magnitude of one unit of flux, where [`SceneFile::flux_unit`] is one of flux density.
    #[must_use]
    pub fn zero_point(&self) -> Option<f64> {
        let (nanojansky, area) = janskys(&self.flux_unit)?;
        area.is_empty().then(|| NJY_ZERO_POINT - 2.5 * nanojansky.log10())
    }

    /// `BUNIT` of each image of an observation.
    fn units_of(&self, observation: &ObservationSpec, files: &mut FitsFiles) -> Vec<Option<String>> {
        let mut unit = |channel: &Channel| {
            let place = FitsSpec::parse(&observation.image).ok()?.resolve(channel, self.folder()).ok()?;
            bunit(files.reader(&place.path).ok()?.header(&place.hdu).ok()?)
        };
        observation.channels.iter().map(|channel| unit(&Channel::from(channel))).collect()
    }

    /// Checks that images whose headers name different units are brought to one, or are said to be in one.
    pub(super) fn check_units(&self) -> Result<(), CliError> {
        let has_zero_point = self.observations.iter().find(|spec| spec.zero_point.is_some());
        if let Some(spec) = has_zero_point.filter(|_| self.common_unit().is_none()) {
            let problem = format!(
                "with zero points fluxes are in nJy, and flux_unit is {:?}; leave one of the two out, or give nJy, uJy, \
                 mJy or Jy",
                self.flux_unit
            );
            return Err(self.problem(&spec.field("zero_point"), problem));
        }
        if self.common_unit().is_some() || !self.flux_unit.is_empty() {
            return Ok(());
        }
        let mut files = FitsFiles::new();
        let mut first: Option<(String, String)> = None;
        for (index, spec) in self.observations.iter().enumerate() {
            for unit in self.units_of(spec, &mut files).into_iter().flatten() {
                let name = self.observation_name(spec, index);
                match &first {
                    None => first = Some((unit, name)),
                    Some((other, of)) if *other != unit => {
                        let problem = format!(
                            "BUNIT is {unit:?}, and {other:?} in {of}; give flux_unit: nJy with a zero_point for each \
                             observation whose header has none, or flux_unit: {unit} if both mean the same"
                        );
                        return Err(self.problem(&spec.field("image"), problem));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }
}

impl Reader<'_> {
    /// What the images of each channel are multiplied by to be in the common unit.
    ///
    /// A header that says nothing is continued by that of its file's first HDU.
    pub(super) fn flux_factors(
        &mut self,
        in_files: &[Channel],
        mut headers: Vec<Header>,
        frame: &Frame,
    ) -> Result<Vec<f64>, CliError> {
        let channels = frame.channel_names();
        let Some((name, nanojansky)) = self.file.common_unit() else { return Ok(vec![1.0; channels.len()]) };
        let given = self.spec.zero_point.as_ref().map(super::observations::OneOrMany::values);
        if let Some(given) = &given
            && (![1, channels.len()].contains(&given.len()) || given.iter().any(|v| !v.is_finite()))
        {
            let problem = format!(
                "it is {given:?}; give one AB magnitude, or one for each of {} channels",
                channels.len()
            );
            return Err(self.problem("zero_point", problem));
        }
        if given.is_none() {
            for (header, channel) in headers.iter_mut().zip(in_files) {
                header.extend(self.primary_header(channel).unwrap_or_default());
            }
        }
        let factor = |(c, channel): (usize, &Channel)| {
            let header = headers.get(c).or(headers.first()).map_or(&[][..], Vec::as_slice);
            let stated = given.as_ref().map(|given| given[c.min(given.len() - 1)]);
            let own = stated.map(of_zero_point).or_else(|| nanojansky_of(header, frame));
            own.map(|own| own / nanojansky).ok_or_else(|| {
                let problem = format!(
                    "fluxes are wanted in {name}, and the header of channel {channel} has no zero point; give the AB \
                     magnitude of one unit of the image (zero_point: {NJY_ZERO_POINT} where it is in nJy)"
                );
                self.problem("zero_point", problem)
            })
        };
        channels.iter().enumerate().map(factor).collect()
    }
}

impl Reader<'_> {
    /// The cards of the first HDU of the file with a channel's image.
    fn primary_header(&mut self, channel: &Channel) -> Option<Header> {
        let place = FitsSpec::parse(&self.spec.image).ok()?.resolve(channel, self.file.folder()).ok()?;
        self.files.reader(&place.path).ok()?.hdus().first().map(|hdu| hdu.header.clone())
    }
}

/// Multiplies the images by one factor for each channel, and divides the weights by its square.
pub(super) fn scale(data: &mut Array3<f64>, weights: &mut Array3<f64>, factors: &[f64]) {
    for (c, factor) in factors.iter().enumerate().filter(|(_, factor)| **factor != 1.0) {
        data.index_axis_mut(Axis(0), c).mapv_inplace(|value| value * factor);
        weights.index_axis_mut(Axis(0), c).mapv_inplace(|weight| weight / (factor * factor));
    }
}

/// nJy of one unit of images with that AB zero point.
fn of_zero_point(zero_point: f64) -> f64 {
    let difference = NJY_ZERO_POINT - zero_point;
    if difference == 0.0 { 1.0 } else { 10_f64.powf(0.4 * difference) }
}

/// nJy of one unit of an image, by its header: `BUNIT` in janskys, a zero point, `FLUXMAG0`, or HST's `PHOTFLAM` with
/// `PHOTPLAM`.
fn nanojansky_of(header: &[scarlet::frame::Card], frame: &Frame) -> Option<f64> {
    if let Some((nanojansky, area)) = bunit(header).as_deref().and_then(janskys) {
        return match area {
            "" | "/pix" | "/pixel" => Some(nanojansky),
            "/sr" => {
                let side = frame.wcs_ref()?.pixel_scale(frame.bbox().middle()).ok()?.radians();
                Some(nanojansky * side * side)
            }
            _ => None,
        };
    }
    let number = |keyword: &str| {
        let card = header.iter().find(|card| card.keyword == keyword)?;
        card.value.trim().parse::<f64>().ok().filter(|v| v.is_finite())
    };
    if let Some(zero_point) = ZERO_POINTS.into_iter().find_map(number) {
        return Some(of_zero_point(zero_point));
    }
    if let Some(of_zero) = number("FLUXMAG0").filter(|flux| *flux > 0.0) {
        return Some(of_zero_point(2.5 * of_zero.log10()));
    }
    let (flam, pivot) = (number("PHOTFLAM").filter(|v| *v > 0.0)?, number("PHOTPLAM").filter(|v| *v > 0.0)?);
    // erg / s / cm^2 / A at the pivot wavelength in A; c in A / s; 1 nJy is 1e-32 erg / s / cm^2 / Hz
    Some(flam * pivot * pivot / 2.997_924_58e18 * 1e32)
}

fn bunit(header: &[scarlet::frame::Card]) -> Option<String> {
    let unit = header.iter().find(|card| card.keyword == "BUNIT")?.value.trim().to_owned();
    Some(unit).filter(|unit| !unit.is_empty())
}

/// Size in nJy of a unit of flux density such as `uJy` or `MJy/sr`, and the area behind it.
fn janskys(unit: &str) -> Option<(f64, &str)> {
    let (name, area) = unit.split_at(unit.find('/').unwrap_or(unit.len()));
    let size = match name.trim() {
        "nJy" => 1.0,
        "uJy" | "\u{3bc}Jy" | "\u{b5}Jy" => 1e3,
        "mJy" => 1e6,
        "Jy" => 1e9,
        "kJy" => 1e12,
        "MJy" => 1e15,
        _ => return None,
    };
    Some((size, area))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scarlet::frame::{Card, Sky, Wcs, arcsec};

    fn cards(cards: &[(&str, &str)]) -> Vec<Card> {
        cards.iter().map(|(keyword, value)| Card::new(*keyword, *value)).collect()
    }

    #[test]
    fn headers_say_what_a_count_is() {
        let frame = Frame::new([10, 10]);
        let of = |header: &[(&str, &str)]| nanojansky_of(&cards(header), &frame);
        let near = |found: Option<f64>, wanted: f64| {
            let found = found.expect("a zero point");
            assert!((found / wanted - 1.0).abs() < 1e-6, "{found} {wanted}");
        };
        near(of(&[("BUNIT", "uJy")]), 1e3);
        near(of(&[("BUNIT", "ADU"), ("MAGZERO", "26.4")]), 100.0);
        near(of(&[("FLUXMAG0", "63095734448.0193")]), 10_f64.powf(0.4 * (31.4 - 27.0)));
        // HST ACS F814W: the AB zero point is -2.5 lg PHOTFLAM - 5 lg PHOTPLAM - 2.408, 25.95
        let zero_point = -2.5 * 7.0332e-20_f64.log10() - 5.0 * 8045.53_f64.log10() - 2.408;
        let hst = of(&[("PHOTFLAM", "7.0332E-20"), ("PHOTPLAM", "8045.53")]).expect("given");
        assert!((31.4 - 2.5 * hst.log10() - zero_point).abs() < 2e-3, "{hst} {zero_point}");
        assert_eq!(of(&[("BUNIT", "MJy/sr")]), None);
        let wcs = Wcs::tan(Sky::new(10.0, 0.0), [5.0, 5.0], arcsec(0.1)).expect("valid");
        let webb = nanojansky_of(&cards(&[("BUNIT", "MJy/sr")]), &frame.clone().wcs(wcs));
        near(webb, 1e15 * (0.1 * std::f64::consts::PI / 648_000.0_f64).powi(2));
        assert_eq!(of(&[("BUNIT", "ADU")]), None);
    }

    #[test]
    fn data_and_weights_keep_their_signal_to_noise() {
        let (mut data, mut weights) = (Array3::from_elem((2, 1, 1), 3.0), Array3::from_elem((2, 1, 1), 4.0));
        scale(&mut data, &mut weights, &[1.0, 10.0]);
        assert_eq!((data[[0, 0, 0]], data[[1, 0, 0]]), (3.0, 30.0));
        assert!((weights[[1, 0, 0]] - 0.04).abs() < 1e-15 && weights[[0, 0, 0]] == 4.0);
    }
}
