"""scarlet2's quickstart as one process: read, initialise, fit, save.

Usage: scarlet2_fit_hsc.py HSC.npz OUT_DIR [--start SCENE.npz] [--steps N] [--validate] [--chi2]

Sources and start values come from scarlet2's own initialisation: the first catalogue entry is a star, the others
get the moments of a Gaussian, or the smallest possible image where these fail. With --start they are read from a
scene file instead, which saves scarlet2 much compilation.

Left out unless asked for, in scarlet2's favour: validation (which it does by default), chi2 of the result, plots.
The persistent compilation cache is JAX's own environment variable JAX_COMPILATION_CACHE_DIR.
"""

import argparse
import contextlib
import io
import json
import os

import jax.numpy as jnp
import numpy as np
import scarlet2
import scarlet2.io
import scarlet2_scene


def compact(observation, center):
    """The smallest source: the spectrum of the central pixel and the image of the model PSF."""
    return scarlet2.init.pixel_spectrum(observation, center, correct_psf=True), scarlet2.init.compact_morphology()


def add_source(observation, center):
    """A free image with scarlet2's start values."""
    try:
        spectrum, image = scarlet2.init.from_gaussian_moments(observation, center)
    except ValueError:
        spectrum, image = compact(observation, center)
    if not bool(jnp.all(spectrum > 0)):
        spectrum, image = compact(observation, center)
    scarlet2.Source(center, jnp.maximum(spectrum, 1e-3), image)


def initialised(path):
    """The observation of the HSC file and a scene that scarlet2 initialises."""
    with np.load(path, allow_pickle=False) as file:
        data, weights, psf = file["images"], 1 / file["variance"], file["psfs"].astype(np.float32)
        channels = [str(f) for f in file["filters"]]
        centers = [jnp.array([y, x]) for x, y in file["catalog"][["x", "y"]].tolist()]
    observation, frame = scarlet2_scene.observation_of(data, weights, psf, channels)
    scene = scarlet2.Scene(frame)
    with contextlib.redirect_stdout(io.StringIO()), scene:
        star, *galaxies = centers
        scarlet2.PointSource(star, scarlet2.init.pixel_spectrum(observation, star, correct_psf=True))
        for center in galaxies:
            add_source(observation, center)
    scarlet2_scene.free_everything(scene)
    return observation, scene


parser = argparse.ArgumentParser()
parser.add_argument("data")
parser.add_argument("out")
parser.add_argument("--start")
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--validate", action="store_true")
parser.add_argument("--chi2", action="store_true")
arguments = parser.parse_args()
scarlet2.set_validation(arguments.validate)

if arguments.start:
    observation, scene = scarlet2_scene.load(arguments.start)
else:
    observation, scene = initialised(arguments.data)
fitted = scene.fit(observation, max_iter=arguments.steps, e_rel=0, progress_bar=False)
os.makedirs(arguments.out, exist_ok=True)
scarlet2.io.model_to_h5(fitted, "scene.h5", path=arguments.out, overwrite=True)
if arguments.chi2:
    print(json.dumps({"chi2_per_pixel": float(observation.goodness_of_fit(fitted()))}))
