"""Times a Sersic image and the pull-back of an adjoint image to its parameters, jitted by JAX, in rounds.

Usage: scarlet2_sersic.py [--side N]

The image is point-sampled, as scarlet2's is, in f32: f = exp(-b_n (r^(1/n) - 1)), r the elliptical radius in units
of the size. One call returns the image and the derivatives of sum(adjoint * image) by index, size, both
ellipticities and both coordinates of the centre. Four ways to write it are timed and the fastest is the peer:
scarlet2's own class differentiated by JAX, the same formula with one logarithm instead of two powers, that formula
with its derivatives written out, and the latter with all constants folded into the exponent.

Protocol as in scarlet2_step.py: `{"ready": true, "ways": {name: ms}, "way": ..., "value": ..., "gradient": [...]}`,
then `{"samples": [ms, ...]}` for each number read from stdin; a sample is the mean of 50 calls.
"""

import argparse
import json
import os
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import scarlet2

# index, size, e1, e2, centre y and x relative to the middle of the box
PARAMETERS = np.array([1.7, 9.0, 0.3, -0.2, 0.3, -0.45], dtype=np.float32)
CALLS_PER_SAMPLE = 50

parser = argparse.ArgumentParser()
parser.add_argument("--side", type=int, default=101)
side = parser.parse_args().side


def adjoint_image():
    """A fixed, structureless adjoint: cos(0.37 k) at flat index k."""
    return jnp.asarray(np.cos(0.37 * np.arange(side * side)).reshape(side, side), dtype=jnp.float32)


def b_n(n):
    """Ciotti & Bertin 1999, eq. 18, with the coefficients that scarlet2 uses, and its derivative."""
    inverse = 1 / n
    value = 2 * n - 0.333333 + inverse * (0.009877 + inverse * (0.001803 + inverse * (0.000114 - inverse * 0.000072)))
    slope = 2 - inverse**2 * (0.009877 + inverse * (0.003606 + inverse * (0.000342 - inverse * 0.000288)))
    return value, slope


def by_class(p):
    """scarlet2's SersicMorphology."""
    return scarlet2.SersicMorphology(p[0], p[1], p[2:4], shape=(side, side))(p[4:6])


def axes(p):
    coordinates = jnp.arange(side, dtype=jnp.float32) - side // 2
    return (coordinates - p[4])[:, None], (coordinates - p[5])[None, :]


def by_logarithm(p):
    """The same image with r^(1/n) as exp(log(r^2) / 2n), and r^2 as a quadratic form."""
    n, size, e1, e2 = p[0], p[1], p[2], p[3]
    y, x = axes(p)
    scale = 1 / (size**2 * jnp.sqrt(1 - e1**2 - e2**2))
    r2 = jnp.maximum(scale * ((1 - e1) * x * x - 2 * e2 * x * y + (1 + e1) * y * y), 1e-3)
    return jnp.exp(-b_n(n)[0] * (jnp.exp(jnp.log(r2) * (0.5 / n)) - 1))


def reverse(image_of):
    """Image and pull-back by reverse-mode differentiation."""

    def both(p, adjoint):
        image, pull_back = jax.vjp(image_of, p)
        return image, pull_back(adjoint)[0]

    return both


def by_hand(p, adjoint):
    """Derivatives written out: seven sums over the image."""
    n, size, e1, e2 = p[0], p[1], p[2], p[3]
    y, x = axes(p)
    q = 1 - e1**2 - e2**2
    scale = 1 / (size**2 * jnp.sqrt(q))
    form = (1 - e1) * x * x - 2 * e2 * x * y + (1 + e1) * y * y
    r2 = jnp.maximum(scale * form, 1e-3)
    b, slope = b_n(n)
    log_r2 = jnp.log(r2)
    power = jnp.exp(log_r2 * (0.5 / n))
    image = jnp.exp(-b * (power - 1))
    weighted = adjoint * image
    by_r2 = jnp.where(scale * form > 1e-3, -b * (0.5 / n) * weighted * power / r2, 0)
    radial = jnp.sum(by_r2 * r2)
    yy, xy, xx = jnp.sum(by_r2 * y * y), jnp.sum(by_r2 * x * y), jnp.sum(by_r2 * x * x)
    first_y, first_x = jnp.sum(by_r2 * y), jnp.sum(by_r2 * x)
    index = jnp.sum(weighted * (-slope * (power - 1) + b * power * log_r2 * (0.5 / n**2)))
    return image, jnp.stack(
        [
            index,
            -2 * radial / size,
            scale * (yy - xx) + radial * e1 / q,
            -2 * scale * xy + radial * e2 / q,
            -2 * scale * ((1 + e1) * first_y - e2 * first_x),
            -2 * scale * ((1 - e1) * first_x - e2 * first_y),
        ]
    )


def folded(p, adjoint):
    """As by hand, with base-2 exponentials and logarithms."""
    n, size, e1, e2 = p[0], p[1], p[2], p[3]
    y, x = axes(p)
    q = 1 - e1**2 - e2**2
    scale = 1 / (size**2 * jnp.sqrt(q))
    r2 = jnp.maximum(scale * (x * ((1 - e1) * x - 2 * e2 * y) + (1 + e1) * y * y), 1e-3)
    b, slope = b_n(n)
    log_r2 = jnp.log2(r2)
    power = jnp.exp2(log_r2 * (0.5 / n))
    weighted_power = adjoint * (image := jnp.exp2((1 - power) * (b * 1.4426950408889634))) * power
    by_r2 = jnp.where(r2 > 1e-3, weighted_power / r2, 0) * (-b * (0.5 / n))
    along_y, along_x = by_r2 * y, by_r2 * x
    yy, xy, xx = jnp.sum(along_y * y), jnp.sum(along_y * x), jnp.sum(along_x * x)
    first_y, first_x = jnp.sum(along_y), jnp.sum(along_x)
    radial = scale * ((1 - e1) * xx - 2 * e2 * xy + (1 + e1) * yy)
    index = slope * (jnp.sum(adjoint * image) - jnp.sum(weighted_power))
    index += jnp.sum(weighted_power * log_r2) * (b * 0.6931471805599453 * 0.5 / n**2)
    return image, jnp.stack(
        [
            index,
            -2 * radial / size,
            scale * (yy - xx) + radial * e1 / q,
            -2 * scale * xy + radial * e2 / q,
            -2 * scale * ((1 + e1) * first_y - e2 * first_x),
            -2 * scale * ((1 - e1) * first_x - e2 * first_y),
        ]
    )


def sample(compiled, p, adjoint):
    """Mean milliseconds of one call."""
    start = time.perf_counter()
    for _ in range(CALLS_PER_SAMPLE):
        result = compiled(p, adjoint)
    jax.block_until_ready(result)
    return 1e3 * (time.perf_counter() - start) / CALLS_PER_SAMPLE


ways = {
    "class": jax.jit(reverse(by_class)),
    "logarithm": jax.jit(reverse(by_logarithm)),
    "by hand": jax.jit(by_hand),
    "folded": jax.jit(folded),
}
p, adjoint = jnp.asarray(PARAMETERS), adjoint_image()
reference = jax.block_until_ready(ways["class"](p, adjoint))
for name, way in ways.items():
    image, gradient = way(p, adjoint)
    np.testing.assert_allclose(image, reference[0], rtol=2e-4, atol=2e-5, err_msg=name)
    np.testing.assert_allclose(gradient, reference[1], rtol=2e-3, atol=2e-2, err_msg=name)
milliseconds = {name: min(sample(way, p, adjoint) for _ in range(20)) for name, way in ways.items()}
fastest = min(milliseconds, key=milliseconds.get)
print(
    json.dumps(
        {
            "ready": True,
            "ways": milliseconds,
            "way": fastest,
            "value": float(jnp.sum(reference[0])),
            "gradient": [float(g) for g in reference[1]],
            "threads": len(os.sched_getaffinity(0)),
            "versions": {"scarlet2": scarlet2.__version__, "jax": jax.__version__},
        }
    ),
    flush=True,
)
for line in sys.stdin:
    print(json.dumps({"samples": [sample(ways[fastest], p, adjoint) for _ in range(int(line))]}), flush=True)
