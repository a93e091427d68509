"""Samples the scene of a star and a Sersic galaxy with scarlet2 and numpyro's NUTS, and writes the draws.

Usage: scarlet2_sampling.py SCENE.npz DRAWS.csv [--warmup N] [--draws N] [--seed N]

numpyro's validation is switched off: with it the likelihood is counted once for every channel and row. Priors are those
of `benches/sampling.rs`. DRAWS.csv has a column for each number, in the order of that program. Prints one JSON line:
seconds from the start of the process until the draws are there, of the first run (which compiles) and of a second run of
the same length (which does not).
"""

import time

started = time.perf_counter()

import argparse  # noqa: E402
import json  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("scene")
parser.add_argument("draws_file")
parser.add_argument("--warmup", type=int, default=300)
parser.add_argument("--draws", type=int, default=500)
parser.add_argument("--seed", type=int, default=1)
arguments = parser.parse_args()

import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import numpyro  # noqa: E402
import numpyro.distributions as dist  # noqa: E402
import scarlet2  # noqa: E402
from scarlet2.infer import sample  # noqa: E402

numpyro.enable_validation(False)
scarlet2.set_validation(False)

with np.load(arguments.scene) as scene_file:
    arrays = {name: scene_file[name] for name in scene_file.files}
data = jnp.asarray(arrays["data"])
weights = jnp.ones_like(data) / jnp.asarray(arrays["sigma"], dtype=data.dtype)[:, None, None] ** 2
observation = scarlet2.Observation(
    data, weights, psf=scarlet2.ArrayPSF(jnp.asarray(arrays["psf"])), channels=["g", "r", "i"]
)
frame = scarlet2.Frame.from_observations(observation, model_psf=scarlet2.GaussianPSF(0.7))
observation.match(frame)
of = {name: jnp.asarray(value, dtype=jnp.float32) for name, value in arrays.items() if name not in ("data", "psf")}
scene = scarlet2.Scene(frame)
with scene:
    scarlet2.PointSource(of["point_center"], of["point_spectrum"])
    galaxy = scarlet2.SersicMorphology(of["gal_n"], of["gal_size"], ellipticity=of["gal_e"], shape=(41, 41))
    scarlet2.Source(of["gal_center"], of["gal_spectrum"], galaxy)
star, disk = scene.sources
priors = {
    "center0": (star.center, dist.Normal(of["point_center"], 1.0)),
    "spectrum0": (star.spectrum, dist.LogNormal(jnp.full(3, jnp.log(140.0)), 1.0)),
    "center1": (disk.center, dist.Normal(of["gal_center"], 1.0)),
    "spectrum1": (disk.spectrum, dist.LogNormal(jnp.full(3, jnp.log(7.0)), 1.0)),
    "n": (disk.morphology.n, dist.LogNormal(jnp.log(1.5), 0.5)),
    "size": (disk.morphology.size, dist.LogNormal(jnp.log(3.0), 0.5)),
    "e": (disk.morphology.ellipticity, dist.Normal(jnp.zeros(2), 0.3)),
}
with scarlet2.Parameters(scene):
    for name, (node, prior) in priors.items():
        scarlet2.Parameter(node, name=name, prior=prior)


def run(seed):
    """Seconds of a run, and its draws, a column for each number."""
    begun = time.perf_counter()
    mcmc = sample(
        scene, observation, seed=seed, num_warmup=arguments.warmup, num_samples=arguments.draws, progress_bar=False
    )
    drawn = mcmc.get_samples()
    columns = [np.asarray(drawn[name]).reshape(arguments.draws, -1) for name in priors]
    return time.perf_counter() - begun, np.hstack(columns)


_, draws = run(arguments.seed)
whole = time.perf_counter() - started
np.savetxt(arguments.draws_file, draws, delimiter=",")
warm, _ = run(arguments.seed)
print(
    json.dumps(
        {
            "whole_s": whole,
            "warm_s": warm,
            "draws": arguments.draws,
            "versions": {"scarlet2": scarlet2.__version__, "numpyro": numpyro.__version__},
        }
    )
)
