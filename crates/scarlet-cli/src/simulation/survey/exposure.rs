//! One look of an instrument at the sky.

use super::truth::offset;
use super::{Instrument, Sky, SkySpec};
use crate::error::CliError;
use crate::simulation::MOFFAT_BETA;
use ndarray::{Array3, Zip};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use scarlet::frame::{Angle, Card, Enclosing, Frame, Psf, Wcs, arcsec};
use scarlet::model::profile::Sersic;
use scarlet::model::{Scene, Source};
use scarlet::obs::render;

/// Side of the truth's pixels in those of the finest instrument.
const FINE: f64 = 0.6;
/// Width of the truth's PSF in its pixels: far below that of any instrument that is sampled.
const TRUTH_PSF_PX: f64 = 0.7;
/// Longest side of a galaxy's image, in half-light radii.
const SIDE_RADII: f64 = 16.0;

/// The images of one exposure.
#[derive(Debug, Clone)]
pub struct Exposure {
    /// Name of the instrument.
    pub instrument: String,
    /// The epoch, where the instrument looks again and again.
    pub epoch: Option<usize>,
    /// Pixels, bands, PSF and WCS.
    pub frame: Frame,
    /// Images without noise, `[channel, y, x]` in nJy.
    pub truth: Array3<f64>,
    /// The same with noise.
    pub data: Array3<f64>,
    /// Standard deviation of the noise, nJy.
    pub sigma_njy: f64,
}

impl Exposure {
    pub(super) fn new(
        instrument: &Instrument,
        epoch: Option<usize>,
        spec: &SkySpec,
        sky: &Sky,
        finest_arcsec: f64,
        rng: &mut impl Rng,
    ) -> Result<Self, CliError> {
        let frame = pointing(instrument, spec, rng)?;
        let truth = seen(&frame, sky, epoch, finest_arcsec)?;
        let mut data = truth.clone();
        Zip::from(&mut data).for_each(|value| {
            let noise: f64 = StandardNormal.sample(rng);
            *value += instrument.sigma_njy * noise;
        });
        Ok(Self {
            instrument: instrument.name.clone(),
            epoch,
            frame,
            truth,
            data,
            sigma_njy: instrument.sigma_njy,
        })
    }
}

/// Where an instrument looks, with what varies drawn at random.
fn pointing(instrument: &Instrument, spec: &SkySpec, rng: &mut impl Rng) -> Result<Frame, CliError> {
    let vary = instrument.vary;
    let mut within = |most: f64| if most > 0.0 { rng.random_range(-most..=most) } else { 0.0 };
    let center = offset(
        scarlet::frame::Sky::new(spec.ra, spec.dec),
        [within(vary.shift_arcsec), within(vary.shift_arcsec)],
    );
    let angle = instrument.position_angle_deg + within(vary.angle_deg);
    let side = instrument.pixel_arcsec * (1.0 + within(vary.scale));
    let fwhm = instrument.fwhm_arcsec * (1.0 + within(vary.fwhm)) / side;
    let wcs = gnomonic(center, instrument.shape, side, angle, instrument.mirrored)?;
    Ok(Frame::new(instrument.shape)
        .channels(instrument.channels.iter().map(String::as_str))
        .psf(Psf::moffat(&[fwhm], MOFFAT_BETA)?)
        .wcs(wcs))
}

/// A gnomonic grid with `center` in the middle; angles in degrees.
fn gnomonic(
    center: scarlet::frame::Sky,
    shape: [usize; 2],
    side_arcsec: f64,
    angle: f64,
    mirrored: bool,
) -> Result<Wcs, CliError> {
    let (sin, cos) = angle.to_radians().sin_cos();
    let (side, hand) = (side_arcsec / 3600.0, if mirrored { -1.0 } else { 1.0 });
    let numbers = [
        ("CRVAL1", center.ra_deg),
        ("CRVAL2", center.dec_deg),
        ("CRPIX1", (shape[1] as f64 + 1.0) / 2.0),
        ("CRPIX2", (shape[0] as f64 + 1.0) / 2.0),
        ("CD1_1", -hand * side * cos),
        ("CD1_2", side * sin),
        ("CD2_1", hand * side * sin),
        ("CD2_2", side * cos),
    ];
    let words = [("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("RADESYS", "ICRS")];
    let mut cards = words.map(|(keyword, value)| Card::new(keyword, value)).to_vec();
    cards.extend(numbers.map(|(keyword, value)| Card::new(keyword, format!("{value:?}"))));
    Ok(Wcs::from_header(&cards)?)
}

/// What a frame sees of the sky, without noise.
fn seen(frame: &Frame, sky: &Sky, epoch: Option<usize>, finest_arcsec: f64) -> Result<Array3<f64>, CliError> {
    let side = arcsec(FINE * finest_arcsec);
    let model = Enclosing::of([frame]).pixels(side, Angle::from_radians(0.0));
    let model = model.psf(Psf::gaussian(TRUTH_PSF_PX)?).frame()?;
    let mut scene = Scene::new(model.clone())?;
    for source in &sky.sources {
        let flux: Vec<f64> =
            (frame.channel_names().iter()).map(|channel| source.flux_at(channel.band(), epoch)).collect();
        let center = model.to_pixel(source.sky)?;
        if !model.bbox().contains(center) {
            continue;
        }
        let source = match source.galaxy {
            None => Source::point(center, flux.iter().map(|f| f.max(f64::MIN_POSITIVE)).collect::<Vec<_>>()),
            Some((n, radius, distortion)) => {
                let radius_px = radius.arcsec() / side.arcsec();
                let reach = ((SIDE_RADII * radius_px).ceil() as usize) | 1;
                Source::new(
                    center,
                    flux,
                    Sersic::new(n, radius_px).distortion(distortion).shape_px([reach; 2]),
                )
            }
        };
        scene.add(source)?;
    }
    if scene.is_empty() {
        return Ok(Array3::zeros(frame.shape()));
    }
    Ok(render(&scene, frame)?)
}
