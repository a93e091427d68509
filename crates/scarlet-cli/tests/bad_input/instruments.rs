//! Several instruments and epochs, their units, grids and PSFs.

use crate::world::{Images, World, tiles_without_sides};
use crate::{Row, row};
use std::fs;

/// A second observation `deep` of `deep.fits`, which is `images.fits` with its WCS changed by `change`.
fn two(world: &World, change: impl FnOnce(&mut Images)) {
    world.images(|images| {
        images.wcs();
        change(images);
    });
    fs::rename(world.path("images.fits"), world.path("deep.fits")).expect("renamed");
    world.images(Images::wcs);
    second(world);
}

/// A second observation in the scene file.
fn second(world: &World) {
    let scene = fs::read_to_string(world.path("scene.yaml")).expect("written before");
    let (start, rest) = scene.split_at(scene.find("  - name").expect("an observation"));
    let (one, rest) = rest.split_at(rest.find("catalog").expect("a catalogue"));
    let other = one.replace("hsc", "deep").replace("images.fits", "deep.fits");
    world.write("scene.yaml", format!("{start}{one}{other}{rest}"));
}

fn set(images: &mut Images, key: &str, value: &str) {
    images.cards.iter_mut().filter(|card| card.0 == key).for_each(|card| card.1 = value.to_owned());
}

/// The observation at epochs 1 and 2, each a copy of `images.fits`.
fn epochs(world: &World) {
    for epoch in [1, 2] {
        fs::copy(world.path("images.fits"), world.path(&format!("exp_{epoch}.fits"))).expect("copied");
    }
    let scene = fs::read_to_string(world.path("scene.yaml")).expect("written before");
    let scene = scene.replace("images.fits", "exp_{epoch}.fits");
    let scene = scene.replace("[IMAGE_{channel}]", "[IMAGE_{band}]");
    let scene = scene.replace("channels: [g, r]", "channels: [g, r]\n    epochs: [1, 2]");
    world.write("scene.yaml", scene);
}

/// One exposure as Rubin lays it out, named by `image`.
fn rubin(world: &World, image: &str) {
    fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/rubin.fits.fz"), world.path("rubin.fits.fz"))
        .expect("copied");
    let scene = format!(
        "observations:\n  - {{ channels: [r], image: \"{image}\", psf: {{ gaussian: {{ sigma_px: 1.3 }} }} }}\n\
         catalog: sources.csv\n"
    );
    world.write("scene.yaml", scene);
}

pub(crate) const ROWS: &[Row] = &[
    row("two observations on different grids", |w| two(w, |i| set(i, "CDELT1", "-7.7E-5")), &[]).code(0),
    row(
        "one of two images without a WCS",
        |w| {
            two(w, |_| {});
            w.images(|_| {});
        },
        &[
            "observations[0].image",
            "its header has no WCS, and that of deep has one",
            "CTYPE, CRVAL, CRPIX and CD",
        ],
    ),
    row(
        "an intersection of images that see other parts of the sky",
        |w| {
            two(w, |i| set(i, "CRVAL1", "150.1"));
            w.scene("model: {", "model: { extent: intersection,");
        },
        &["observations[1].image", "deep sees nothing", "extent: union"],
    ),
    row(
        "images at opposite ends of the sky",
        |w| two(w, |i| set(i, "CRVAL1", "190.0")),
        &["scene.yaml, model", "pixels", "frame 1 is deep"],
    ),
    row(
        "a CD matrix without area",
        |w| {
            w.images(|i| {
                i.wcs();
                i.cards.retain(|(key, _)| !key.starts_with("CDELT"));
                for key in ["CD1_1", "CD1_2", "CD2_1", "CD2_2"] {
                    i.cards.push((key, "1.0E-5".to_owned()));
                }
            });
        },
        &["observations[0].image", "WCS header", "CD"],
    ),
    row(
        "NaN among the terms of a SIP distortion",
        |w| {
            w.images(|i| {
                i.wcs();
                set(i, "CTYPE1", "RA---TAN-SIP");
                set(i, "CTYPE2", "DEC--TAN-SIP");
                for (key, value) in [("A_ORDER", "2"), ("B_ORDER", "2"), ("A_2_0", "NaN")] {
                    i.cards.push((key, value.to_owned()));
                }
            });
        },
        &["observations[0].image", "WCS header", "A_2_0"],
    ),
    row(
        "a grid of an observation that is not there",
        |w| w.scene("model: {", "model: { grid: hcs,"),
        &["model.grid", "no observation hcs", "did you mean hsc?"],
    ),
    row(
        "a grid and a pixel scale",
        |w| w.scene("model: {", "model: { grid: hsc, pixel_scale_arcsec: 0.1,"),
        &["model.grid", "give one of the two"],
    ),
    row(
        "a pixel scale without a WCS",
        |w| w.scene("model: {", "model: { pixel_scale_arcsec: 0.1,"),
        &["scene.yaml, model", "no observation has a WCS"],
    ),
    row(
        "positions in pixels for a model with pixels of its own",
        |w| {
            w.images(Images::wcs);
            w.scene("model: {", "model: { pixel_scale_arcsec: 0.15,");
        },
        &["catalog, source red", "pixels of its own", "give ra and dec"],
    ),
    row(
        "a negative pixel scale",
        |w| w.scene("model: {", "model: { pixel_scale_arcsec: -0.1,"),
        &["model.pixel_scale_arcsec", "it is -0.1", "greater than 0"],
    ),
    row(
        "two observations of one name",
        |w| {
            two(w, |_| {});
            w.scene("name: deep", "name: hsc");
        },
        &["observations[1].name", "hsc is the name of observations[0], too"],
    ),
    row(
        "images in different units",
        |w| {
            w.images(|i| i.cards.push(("BUNIT", "uJy".to_owned())));
            fs::rename(w.path("images.fits"), w.path("deep.fits")).expect("renamed");
            w.images(|i| i.cards.push(("BUNIT", "counts".to_owned())));
            second(w);
        },
        &["observations[1].image", "BUNIT is \"uJy\"", "\"counts\" in hsc", "zero_point"],
    ),
    row(
        "fluxes in nJy without a zero point",
        |w| w.scene("model:", "flux_unit: nJy\nmodel:"),
        &["observations[0].zero_point", "no zero point", "31.4 where it is in nJy"],
    ),
    row(
        "a zero point, and fluxes in counts",
        |w| {
            w.scene("    psf:", "    zero_point: 27.0\n    psf:");
            w.scene("model:", "flux_unit: counts\nmodel:");
        },
        &["observations[0].zero_point", "flux_unit is \"counts\""],
    ),
    row(
        "zero points for more channels than there are",
        |w| w.scene("    psf:", "    zero_point: [27.0, 27.1, 27.2]\n    psf:"),
        &["observations[0].zero_point", "2 channels"],
    ),
    row(
        "a zero point that is no number",
        |w| w.scene("    psf:", "    zero_point: .nan\n    psf:"),
        &["a finite number is needed here"],
    ),
    row(
        "a PSF finer than the pixels, by its header, and nothing that says so",
        |w| {
            w.images(|i| {
                i.psf_cards.push(("OVERSAMP", "4".to_owned()));
            })
        },
        &["observations[0].psf", "OVERSAMP = 4", "samples_per_px: 4"],
    ),
    row(
        "a PSF with a scale, for an image without a WCS",
        |w| {
            let psf = "psf: { image: \"images.fits[PSF_{channel}]\", scale_arcsec: 0.03 }";
            w.scene("psf: images.fits[PSF_{channel}]", psf);
        },
        &["psf.scale_arcsec", "no WCS", "samples_per_px"],
    ),
    row(
        "a PSF with two samplings",
        |w| {
            let psf = "psf: { image: \"images.fits[PSF_{channel}]\", scale_arcsec: 0.03, samples_per_px: 2 }";
            w.scene("psf: images.fits[PSF_{channel}]", psf);
        },
        &["one of samples_per_px and scale_arcsec"],
    ),
    row(
        "a PSF of a formula that is to be sampled finely",
        |w| {
            let psf = "psf: { gaussian: { sigma_px: 1.2 }, samples_per_px: 2 }";
            w.scene("psf: images.fits[PSF_{channel}]", psf);
        },
        &["only an image can be recentred or sampled finely"],
    ),
    row(
        "noise to be measured in an image of one value",
        |w| {
            w.images(|i| ["IMAGE_g", "IMAGE_r"].iter().for_each(|name| i.plane(name).fill(0.25)));
            w.scene("variance: images.fits[VARIANCE_{channel}]", "sigma: measured");
        },
        &["observations[0].sigma", "channel g", "noise to be measured"],
    ),
    row(
        "a misspelt word for measured noise",
        |w| w.scene("variance: images.fits[VARIANCE_{channel}]", "sigma: measure"),
        &["the word measured"],
    ),
    row(
        "a shift that is expected to be negative",
        |w| w.scene("    psf:", "    astrometry: { shift: { sigma_px: -0.5 } }\n    psf:"),
        &["observations[0].astrometry.shift.sigma_px", "it is -0.5"],
    ),
    row(
        "a shape that no background has",
        |w| w.scene("    psf:", "    background: planar\n    psf:"),
        &["`planar`", "did you mean `plane`?"],
    ),
    row(
        "a flux scale without its error",
        |w| w.scene("    psf:", "    flux_scale: 1.05\n    psf:"),
        &["fields are needed here"],
    ),
    row(
        "a misspelt word for correlated noise",
        |w| w.scene("    psf:", "    noise: mesured\n    psf:"),
        &["`mesured`", "did you mean `measured`?"],
    ),
    row(
        "noise of two kinds",
        |w| {
            let noise =
                "    noise: { correlation: a.fits, poisson: { gain: 1.5, background: 20 } }\n    psf:";
            w.scene("    psf:", noise);
        },
        &["noise is one of correlation, power_spectrum and poisson"],
    ),
    row(
        "counts with a gain of 0",
        |w| w.scene("    psf:", "    noise: { poisson: { gain: 0, background: 20 } }\n    psf:"),
        &["observations[0].noise", "gain is 0"],
    ),
    row(
        "gains for more channels than there are",
        |w| w.scene("    psf:", "    noise: { poisson: { gain: [1, 2, 3], background: 20 } }\n    psf:"),
        &["observations[0].noise.poisson.gain", "2 channels"],
    ),
    row(
        "a correlation function that is not there",
        |w| w.scene("    psf:", "    noise: { correlation: \"rho.fits\" }\n    psf:"),
        &["observations[0].noise", "no file rho.fits"],
    ),
    row(
        "a correlation function with an even side",
        |w| {
            w.images(|i| {
                drop(i.planes.insert("RHO".to_owned(), ndarray::ArrayD::ones(ndarray::IxDyn(&[2, 4, 4]))))
            });
            w.scene("    psf:", "    noise: { correlation: \"images.fits[RHO]\" }\n    psf:");
        },
        &["observations[0].noise", "lag 0 in the middle"],
    ),
    row(
        "epochs whose bands have different names",
        |w| {
            let scene = "channels: [[g, 1], [r, 1]]";
            w.scene("channels: [g, r]", scene);
            for pattern in ["IMAGE", "VARIANCE", "MASK", "PSF"] {
                w.scene(&format!("{pattern}_{{channel}}"), &format!("{pattern}_{{band}}"));
            }
            fs::copy(w.path("images.fits"), w.path("deep.fits")).expect("copied");
            second(w);
            let text = fs::read_to_string(w.path("scene.yaml")).expect("written before");
            let (first, other) = text.split_at(text.find("name: deep").expect("a second one"));
            w.write(
                "scene.yaml",
                format!("{first}{}", other.replacen("[[g, 1], [r, 1]]", "[[g, 2], [R, 2]]", 1)),
            );
        },
        &["observations[1].channels", "band \"R\" is \"r\" in observations[0]"],
    ),
    row(
        "epochs that are all read from one file",
        |w| w.scene("channels: [g, r]", "channels: [g, r]\n    epochs: [1, 2]"),
        &["observations[0].image", "all 2 epochs", "{epoch}"],
    ),
    row(
        "an epoch twice",
        |w| {
            epochs(w);
            w.scene("epochs: [1, 2]", "epochs: [1, 2, 1]");
        },
        &["observations[0].epochs", "1 is there twice"],
    ),
    row(
        "a range of epochs of which one has no file",
        |w| {
            epochs(w);
            w.scene("epochs: [1, 2]", "epochs: { from: 1, to: 3 }");
        },
        &["observations[0].image (epoch 3)", "no file exp_3.fits"],
    ),
    row(
        "all epochs, and no file of any",
        |w| {
            epochs(w);
            w.scene("epochs: [1, 2]", "epochs: all");
            w.scene("image: exp_", "image: visit_");
        },
        &["observations[0].epochs", "no file visit_{epoch}.fits"],
    ),
    row(
        "a transient without epochs",
        |w| w.scene("model: {", "model: { transients: [blue],"),
        &["model.transients", "blue shines in some epochs only", "no observation has one"],
    ),
    row(
        "a transient in an epoch that nobody saw",
        |w| {
            epochs(w);
            w.scene("model: {", "model: { transients: [{ id: blue, epochs: [7] }],");
        },
        &["model.transients", "epoch 7", "there are 1, 2"],
    ),
    row(
        "a transient that is not in the catalogue",
        |w| {
            epochs(w);
            w.scene("model: {", "model: { transients: [bleu],");
        },
        &["model.transients", "did you mean \"blue\"?"],
    ),
    row(
        "all epochs, a transient, and a file for each",
        |w| {
            epochs(w);
            w.scene("epochs: [1, 2]", "epochs: all");
            w.scene("model: {", "model: { transients: [blue],");
        },
        &[],
    )
    .code(0),
    row(
        "an exposure of Rubin of which the image alone is named",
        |w| rubin(w, "rubin.fits.fz[IMAGE]"),
        &["observations[0].variance", "it is missing", "HDU VARIANCE"],
    ),
    row(
        "a compressed exposure that was cut short",
        |w| {
            rubin(w, "rubin.fits.fz");
            let bytes = fs::read(w.path("rubin.fits.fz")).expect("copied before");
            w.write("rubin.fits.fz", &bytes[..3000]);
        },
        &["observations[0].image", "rubin.fits.fz", "cut short"],
    ),
    row(
        "a band that one correlation function is not given for",
        |w| {
            w.images(|i| {
                drop(i.planes.insert("RHO".to_owned(), ndarray::ArrayD::ones(ndarray::IxDyn(&[3, 1, 1]))))
            });
            w.scene("    psf:", "    noise: { correlation: \"images.fits[RHO]\" }\n    psf:");
        },
        &["observations[0].noise", "3 plane(s)", "2 channels", "or one for all"],
    ),
    row(
        "an image without a PSF",
        |w| w.scene("    psf: images.fits[PSF_{channel}]\n", ""),
        &["warning: observation hsc", "it has no PSF"],
    )
    .code(0),
    row(
        "a compressed image whose tiles have no sides",
        |w| {
            w.write("packed.fits.fz", tiles_without_sides());
            w.scene("images.fits[IMAGE_{channel}]", "packed.fits.fz");
        },
        &["observations[0].image", "packed.fits.fz", "ZTILE1"],
    ),
];
