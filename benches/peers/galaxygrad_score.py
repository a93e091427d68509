"""Times the score of a network of galaxy-grad as a prior, in JAX, warm, in rounds that the caller asks for.

Usage: galaxygrad_score.py WEIGHTS.eqx COUNT

The layers are galaxy-grad's own, its weights those of the file. A sample is the gradient for COUNT images of 32 x 32
pixels at once (jitted, for more than one image vmapped): input transform, network, chain rule, as in its
`scorenet.model_wrapper`. Protocol, one JSON object a line on stdout:

    {"ready": true, "gradient": [...], "versions": {...}}   when it is compiled; derivatives of the first image
    {"samples": [ms, ...]}                                  for each number of samples read from stdin
"""

import importlib.metadata
import importlib.util
import json
import pathlib
import sys
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

NOISE_LEVEL = 0.02
SIDE = 32


def score_net(weights):
    """The network of galaxy-grad, whose package itself cannot be imported where file names have a case."""
    folder = importlib.util.find_spec("galaxygrad").submodule_search_locations[0]
    path = pathlib.Path(folder) / "models_eqx.py"
    spec = importlib.util.spec_from_file_location("models_eqx", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    empty = module.ScoreNet((1, SIDE, SIDE), 4, 64, 512, 512, 4, 10.0, key=jax.random.PRNGKey(0))
    return eqx.tree_deserialise_leaves(weights, empty)


class Prior:
    """What scarlet2's ScorePrior takes: a shape, and the gradient of the log-density by the image."""

    shape = (SIDE, SIDE)

    def __init__(self, weights):
        self.net = score_net(weights)

    def __call__(self, x, t=NOISE_LEVEL):
        return self.net(jnp.log(x + 1) / 0.1, t) / (0.1 * (x + 1))


def image(k):
    """Image `k`, as benches/network.rs draws it."""
    y, x = np.mgrid[:SIDE, :SIDE] - 15.0
    return np.exp(-0.5 * (y**2 + 0.6 * x**2) / (4.0 + k)).astype(np.float32)


def say(**message):
    print(json.dumps(message), flush=True)


def main(weights, count):
    prior = Prior(weights)
    score = jax.jit(jax.vmap(prior) if count > 1 else prior)
    images = jnp.asarray(np.stack([image(k)[None] for k in range(count)]))
    images = images if count > 1 else images[0]
    first = np.asarray(jax.block_until_ready(score(images))).reshape(count, -1)[0]
    versions = {name: importlib.metadata.version(name) for name in ("jax", "galaxygrad")}
    for _ in range(10):
        jax.block_until_ready(score(images))
    say(ready=True, gradient=[float(v) for v in first[::37]], versions=versions)
    for line in sys.stdin:
        samples = []
        for _ in range(int(line)):
            start = time.perf_counter()
            jax.block_until_ready(score(images))
            samples.append(1e3 * (time.perf_counter() - start))
        say(samples=samples)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
