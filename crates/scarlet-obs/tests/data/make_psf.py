"""Writes psfex.psf, psfex.npy and psf_grid.fits; needs numpy, astropy and galsim.

psfex.psf is laid out as PSFEx writes its files. psfex.npy holds what galsim.des.DES_PSFEx makes of it: images at the FITS
positions (x, y) = (1, 1), (700.5, 300.25), (1800, 3900), each divided by its sum.
"""

import galsim
import numpy as np
from astropy.io import fits
from galsim.des import DES_PSFEx

SIDE = 15


def gaussian(sigma, e1=0.0, e2=0.0):
    y, x = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    yy, xx, yx = sigma**2 * (1 - e1), sigma**2 * (1 + e1), sigma**2 * e2
    det = yy * xx - yx**2
    image = np.exp(-0.5 * (xx * y * y - 2 * yx * x * y + yy * x * x) / det)
    return image / image.sum()


round_ = gaussian(1.7)
masks = np.array([
    1.002 * round_,
    0.3 * (gaussian(1.9) - gaussian(1.5)) + 0.01 * round_,
    0.1 * (gaussian(2.0) - round_),
    0.4 * (gaussian(1.7, 0, 0.1) - gaussian(1.7, 0, -0.1)),
    0.2 * (gaussian(1.7, 0.1) - gaussian(1.7, -0.1)),
    0.1 * (gaussian(1.5) - round_),
], dtype=np.float32)

column = fits.Column("PSF_MASK", f"{masks.size}E", dim=f"({SIDE},{SIDE},6)", array=masks[None])
table = fits.BinTableHDU.from_columns([column], name="PSF_DATA")
keys = dict(LOADED=500, ACCEPTED=400, CHI2=1.0, POLNAXIS=2, POLGRP1=1, POLNAME1="X_IMAGE", POLZERO1=1024.5,
            POLSCAL1=2047.0, POLGRP2=1, POLNAME2="Y_IMAGE", POLZERO2=2048.5, POLSCAL2=4095.0, POLNGRP=1, POLDEG1=2,
            PSF_FWHM=4.0, PSF_SAMP=0.8, PSFNAXIS=3, PSFAXIS1=SIDE, PSFAXIS2=SIDE, PSFAXIS3=6)
for key, value in keys.items():
    table.header[key] = value
fits.HDUList([fits.PrimaryHDU(), table]).writeto("psfex.psf", overwrite=True)

psf = DES_PSFEx("psfex.psf")
places = [(1, 1), (700.5, 300.25), (1800, 3900)]
images = np.array([psf.getPSFArray(galsim.PositionD(*at)) for at in places], dtype=np.float64)
np.save("psfex.npy", images / images.sum((1, 2), keepdims=True))

nodes = [(x, y) for x in (1.0, 51.0, 101.0) for y in (1.0, 41.0)]
cube = np.array([gaussian(1.5 + 0.005 * x, 0.001 * y) for x, y in nodes], dtype=np.float32)
places = fits.BinTableHDU.from_columns([
    fits.Column("X", "D", array=[x for x, _ in nodes]),
    fits.Column("Y", "D", array=[y for _, y in nodes]),
], name="PLACES")
fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(cube, name="PSF"), places]).writeto("psf_grid.fits", overwrite=True)
