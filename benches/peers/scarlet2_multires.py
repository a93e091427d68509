"""Builds the scene of an HST and an HSC image in scarlet2, with either of two ways to see the model on the HSC pixels.

`native` leaves the HSC image on its own pixels: scarlet2 chooses its resampling in Fourier space. `resampled` brings image
and PSF of HSC to the pixels of HST beforehand, by cubic splines, so that both are convolved on the model's grid: what users
do who cannot wait for the other. Data are scaled to the smaller pixels, weights so that chi2 keeps its size; that pixels
share their noise then is left aside.
"""

import contextlib
import io
import json

import jax.numpy as jnp
import numpy as np
import scarlet2
import scarlet2_scene
from astropy.io.fits import Header
from astropy.wcs import WCS
from scipy.ndimage import map_coordinates

ROUTES = ("native", "resampled")


def sampled(image, at):
    """Values of an image at positions (y, x), 0 outside of it."""
    return map_coordinates(image, at, order=3, mode="constant", cval=0.0)


def on_grid(wcs, grid, shape):
    """Positions (y, x) in the pixels of `wcs` of all pixels of an image of `shape` with the WCS `grid`."""
    y, x = np.indices(shape, dtype=float)
    x, y = wcs.celestial.world_to_pixel(grid.celestial.pixel_to_world(x, y))
    return np.stack([y, x])


def psf_on_grid(psf, scale):
    """A PSF with pixels that are smaller by `scale`, of odd shape."""
    side = 2 * int(psf.shape[-1] / scale / 2) + 1
    at = (np.indices((side, side)) - side // 2) * scale + psf.shape[-1] // 2
    return np.stack([sampled(channel, at) for channel in psf]).astype(np.float32)


def observations_of(scene_file, meta, route):
    """The observations of HST and HSC."""
    wcs = {name: WCS(Header.fromstring(meta[f"{name}_wcs"])) for name in ("hst", "hsc")}
    data = {name: scene_file[f"{name}_data"] for name in wcs}
    psf = {name: scene_file[f"{name}_psf"] for name in wcs}
    weights = {name: scene_file[f"{name}_weights_scalar"][:, None, None] for name in wcs}
    if route == "resampled":
        at = on_grid(wcs["hsc"], wcs["hst"], data["hst"].shape[1:])
        scale = np.sqrt(np.prod(np.abs(np.diag(wcs["hst"].pixel_scale_matrix)[:2])))
        scale /= np.sqrt(np.prod(np.abs(np.diag(wcs["hsc"].pixel_scale_matrix)[:2])))
        data["hsc"] = np.stack([scale**2 * sampled(channel, at) for channel in data["hsc"]]).astype(np.float32)
        weights["hsc"] = weights["hsc"] / scale**2
        psf["hsc"] = psf_on_grid(psf["hsc"], scale)
        wcs["hsc"] = wcs["hst"]
    return [
        scarlet2.Observation(
            jnp.asarray(data[name]),
            jnp.asarray(np.broadcast_to(weights[name], data[name].shape).astype(np.float32)),
            psf=scarlet2.ArrayPSF(jnp.asarray(psf[name])),
            wcs=wcs[name],
            channels=meta[f"{name}_channels"],
        )
        for name in wcs
    ]


def load(path, route):
    """The observations and the scene of the file, with every parameter free."""
    with np.load(path, allow_pickle=False) as scene_file:
        meta = json.loads(str(scene_file["meta"]))
        observations = observations_of(scene_file, meta, route)
        box = scarlet2.Box(tuple(meta["model_shape"]))
        frame = scarlet2.Frame(
            box,
            channels=meta["channels"],
            psf=scarlet2.GaussianPSF(scarlet2_scene.MODEL_PSF_SIGMA),
            wcs=WCS(Header.fromstring(meta["model_wcs"])),
        )
        with contextlib.redirect_stdout(io.StringIO()):
            for observation in observations:
                observation.match(frame)
            scene = scarlet2.Scene(frame)
            with scene:
                for k in range(len(meta["sources"])):
                    start = (scene_file[f"src{k}_{what}"] for what in ("center", "spectrum", "morph"))
                    scarlet2.Source(*(jnp.asarray(values, dtype=float) for values in start))
    scarlet2_scene.free_everything(scene)
    return observations, scene
