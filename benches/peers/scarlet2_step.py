"""Times scarlet2's own optimisation step, warm, in rounds that the caller asks for.

Usage: scarlet2_step.py SCENE.npz [--f64] [--multires native|resampled] [--network WEIGHTS.eqx]

`Scene.fit` runs once; the jitted step inside it is wrapped by a clock that waits for the result. The first call
(tracing and compilation) is not a sample. Protocol, one JSON object a line on stdout:

    {"ready": true, "loss_first": ..., "compile_s": ..., "setup_s": ..., "threads": ...}    after the first step
    {"samples": [ms, ...], "loss_last": ..., "steps": ..., "peak_mb": ...}  for each number of steps read from stdin

`setup_s` is the time from the file of the scene to the end of the first step: matching of the observations, tracing,
compilation. `--network` is the prior of all images. `--multires` says how the two observations of the multi-resolution scene are seen: `scarlet2_multires.py`.

It ends when stdin does. The clock sees the step alone; what `fit` does around it (progress, convergence test) is
reported as `loop_ms`, the mean time between the starts of two steps, and is not part of the samples.
"""

import argparse
import json
import os
import resource
import sys
import time

parser = argparse.ArgumentParser()
parser.add_argument("scene")
parser.add_argument("--f64", action="store_true")
parser.add_argument("--multires", choices=["native", "resampled"])
parser.add_argument("--network")
arguments = parser.parse_args()

import jax  # noqa: E402

jax.config.update("jax_enable_x64", arguments.f64)

import scarlet2.infer  # noqa: E402
import scarlet2_multires  # noqa: E402
import scarlet2_scene  # noqa: E402


class NoMoreRounds(Exception):
    """Ends the fit when the caller asks for no further round."""


class Clock:
    """Stands in for scarlet2's step, times it and speaks the protocol."""

    def __init__(self, step):
        self.step = step
        self.begun = time.perf_counter()
        self.started = time.perf_counter()
        self.left = None
        self.losses = []

    def __call__(self, *step_arguments):
        if self.left == 0:
            self.report()
        if self.left == 0 or (self.left is None and self.losses):
            self.next_round()
        start = time.perf_counter()
        result = jax.block_until_ready(self.step(*step_arguments))
        end = time.perf_counter()
        self.losses.append(float(result[1]))
        if len(self.losses) == 1:
            self.say(
                ready=True,
                loss_first=self.losses[0],
                compile_s=end - start,
                setup_s=end - self.begun,
                threads=len(os.sched_getaffinity(0)),
                versions={"scarlet2": scarlet2.__version__, "jax": jax.__version__},
            )
        else:
            self.samples.append(1e3 * (end - start))
            self.left -= 1
        return result

    def next_round(self):
        line = sys.stdin.readline()
        if not line.strip():
            raise NoMoreRounds
        self.left = int(line)
        self.samples = []
        self.started = time.perf_counter()

    def report(self):
        loop_ms = 1e3 * (time.perf_counter() - self.started) / len(self.samples)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        self.say(
            samples=self.samples,
            loop_ms=loop_ms,
            loss_last=self.losses[-1],
            steps=len(self.losses),
            peak_mb=peak_mb,
        )

    @staticmethod
    def say(**message):
        print(json.dumps(message), flush=True)


scarlet2.set_validation(False)
scarlet2.infer._make_step = Clock(scarlet2.infer._make_step)
if arguments.multires:
    observation, scene = scarlet2_multires.load(arguments.scene, arguments.multires)
else:
    observation, scene = scarlet2_scene.load(arguments.scene, network=arguments.network)
try:
    scene.fit(observation, max_iter=10**9, e_rel=0, progress_bar=False)
except NoMoreRounds:
    pass
