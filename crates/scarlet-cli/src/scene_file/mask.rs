//! Masks: which pixels do not count.

use super::BitSpec;
use super::reader::Reader;
use crate::error::CliError;
use ndarray::{Array2, Array3, Axis, Zip};
use scarlet::frame::{Channel, Header, nearest};
use scarlet::obs::fits::{FitsMask, FitsSpec};

/// What the keywords of named mask planes begin with: `MP_SAT = 1`, as the LSST pipelines write them.
const PLANE: &str = "MP_";

impl Reader<'_> {
    /// Gives masked pixels a weight of 0.
    pub(super) fn mask(&mut self, channels: &[Channel], weights: &mut Array3<f64>) -> Result<(), CliError> {
        let Some(mask) = &self.spec.mask else { return Ok(()) };
        let spec = FitsSpec::parse(&mask.image).map_err(|e| self.wrong("mask", &e))?;
        let mut planes: Vec<Array2<bool>> = Vec::new();
        for channel in channels {
            let place = spec.resolve(channel, self.file.folder());
            let image = place.and_then(|place| self.files.mask(&place));
            let image = image.map_err(|e| self.wrong("mask", &e))?;
            let excluded = self.excluded(mask.bits.as_deref(), &image)?;
            if image.bits.ndim() == 3 {
                let cube = image.cube().map_err(|e| self.wrong("mask", &e))?;
                return self.leave_out(cube.mapv(|bits| bits & excluded != 0), weights);
            }
            let plane = image.plane().map_err(|e| self.wrong("mask", &e))?;
            planes.push(plane.mapv(|bits| bits & excluded != 0));
        }
        let views: Vec<_> = planes.iter().map(|plane| plane.view()).collect();
        let cube = ndarray::stack(Axis(0), &views);
        let cube = cube.map_err(|_| self.problem("mask", "the channels' masks differ in shape"))?;
        self.leave_out(cube, weights)
    }

    /// The bits that exclude a pixel, as a number.
    fn excluded(&self, bits: Option<&[BitSpec]>, mask: &FitsMask) -> Result<u64, CliError> {
        let Some(bits) = bits else { return Ok(u64::MAX) };
        let stored = mask.header.iter().find(|card| card.keyword == "BITPIX");
        let stored = stored.and_then(|card| card.value.trim().parse::<i64>().ok());
        let width = stored.filter(|bitpix| *bitpix > 0).map_or(64, |bitpix| bitpix.min(64) as u32);
        let mut excluded = 0;
        for bit in bits {
            let number = match bit {
                BitSpec::Number(number) => *number,
                BitSpec::Name(name) => self.bit_called(name, &mask.header)?,
            };
            if number >= width {
                let problem = format!(
                    "bit {number} is not among the {width} bits of the mask's integers; count bits from 0, not by value"
                );
                return Err(self.problem("mask.bits", problem));
            }
            excluded |= 1 << number;
        }
        Ok(excluded)
    }

    /// The number of the bit that a mask's header calls `name`.
    fn bit_called(&self, name: &str, header: &Header) -> Result<u32, CliError> {
        let named = header.iter().filter_map(|card| {
            let plane = card.keyword.strip_prefix(PLANE)?;
            Some((plane, card.value.trim().parse::<u32>().ok()?))
        });
        let named: Vec<(&str, u32)> = named.collect();
        if let Some((_, number)) = named.iter().find(|(plane, _)| plane.eq_ignore_ascii_case(name)) {
            return Ok(*number);
        }
        let names: Vec<&str> = named.iter().map(|(plane, _)| *plane).collect();
        let advice = match nearest(name, names.iter().copied()) {
            Some(meant) => format!("did you mean {meant}? There are {}", names.join(", ")),
            None if names.is_empty() => {
                format!("its header names none ({PLANE}{name} = ..); give numbers, from 0")
            }
            None => format!("there are {}", names.join(", ")),
        };
        Err(self.problem("mask.bits", format!("the mask has no plane called {name}; {advice}")))
    }

    fn leave_out(&self, mask: Array3<bool>, weights: &mut Array3<f64>) -> Result<(), CliError> {
        self.check_shape("mask", mask.dim(), weights.dim())?;
        Zip::from(weights).and(&mask).for_each(|weight, masked| {
            if *masked {
                *weight = 0.0;
            }
        });
        Ok(())
    }
}
