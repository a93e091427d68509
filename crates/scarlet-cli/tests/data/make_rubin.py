"""Writes rubin.fits.fz: an exposure as Rubin's pipelines lay it out, tile-compressed, with numpy and astropy.

    python make_rubin.py
"""

import numpy as np
from astropy.io import fits

rng = np.random.default_rng(5)
y, x = np.mgrid[:40, :48]
image = 50 * np.exp(-0.5 * ((y - 20) ** 2 + (x - 23) ** 2) / 6.0) + rng.normal(0, 0.5, (40, 48))
mask = np.zeros((40, 48), np.int32)
mask[3, 5] = 1 << 1  # SAT
mask[15:25, 18:28] |= 1 << 5  # DETECTED
mask[:, 0] |= 1 << 4  # EDGE
variance = np.full((40, 48), 0.25, np.float32)

wcs = fits.Header()
for key, value in [
    ("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("CRVAL1", 150.0), ("CRVAL2", 2.0), ("CRPIX1", 24.0),
    ("CRPIX2", 20.0), ("CD1_1", -5.55e-5), ("CD1_2", 0.0), ("CD2_1", 0.0), ("CD2_2", 5.55e-5),
]:
    wcs[key] = value
planes = fits.Header(wcs)
for name, bit in [("BAD", 0), ("SAT", 1), ("INTRP", 2), ("CR", 3), ("EDGE", 4), ("DETECTED", 5)]:
    planes["MP_" + name] = bit
primary = fits.PrimaryHDU()
primary.header["FLUXMAG0"] = 10 ** (0.4 * 27.0)
rice = dict(compression_type="RICE_1", tile_shape=(1, 48))
fits.HDUList([
    primary,
    fits.CompImageHDU(image.astype(np.float32), wcs, name="IMAGE", quantize_level=64, dither_seed=7, **rice),
    fits.CompImageHDU(mask, planes, name="MASK", **rice),
    fits.CompImageHDU(variance, wcs, name="VARIANCE", compression_type="GZIP_1", quantize_level=0),
]).writeto("rubin.fits.fz", overwrite=True)
