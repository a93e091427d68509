"""Makes the FITS files of this folder: the kinds that only another writer makes. Needs numpy and astropy."""

import numpy as np
from astropy.io import fits

y, x = np.mgrid[:6, :8]
ramp = (10 * y + x).astype("f4")

fits.writeto("ramp.fits.gz", ramp, overwrite=True)

rice = fits.CompImageHDU((10 * y + x).astype("i2"), name="RICE", compression_type="RICE_1")
rice.header["CRVAL1"] = 150.5
lossless = fits.CompImageHDU(ramp / 7, name="GZIP", compression_type="GZIP_2", quantize_level=0.0)
varying = fits.Column("V", "PE()", array=np.array([[1.0], [1.0, 2.0], []], dtype=object))
table = fits.BinTableHDU.from_columns([varying], name="VARYING")
flat = fits.CompImageHDU(np.ones((300, 200), "i2"), name="FLAT", compression_type="RICE_1")
u64 = fits.ImageHDU(np.array([[1 << 63, 5]], dtype="u8"), name="U64")
fits.HDUList([fits.PrimaryHDU(), table, rice, lossless, u64, flat]).writeto("mixed.fits", overwrite=True)

flags = (1 << np.r_[:11, 31]).astype("u4").view("i4").reshape(3, 4)
mask = fits.CompImageHDU(flags, name="MASK", compression_type="RICE_1")
fits.HDUList([fits.PrimaryHDU(), mask]).writeto("mask.fits.fz", overwrite=True)
