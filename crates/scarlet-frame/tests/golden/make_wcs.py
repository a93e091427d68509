"""Writes wcs.json: headers of every kind that is handled, with pixels and their ICRS positions by astropy.

    python make_wcs.py > wcs.json

Needs numpy and astropy (made with 8.0.2). Each case holds `cards` (keyword, value as text), `points`
([y, x, ra, dec]: 0-based pixels, ICRS degrees) and `scale_arcsec` (geometric mean at the first point's pixel,
by differences of 1 px; good to about 1e-6). FK4 is taken at MJD-OBS or DATE-OBS where one is there, as FITS WCS
paper II asks; astropy's own frame of such a header takes it at the equinox.
"""

import json
import sys

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs.utils import wcs_to_celestial_frame
from astropy.coordinates import FK4, SkyCoord
from astropy.time import Time

import distorted
from distorted import swapped

SCALE = 0.168 / 3600


def turn(degrees, scale=SCALE, flip=1.0):
    """CD matrix, north up and east left before the rotation; flip=-1 puts east right."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return {"CD1_1": -flip * scale * c, "CD1_2": scale * s, "CD2_1": flip * scale * s, "CD2_2": scale * c}


def base(code="TAN", ra=150.1163, dec=2.2009, pixel=(101.25, 80.5), **more):
    return {"CTYPE1": f"RA---{code}", "CTYPE2": f"DEC--{code}", "CRPIX1": pixel[0], "CRPIX2": pixel[1],
            "CRVAL1": ra, "CRVAL2": dec} | more


def cdelt(factor=1.0, **more):
    return {"CDELT1": -SCALE * factor, "CDELT2": SCALE * factor} | more


def scaled(header, factor, unit):
    """The header in another unit than degrees."""
    out = dict(header)
    for key in out:
        if key.startswith(("CRVAL", "CD")):
            out[key] *= factor
    return out | {"CUNIT1": unit, "CUNIT2": unit}


PC = {"PC1_1": 0.8, "PC1_2": -0.6, "PC2_1": 0.6, "PC2_2": 0.8}

# headers of the two images of the HST + HSC tutorial data, the cards that concern positions
HST = {"WCSAXES": 2, "CRPIX1": 25795.5, "CRPIX2": 15797.0, "PC1_1": -8.333333e-06, "PC2_2": 8.333333e-06,
       "CDELT1": 1.0, "CDELT2": 1.0, "CUNIT1": "deg", "CUNIT2": "deg", "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN",
       "CRVAL1": 150.1163213, "CRVAL2": 2.200973097, "LONPOLE": 180.0, "LATPOLE": 2.200973097, "RADESYS": "FK5",
       "EQUINOX": 2000.0, "MJD-OBS": 53077.0, "DATE-OBS": "2004-03-13"}
HSC = {"WCSAXES": 2, "CRPIX1": 1791.0, "CRPIX2": 3476.0, "PC1_1": -4.6666666666639e-05, "PC2_2": 4.666666666664e-05,
       "CDELT1": 1.0, "CDELT2": 1.0, "CUNIT1": "deg", "CUNIT2": "deg", "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN",
       "CRVAL1": 150.2479338843, "CRVAL2": 2.2314049586777, "LONPOLE": 180.0, "LATPOLE": 2.2314049586777,
       "RADESYS": "ICRS", "MJD-OBS": 51544.499257131}

CASES = {
    "hst": (HST, (250, 250)),
    "hsc": (HSC, (50, 50)),
    "tan cd": base(**turn(0)),
    "tan cd rotated 37": base(**turn(37)),
    "tan cd rotated 212, flipped": base(**turn(212, flip=-1.0)),
    "tan cd diagonal only": base(CD1_1=-SCALE, CD2_2=SCALE),
    "tan cd off-diagonal only": base(CD1_2=SCALE, CD2_1=SCALE),
    "tan cd skewed, oblong": base(CD1_1=-SCALE, CD1_2=0.2 * SCALE, CD2_1=0.1 * SCALE, CD2_2=1.4 * SCALE),
    "tan cd beside ignored cdelt, crota": base(**turn(12), CDELT1=1.0, CDELT2=1.0, CROTA2=30.0),
    "tan pc": base(**cdelt(**PC)),
    "tan pc partly missing": base(**cdelt(PC1_2=0.3)),
    "tan pc without cdelt": base(PC1_1=-SCALE, PC2_2=SCALE),
    "tan pc old spelling": base(**cdelt(PC001001=0.8, PC001002=-0.6, PC002001=0.6, PC002002=0.8)),
    "tan cdelt": base(**cdelt()),
    "tan cdelt crota2": base(**cdelt(CROTA2=-63.0)),
    "tan cdelt crota2, oblong": base(CDELT1=-SCALE, CDELT2=2 * SCALE, CROTA1=25.0, CROTA2=25.0),
    "tan swapped cd": swapped(base(**turn(20))),
    "tan swapped cdelt crota1": swapped(base()) | {"CDELT1": SCALE, "CDELT2": -SCALE, "CROTA1": 33.0},
    "tan arcsec": scaled(base(**turn(15)), 3600.0, "arcsec"),
    "tan arcmin": scaled(base(**turn(15)), 60.0, "arcmin"),
    "tan rad": scaled(base(**turn(15)), np.pi / 180, "rad"),
    "tan units of their own": base(CUNIT1="arcsec", CUNIT2="deg", CD1_1=-0.168, CD2_2=SCALE) | {"CRVAL1": 540418.68},
    "tan lonpole 150": base(**turn(0), LONPOLE=150.0),
    "tan latpole ignored": base(**turn(0), LONPOLE=180.0, LATPOLE=40.0),
    "tan north pole": base(dec=90.0, **turn(30)),
    "tan near the north pole": base(dec=89.9999, **turn(30)),
    "tan south pole": base(dec=-90.0, **turn(30)),
    "tan across ra 0": base(ra=0.0005, dec=-31.0, **turn(5)),
    "tan ra below 0": base(ra=-12.5, dec=61.0, **turn(5)),
    "tan wide": base(dec=-45.0, **turn(75, scale=0.2)),
    "tan fk5": base(**turn(10), RADESYS="FK5", EQUINOX=2000.0),
    "tan fk5 without equinox": base(**turn(10), RADESYS="FK5"),
    "tan fk5 by equinox": base(ra=10.0, dec=-72.0, **turn(10), EQUINOX=2000.0),
    "tan fk5 by epoch": base(ra=10.0, dec=-72.0, **turn(10), EPOCH=2000.0),
    "tan icrs with equinox": base(**turn(10), RADESYS="ICRS", EQUINOX=1950.0),
    "tan radecsys": base(**turn(10), RADECSYS="FK5"),
    "tan fk5 at the pole": base(dec=90.0, **turn(30), RADESYS="FK5"),
    "sin": base("SIN", **turn(20)),
    "sin wide fk5": base("SIN", dec=-30.0, **turn(20, scale=0.2), RADESYS="FK5", PV2_1=0.0, PV2_2=0.0),
    "arc": base("ARC", **turn(20)),
    "arc wide": base("ARC", dec=50.0, **turn(20, scale=0.4), LONPOLE=140.0),
    "stg": base("STG", **turn(20)),
    "stg wide": base("STG", dec=-50.0, **turn(20, scale=0.4)),
    "zea": base("ZEA", **turn(20)),
    "zea wide": base("ZEA", dec=20.0, **turn(20, scale=0.4)),
    "car at the equator": base("CAR", dec=0.0, **turn(20)),
    "car off the equator": base("CAR", **turn(20)),
    "car south, wide": base("CAR", dec=-40.0, **turn(0, scale=0.3), RADESYS="FK5"),
    "car lonpole": base("CAR", dec=15.0, **turn(0, scale=0.1), LONPOLE=25.0),
    "car lonpole, latpole": base("CAR", dec=15.0, **turn(0, scale=0.1), LONPOLE=-25.0, LATPOLE=-90.0),
    "car equator, southern latpole": base("CAR", dec=0.0, **turn(0, scale=0.1), LATPOLE=-90.0),
}


def sky(wcs, frame, pixels):
    """ICRS [ra, dec] in degrees of 0-based [y, x]."""
    world = wcs.all_pix2world(pixels[:, ::-1], 0)
    lon, lat = world[:, wcs.wcs.lng], world[:, wcs.wcs.lat]
    icrs = SkyCoord(lon, lat, unit="deg", frame=frame).icrs
    return np.stack([icrs.ra.deg, icrs.dec.deg], axis=1)


def vectors(radec):
    a, d = np.radians(radec).T
    return np.stack([np.cos(a) * np.cos(d), np.sin(a) * np.cos(d), np.sin(d)], axis=1)


def as_cd(cards):
    """The cards with a CD matrix in place of PC and CDELT: wcslib's TPV leaves CDELT out (SCAMP writes CD)."""
    if "PC1_1" not in cards or not cards["CTYPE1"].endswith("TPV"):
        return cards
    cd = {f"CD{i}_{j}": cards[f"CDELT{i}"] * cards[f"PC{i}_{j}"] for i in (1, 2) for j in (1, 2)}
    return {key: value for key, value in cards.items() if not key.startswith(("PC", "CDELT"))} | cd


def case(name, cards, shape=(160, 200)):
    header = fits.Header()
    for key, value in cards.items():
        header[key] = float(value) if isinstance(value, np.floating) else value
    wcs = WCS(fits.Header(as_cd(dict(header))), naxis=2)
    frame = wcs_to_celestial_frame(wcs)
    if isinstance(frame, FK4) and np.isfinite(wcs.wcs.mjdobs):
        frame = FK4(equinox=frame.equinox, obstime=Time(wcs.wcs.mjdobs, format="mjd"))
    ys, xs = np.meshgrid(np.linspace(-0.5, shape[0] - 0.5, 5), np.linspace(-0.5, shape[1] - 0.5, 5), indexing="ij")
    pixels = np.stack([ys.ravel(), xs.ravel()], axis=1)
    at = pixels[:1]
    step = [vectors(sky(wcs, frame, at + d)) - vectors(sky(wcs, frame, at - d)) for d in ([[0.5, 0]], [[0, 0.5]])]
    area = np.linalg.norm(np.cross(step[0][0], step[1][0]))
    text = {key: value if isinstance(value, str) else repr(value) for key, value in dict(header).items()}
    return {
        "name": name,
        "cards": [[key, value] for key, value in text.items()],
        "points": [[*map(float, row)] for row in np.hstack([pixels, sky(wcs, frame, pixels)])],
        "scale_arcsec": float(np.degrees(np.sqrt(area)) * 3600),
    }


def main():
    out = [case(name, *(spec if isinstance(spec, tuple) else (spec,))) for name, spec in (CASES | distorted.CASES).items()]
    for entry in out:
        assert np.isfinite(np.array(entry["points"])).all(), entry["name"]
    sys.stdout.write("[\n" + ",\n".join(json.dumps(entry) for entry in out) + "\n]\n")


main()
