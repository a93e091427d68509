"""What an instrument sees of a galaxy and of a star, drawn by GalSim on pixel grids of every kind.

Usage: galsim_truth.py FOLDER

Writes for each case `model-K.fits` [2, y, x], the galaxy and the star on the pixels of the model frame (seen through its
PSF, pixels included); `truth-K.fits` [2, y, x], both as the observation sees them; and `psf-K.fits`, its PSF. All have their
WCS in the header, the PSF its samples along a pixel (PERPX) and whether pixels are in it (HASPIXEL). Prints one JSON line:
the cases in words, and the version.

A PSF is round or elliptical in the pixels at the middle of the observation, and the same on the sky elsewhere: the sum of
two Gaussians, so that none of its light is cut off. The model's pixels are small enough to sample it: where they are not,
its own aliasing adds to the errors of any renderer. GalSim's own approximations are set well below what is measured.
"""

import argparse
import json
import os

import galsim
import numpy as np
import scipy.ndimage

MODEL_SCALE = 0.14
MODEL_SIDE = 181
MODEL_SIGMA_PX = 0.7
RA, DEC = 150.1, 2.2
GALAXY_AT = (0.317, -0.241)  # arcsec from the middle of the model: east, north
STAR_AT = (-1.113, 0.973)
EXACT = galsim.GSParams(
    folding_threshold=1e-6,
    maxk_threshold=1e-7,
    kvalue_accuracy=1e-9,
    stepk_minimum_hlr=8,
    maximum_fft_size=1 << 15,
)


def header(side, scale, angle=0.0, flip=False, sip=0.0, shift=(0.0, 0.0)):
    """A TAN header: pixels of `scale` arcsec turned by `angle` degrees, north up and east left where it is 0."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    parity = 1.0 if flip else -1.0
    cd = np.array([[parity * c, -parity * s], [s, c]]) * scale / 3600.0
    cards = {
        "CTYPE1": "RA---TAN",
        "CTYPE2": "DEC--TAN",
        "RADESYS": "ICRS",
        "CUNIT1": "deg",
        "CUNIT2": "deg",
        "CRVAL1": RA,
        "CRVAL2": DEC,
        "CRPIX1": (side + 1) / 2 + shift[0],
        "CRPIX2": (side + 1) / 2 + shift[1],
        "CD1_1": cd[0, 0],
        "CD1_2": cd[0, 1],
        "CD2_1": cd[1, 0],
        "CD2_2": cd[1, 1],
    }
    if sip:
        order = {"A_ORDER": 2, "B_ORDER": 2, "CTYPE1": "RA---TAN-SIP", "CTYPE2": "DEC--TAN-SIP"}
        terms = {"A_2_0": sip, "A_0_2": -0.6 * sip, "A_1_1": 0.8 * sip, "B_0_2": -sip, "B_2_0": 0.4 * sip, "B_1_1": sip}
        cards |= order | terms
    return cards


def sky(at):
    """The position `at` arcsec east and north of the middle of the model."""
    middle = galsim.CelestialCoord(RA * galsim.degrees, DEC * galsim.degrees)
    # GalSim's tangent plane has u towards the west
    return middle.deproject(-at[0] * galsim.arcsec, at[1] * galsim.arcsec)


def galaxy():
    """An elliptical exponential galaxy of half-light radius 0.7 arcsec."""
    return galsim.Exponential(half_light_radius=0.7, gsparams=EXACT).shear(g1=0.2, g2=-0.15)


def psf_px(fwhm_px, ellipticity):
    """Core and wings in pixels of the observation."""
    sigma = fwhm_px / 2.3548
    core = galsim.Gaussian(sigma=sigma, flux=0.8, gsparams=EXACT)
    wings = galsim.Gaussian(sigma=1.9 * sigma, flux=0.2, gsparams=EXACT)
    return (core + wings).shear(g1=ellipticity, g2=-0.5 * ellipticity)


def drawn(profiles, side, wcs):
    """One image for each of `profiles`, pairs of a profile on the sky and its position."""
    images = []
    for profile, at in profiles:
        image = galsim.ImageD(side, side, wcs=wcs)
        position = wcs.toImage(at)
        profile.drawImage(image=image, wcs=wcs.local(position), center=position, method="auto")
        images.append(image.array)
    return np.stack(images)


def drawn_distorted(profiles, side, wcs, pixel):
    """The same without taking the WCS for linear: integrals over pixels by 5 x 5 points of Gauss and Legendre in each.

    Profiles are drawn on a plane that touches the sphere at their position, five times finer than the smaller of pixels
    and 0.15 arcsec, and interpolated by splines of fifth order.
    """
    nodes, shares = np.polynomial.legendre.leggauss(5)
    step = 0.2 * min(pixel, 0.15)
    images = []
    for profile, at in profiles:
        n = int(28.0 / step) | 1
        plane = profile.drawImage(nx=n, ny=n, scale=step, method="sb", dtype=float).array
        splines = scipy.ndimage.spline_filter(plane, order=5)
        total = np.zeros((side, side))
        y, x = np.mgrid[1.0 : side + 1, 1.0 : side + 1]

        def place(x, y, at=at):
            ra, dec = wcs.xyToradec(x.ravel(), y.ravel(), units="rad")
            u, v = at.project_rad(ra, dec, projection="gnomonic")
            return np.degrees(u).reshape(x.shape) * 3600.0, np.degrees(v).reshape(x.shape) * 3600.0

        for dy, share_y in zip(0.5 * nodes, 0.5 * shares, strict=True):
            for dx, share_x in zip(0.5 * nodes, 0.5 * shares, strict=True):
                u, v = place(x + dx, y + dy)
                h = 0.01
                (ux, vx), (uy, vy) = (
                    [(a - b) / (2 * h) for a, b in zip(place(x + dx + h * i, y + dy + h * j),
                                                       place(x + dx - h * i, y + dy - h * j), strict=True)]
                    for i, j in ((1, 0), (0, 1))
                )
                at_plane = [v / step + n // 2, u / step + n // 2]
                values = scipy.ndimage.map_coordinates(splines, at_plane, order=5, prefilter=False)
                total += share_y * share_x * values * np.abs(ux * vy - uy * vx)
        images.append(total)
    return np.stack(images)


def write(path, array, cards):
    """An array with header cards."""
    image = galsim.ImageD(np.ascontiguousarray(array)) if array.ndim == 2 else None
    fits_header = galsim.FitsHeader(header=dict(cards))
    if image is not None:
        image.header = fits_header
        galsim.fits.write(image, path, clobber=True)
    else:
        hdu = galsim._pyfits.pyfits.PrimaryHDU(np.ascontiguousarray(array))
        for name, value in cards.items():
            hdu.header[name] = value
        hdu.writeto(path, overwrite=True)


def cases():
    """Scale in pixels of the model, angle, flip, distortion, PSF width in arcsec and ellipticity, its samples and pixels."""
    kinds = [(1, True), (4, False), (3, True), (5, False), (2, True), (3, False)]
    scales = [0.3, 0.5, 0.84, 1.0, 1.7, 2.5, 4.0]
    found = []
    for k in range(30):
        scale = scales[k % len(scales)]
        angle = [0.0, 33.0, 90.0, -117.0, 180.0, 71.3][(k * 5 + k // 7) % 6]
        per_px, has_pixel = kinds[(k + k // 7) % len(kinds)]
        # wider than the model's PSF by enough, and sampled well where only samples of single pixels are given
        fwhm = max(0.75, 3.3 * scale * MODEL_SCALE if per_px < 3 else 0.0)
        sip = [0.0, 0.0, 4e-6, 0.0, 2e-5][k % 5]
        found.append(
            {
                "scale": scale,
                "angle": angle,
                "flip": k % 3 == 1,
                "sip": sip,
                "fwhm": fwhm,
                "ellipticity": [0.0, 0.1, -0.15][k % 3],
                "per_px": per_px,
                "has_pixel": has_pixel,
            }
        )
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    folder = parser.parse_args().folder
    os.makedirs(folder, exist_ok=True)
    model_header = header(MODEL_SIDE, MODEL_SCALE)
    model_wcs = galsim.FitsWCS(header=galsim.FitsHeader(header=dict(model_header)))
    sharp = galsim.Gaussian(sigma=MODEL_SIGMA_PX * MODEL_SCALE, gsparams=EXACT)
    places = [sky(GALAXY_AT), sky(STAR_AT)]
    seen = [galsim.Convolve(galaxy(), sharp, gsparams=EXACT), sharp]
    model = drawn(list(zip(seen, places, strict=True)), MODEL_SIDE, model_wcs)
    described = cases()
    for number, case in enumerate(described):
        pixel = case["scale"] * MODEL_SCALE
        side = int(np.ceil(20.0 / pixel)) | 1
        shift = (0.37 * (number % 4), -0.29 * (number % 3))
        cards = header(side, pixel, case["angle"], case["flip"], case["sip"], shift)
        wcs = galsim.FitsWCS(header=galsim.FitsHeader(header=dict(cards)))
        psf = psf_px(case["fwhm"] / pixel, case["ellipticity"])
        psf_on_sky = wcs.local(galsim.PositionD((side + 1) / 2, (side + 1) / 2)).profileToWorld(psf)
        of_star = [psf_on_sky]
        of_galaxy = [galsim.Convolve(galaxy(), psf_on_sky, gsparams=EXACT)]
        profiles = list(zip(of_galaxy + of_star, places, strict=True))
        truth = drawn_distorted(profiles, side, wcs, pixel) if case["sip"] else drawn(profiles, side, wcs)
        samples = psf.dilate(case["per_px"])
        if case["has_pixel"]:
            samples = galsim.Convolve(samples, galsim.Pixel(case["per_px"]), gsparams=EXACT)
        n = int(np.ceil(case["per_px"] * (9.0 * case["fwhm"] / pixel + 3.0))) | 1
        drawn_psf = samples.drawImage(nx=n, ny=n, scale=1.0, method="no_pixel", dtype=float)
        write(os.path.join(folder, f"model-{number}.fits"), model, model_header)
        write(os.path.join(folder, f"truth-{number}.fits"), truth, cards)
        given = {"PERPX": float(case["per_px"]), "HASPIXEL": case["has_pixel"]}
        write(os.path.join(folder, f"psf-{number}.fits"), drawn_psf.array, given)
    print(json.dumps({"cases": described, "version": galsim.__version__}))


main()
