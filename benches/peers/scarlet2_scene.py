"""Builds the benchmark scenes in scarlet2 from the shared scene files."""

import contextlib
import io
import json

import jax.numpy as jnp
import numpy as np
import scarlet2
from numpyro.distributions import constraints

# The recipe of the reference trace `fit_trace_adam_f64`: factors of the norm of the unconstrained array, and pixels.
SPECTRUM_STEP = 0.05
MORPHOLOGY_STEP = 1e-3
STAR_CENTER_STEP = 0.1
MODEL_PSF_SIGMA = 0.7


def relative(factor):
    """A step of `factor` times the norm of the unconstrained array, as scarlet2 defines it."""

    def step(x, *_):
        return scarlet2.relative_step(x, factor=factor)

    return step


def sources_of(scene_file):
    """Start values as a list of (kind, center, spectrum, image or None), whichever layout the file has."""
    if "meta" in scene_file:
        described = json.loads(str(scene_file["meta"]))["sources"]
        return [
            (
                source["type"],
                scene_file[f"src{i}_center"],
                scene_file[f"src{i}_spectrum"],
                scene_file[f"src{i}_morph"] if source["type"] == "free" else None,
            )
            for i, source in enumerate(described)
        ]
    start = zip(scene_file["centers"], scene_file["init_spectrum"], scene_file["init_morph"], strict=True)
    return [("free", center, spectrum, image) for center, spectrum, image in start]


def channels_of(scene_file):
    """Channel names from the file, or consecutive numbers where it has none."""
    if "meta" in scene_file:
        return json.loads(str(scene_file["meta"]))["channels"]
    return [str(c) for c in range(scene_file["data"].shape[0])]


def observation_of(data, weights, psf, channels):
    """An observation with an image PSF, matched to a model frame of the same grid."""
    observation = scarlet2.Observation(
        jnp.asarray(data), jnp.asarray(weights), psf=scarlet2.ArrayPSF(jnp.asarray(psf)), channels=channels
    )
    frame = scarlet2.Frame.from_observations(observation, model_psf=scarlet2.GaussianPSF(MODEL_PSF_SIGMA))
    observation.match(frame)
    return observation, frame


def network_prior(weights):
    """A prior of images: galaxy-grad's network with the weights of a file, or nothing without one."""
    if weights is None:
        return {}
    import galaxygrad_score
    from scarlet2.nn import ScorePrior

    network = galaxygrad_score.Prior(weights)
    return {"prior": ScorePrior(network, network.shape, t=galaxygrad_score.NOISE_LEVEL)}


def free_everything(scene, network=None):
    """Frees every spectrum (positive), every image (unit interval) and the centre of every point source."""
    prior = network_prior(network)
    with scarlet2.Parameters(scene):
        for i, source in enumerate(scene.sources):
            scarlet2.Parameter(
                source.spectrum,
                name=f"spectrum_{i}",
                constraint=constraints.positive,
                stepsize=relative(SPECTRUM_STEP),
            )
            if isinstance(source, scarlet2.PointSource):
                scarlet2.Parameter(source.center, name=f"center_{i}", stepsize=STAR_CENTER_STEP)
            else:
                scarlet2.Parameter(
                    source.morphology,
                    name=f"morph_{i}",
                    constraint=constraints.unit_interval,
                    stepsize=relative(MORPHOLOGY_STEP),
                    **prior,
                )


def load(path, network=None):
    """The observation and the scene of one scene file, with every parameter free."""
    with np.load(path, allow_pickle=False) as scene_file:
        observation, frame = observation_of(
            scene_file["data"], scene_file["weights"], scene_file["psf"], channels_of(scene_file)
        )
        scene = scarlet2.Scene(frame)
        with contextlib.redirect_stdout(io.StringIO()), scene:
            for kind, center, spectrum, image in sources_of(scene_file):
                center = jnp.asarray(center, dtype=float)
                spectrum = jnp.asarray(spectrum, dtype=float)
                if kind == "point":
                    scarlet2.PointSource(center, spectrum)
                else:
                    scarlet2.Source(center, spectrum, jnp.asarray(image, dtype=float))
    free_everything(scene, network)
    return observation, scene
