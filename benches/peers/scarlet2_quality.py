"""scarlet2 on simulated blends: the models of single sources as the observation sees them.

Usage: scarlet2_quality.py FOLDER [--start own|ours] [--network WEIGHTS.eqx] [--blends N] [--steps N] [--seconds S]

FOLDER holds `blend-K.npz` (images, weights, psfs, centers, is_star, and our start values by path, as `start-0-center`);
`models-own-K.npz` or `models-ours-K.npz` with `models` [source, band, y, x] is written beside each. scarlet2's own start
values are the spectrum of the pixel for stars, moments of a Gaussian for galaxies, the most compact image where these
fail. Steps are those of its quickstart (see scarlet2_scene.py). With a network, that is the prior of all images.

Every blend has its own boxes and number of sources, so scarlet2 compiles anew for each. No blend is begun after
SECONDS. Prints one JSON line: how many blends were fitted, which failed and why, and the versions.
"""

import argparse
import contextlib
import importlib.metadata
import io
import json
import os
import time

import jax
import jax.numpy as jnp
import numpy as np
import scarlet2
import scarlet2_scene

CHANNELS = ["g", "r", "i", "z", "y"]


def start_values(observation, center):
    """Spectrum and image of a galaxy: moments of a Gaussian, or the most compact image where these fail."""
    try:
        spectrum, image = scarlet2.init.from_gaussian_moments(observation, center)
        if bool(jnp.all(spectrum > 0)) and bool(jnp.all(jnp.isfinite(image))) and bool(jnp.all(jnp.isfinite(spectrum))):
            return spectrum, image
    except (ValueError, AssertionError, IndexError, TypeError, ZeroDivisionError):
        pass
    spectrum = scarlet2.init.pixel_spectrum(observation, center, correct_psf=True)
    return jnp.maximum(spectrum, 1e-3), scarlet2.init.compact_morphology()


def our_start(blend, number):
    """Center, spectrum and image (none of a star) that our program begins with."""
    center, spectrum = blend[f"start-{number}-center"], blend[f"start-{number}-spectrum"]
    image = blend.get(f"start-{number}-morphology")
    if image is not None:
        # inside the constraints: positive spectra, images between 0 and 1
        image = jnp.clip(jnp.asarray(image, dtype=float), 1e-6, 1 - 1e-6)
    return jnp.asarray(center, dtype=float), jnp.maximum(jnp.asarray(spectrum, dtype=float), 1e-3), image


def fitted(blend, steps, start, network):
    """What the observation should see of each source after a fit."""
    observation, frame = scarlet2_scene.observation_of(blend["images"], blend["weights"], blend["psfs"], CHANNELS)
    scene = scarlet2.Scene(frame)
    with contextlib.redirect_stdout(io.StringIO()), scene:
        for number, (center, is_star) in enumerate(zip(blend["centers"], blend["is_star"], strict=True)):
            center = jnp.asarray(center, dtype=float)
            if start == "ours":
                center, spectrum, image = our_start(blend, number)
                if image is None:
                    scarlet2.PointSource(center, spectrum)
                else:
                    scarlet2.Source(center, spectrum, image)
            elif is_star:
                spectrum = scarlet2.init.pixel_spectrum(observation, center, correct_psf=True)
                scarlet2.PointSource(center, jnp.maximum(spectrum, 1e-3))
            else:
                scarlet2.Source(center, *start_values(observation, center))
    scarlet2_scene.free_everything(scene, network)
    scene = scene.fit(observation, max_iter=steps, e_rel=1e-4, progress_bar=False)
    seen = [np.asarray(observation.render(scene.evaluate_source(source))) for source in scene.sources]
    return np.stack(seen).astype(np.float32)


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--start", choices=["own", "ours"], default="own")
parser.add_argument("--network")
parser.add_argument("--blends", type=int, default=40)
parser.add_argument("--steps", type=int, default=200)
parser.add_argument("--seconds", type=float, default=600.0)
arguments = parser.parse_args()
scarlet2.set_validation(False)

begin = time.perf_counter()
done, failed = 0, {}
for number in range(arguments.blends):
    if time.perf_counter() - begin > arguments.seconds:
        break
    with np.load(os.path.join(arguments.folder, f"blend-{number}.npz"), allow_pickle=False) as file:
        blend = {name: file[name] for name in file.files}
    try:
        models = fitted(blend, arguments.steps, arguments.start, arguments.network)
        if not np.isfinite(models).all():
            failed[number] = "not finite"
    except Exception as error:  # whatever it is, it is the peer's failure to deblend this one
        failed[number] = f"{type(error).__name__}: {str(error)[:100]}"
        models = np.zeros((len(blend["centers"]), *blend["images"].shape), np.float32)
    np.savez_compressed(os.path.join(arguments.folder, f"models-{arguments.start}-{number}.npz"), models=models)
    done += 1
    # compiled programs of one blend serve no other
    jax.clear_caches()
versions = {name: importlib.metadata.version(name) for name in ("scarlet2", "jax")}
print(json.dumps({"done": done, "failed": failed, "seconds": time.perf_counter() - begin, "versions": versions}))
