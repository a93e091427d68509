//! The files of a simulated survey.

use super::{Exposure, SimulatedSurvey, SkySource};
use crate::catalog::{Column, Table};
use crate::error::CliError;
use crate::output::write_text;
use ndarray::{Array2, Axis};
use scarlet::obs::fits::{FitsKey, FitsWriter};
use std::fmt::Write as _;
use std::path::Path;

/// AB magnitude of 1 nJy.
const NJY_ZERO_POINT: f64 = 31.4;

pub(super) fn all(survey: &SimulatedSurvey, folder: &Path) -> Result<(), CliError> {
    for exposure in &survey.exposures {
        let instrument = survey.survey.instruments.iter().find(|i| i.name == exposure.instrument);
        let zero_point = instrument.and_then(|instrument| instrument.zero_point);
        images(exposure, zero_point, &folder.join(file_name(&exposure.instrument, exposure.epoch)))?;
    }
    catalog(survey).write_csv(&folder.join("sources.csv"))?;
    truth(survey).write_csv(&folder.join("truth.csv"))?;
    if survey.sky.sources.iter().any(|source| source.light_curve.is_some()) {
        light_curves(survey).write_csv(&folder.join("light_curves.csv"))?;
    }
    write_text(&folder.join("scene.yaml"), &scene_file(survey))
}

fn file_name(instrument: &str, epoch: Option<usize>) -> String {
    epoch.map_or_else(|| format!("{instrument}.fits"), |epoch| format!("{instrument}_{epoch}.fits"))
}

fn images(exposure: &Exposure, zero_point: Option<f64>, path: &Path) -> Result<(), CliError> {
    let unit = 10_f64.powf(0.4 * (NJY_ZERO_POINT - zero_point.unwrap_or(NJY_ZERO_POINT)));
    let cards = exposure.frame.wcs_ref().map(|wcs| wcs.header().to_vec()).unwrap_or_default();
    let creator = FitsKey::new("CREATOR", format!("scarlet {} simulate", env!("CARGO_PKG_VERSION")), "");
    let mut file = FitsWriter::create(path, &[creator])?;
    for (c, channel) in exposure.frame.channel_names().iter().enumerate() {
        let mut keys = vec![FitsKey::new("FILTER", channel.to_string(), "")];
        keys.push(match zero_point {
            Some(zero_point) => FitsKey::new("MAGZERO", zero_point, "AB magnitude of one unit"),
            None => FitsKey::new("BUNIT", "nJy", ""),
        });
        let plane = |cube: &ndarray::Array3<f64>| cube.index_axis(Axis(0), c).mapv(|v| (v / unit) as f32);
        let data = plane(&exposure.data);
        let variance = Array2::from_elem(data.dim(), (exposure.sigma_njy / unit).powi(2) as f32);
        let psf = exposure.frame.psf_ref().map(|psf| psf.sampled(c)).unwrap_or_default();
        file.image(&format!("IMAGE_{channel}"), &data, &cards, &keys)?;
        file.image(&format!("VARIANCE_{channel}"), &variance, &cards, &keys[..1])?;
        file.image(&format!("PSF_{channel}"), &psf.mapv(|v| v as f32), &[], &keys[..1])?;
        file.image(&format!("TRUTH_{channel}"), &plane(&exposure.truth), &cards, &keys)?;
    }
    Ok(file.finish()?)
}

/// Names and positions, as a detection would give them: to 0.01 arcsec.
fn catalog(survey: &SimulatedSurvey) -> Table {
    let mut columns = positions(survey, |degrees| (degrees * 3.6e5).round() / 3.6e5);
    columns.push(kinds(survey));
    Table { columns, metadata: Vec::new() }
}

fn kinds(survey: &SimulatedSurvey) -> Column {
    let kinds: Vec<String> = survey.sky.sources.iter().map(|s| s.kind().to_owned()).collect();
    Column::new("type", "", "star, galaxy or transient", kinds)
}

fn positions(survey: &SimulatedSurvey, round: impl Fn(f64) -> f64) -> Vec<Column> {
    let sources = &survey.sky.sources;
    let ids: Vec<String> = sources.iter().map(|s| s.id.clone()).collect();
    let ra: Vec<f64> = sources.iter().map(|s| round(s.sky.ra_deg)).collect();
    let dec: Vec<f64> = sources.iter().map(|s| round(s.sky.dec_deg)).collect();
    vec![
        Column::new("id", "", "name of the source", ids),
        Column::new("ra", "deg", "right ascension", ra),
        Column::new("dec", "deg", "declination", dec),
    ]
}

fn bands(survey: &SimulatedSurvey) -> Vec<String> {
    let mut bands: Vec<String> = Vec::new();
    for band in survey.survey.instruments.iter().flat_map(|i| &i.channels) {
        if !bands.contains(band) {
            bands.push(band.clone());
        }
    }
    bands
}

fn truth(survey: &SimulatedSurvey) -> Table {
    let sources = &survey.sky.sources;
    let mut columns = positions(survey, |degrees| degrees);
    columns.push(kinds(survey));
    for band in bands(survey) {
        let flux: Vec<f64> = sources.iter().map(|s| s.flux[&band]).collect();
        columns.push(Column::new(
            &format!("flux_{band}"),
            "nJy",
            "true flux, of a transient at its peak",
            flux,
        ));
    }
    let shape = |f: &dyn Fn(f64, f64, [f64; 2]) -> f64| -> Vec<f64> {
        let one = |s: &SkySource| s.galaxy.map_or(f64::NAN, |(n, radius, e)| f(n, radius.arcsec(), e));
        sources.iter().map(one).collect()
    };
    columns.extend([
        Column::new("n", "", "Sersic index", shape(&|n, _, _| n)),
        Column::new("size", "arcsec", "half-light radius before the PSF", shape(&|_, size, _| size)),
        Column::new("e1", "", "distortion with north up, east left, along x", shape(&|_, _, e| e[0])),
        Column::new("e2", "", "distortion along y = x", shape(&|_, _, e| e[1])),
    ]);
    Table { columns, metadata: Vec::new() }
}

/// The true fluxes of transients at each epoch of each band.
fn light_curves(survey: &SimulatedSurvey) -> Table {
    let (mut ids, mut epochs, mut names, mut fluxes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for source in survey.sky.sources.iter().filter(|source| source.light_curve.is_some()) {
        for exposure in &survey.exposures {
            let Some(epoch) = exposure.epoch else { continue };
            for channel in exposure.frame.channel_names() {
                ids.push(source.id.clone());
                epochs.push(epoch.to_string());
                names.push(channel.band().to_owned());
                fluxes.push(source.flux_at(channel.band(), exposure.epoch));
            }
        }
    }
    let columns = vec![
        Column::new("id", "", "name of the transient", ids),
        Column::new("epoch", "", "the epoch", epochs),
        Column::new("band", "", "the band", names),
        Column::new("flux", "nJy", "true flux", fluxes),
    ];
    Table { columns, metadata: Vec::new() }
}

fn scene_file(survey: &SimulatedSurvey) -> String {
    let mut text = String::from(
        "# A simulated survey: Sersic galaxies and stars, seen through Moffat PSFs. Images without noise: TRUTH_.\n\
         observations:\n",
    );
    for instrument in &survey.survey.instruments {
        let file = match instrument.epochs {
            Some(_) => format!("{}_{{epoch}}.fits", instrument.name),
            None => format!("{}.fits", instrument.name),
        };
        let _ = write!(
            text,
            "  - name: {}\n    channels: [{}]\n",
            instrument.name,
            instrument.channels.join(", ")
        );
        if let Some(count) = instrument.epochs {
            let _ = writeln!(text, "    epochs: {{ from: 1, to: {count} }}");
        }
        for (field, hdu) in [("image", "IMAGE"), ("variance", "VARIANCE"), ("psf", "PSF")] {
            let _ = writeln!(text, "    {field}: \"{file}[{hdu}_{{band}}]\"");
        }
        if let Some(zero_point) = instrument.zero_point {
            let _ = writeln!(text, "    zero_point: {zero_point:?}");
        }
    }
    text + "catalog: sources.csv\nflux_unit: nJy\nmodel: { galaxy: extended }\nfit: { max_iter: 200 }\n"
}
