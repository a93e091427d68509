"""Writes diagnostics.json: draws and what arviz-stats says of them.

    python make_diagnostics.py        (arviz-stats 1.3.3, numpy)
"""

import json
from pathlib import Path

import arviz_stats
import numpy as np
from arviz_stats.base import array_stats

rng = np.random.default_rng(7)


def autoregressive(chains, draws, rho, offsets):
    noise = rng.normal(size=(chains, draws))
    x = np.zeros((chains, draws))
    x[:, 0] = noise[:, 0]
    for k in range(1, draws):
        x[:, k] = rho * x[:, k - 1] + np.sqrt(1 - rho**2) * noise[:, k]
    return x + np.asarray(offsets)[:, None]


cases = {
    "independent": rng.normal(size=(4, 100)),
    "correlated": autoregressive(4, 150, 0.9, [0, 0, 0, 0]),
    "apart": autoregressive(4, 120, 0.3, [0, 0, 0, 1.5]),
    "anticorrelated": autoregressive(2, 100, -0.6, [0, 0]),
    "heavy": rng.standard_cauchy(size=(4, 101)),
    "ties": np.round(autoregressive(3, 90, 0.5, [0, 0, 0]), 1),
    "single": autoregressive(1, 130, 0.5, [0]),
    "wide": rng.normal(size=(4, 80)) * np.array([1, 1, 1, 4])[:, None],
}


def number(value):
    return None if np.isnan(value) else float(value)


def of(x):
    axes = {"chain_axis": 0, "draw_axis": 1}
    ess = lambda method, prob=None: number(array_stats.ess(x, method=method, prob=prob, **axes))  # noqa: E731
    mcse = lambda method, prob=None: number(array_stats.mcse(x, method=method, prob=prob, **axes))  # noqa: E731
    return {
        "draws": [[float(f"{v:.6g}") for v in row] for row in x],
        "rhat": number(array_stats.rhat(x, method="rank", **axes)) if len(x) > 1 else None,
        "ess_bulk": ess("bulk"),
        "ess_tail": ess("tail", (0.05, 0.95)),
        "ess_mean": ess("mean"),
        "ess_q30": ess("quantile", 0.3),
        "mcse_mean": mcse("mean"),
        "mcse_sd": mcse("sd"),
        "mcse_q30": mcse("quantile", 0.3),
        "bfmi": [float(v) for v in np.atleast_1d(array_stats.bfmi(x, **axes))],
    }


rounded = {name: np.array([[float(f"{v:.6g}") for v in row] for row in x]) for name, x in cases.items()}
text = json.dumps({"arviz_stats": arviz_stats.__version__, "cases": {name: of(x) for name, x in rounded.items()}})
Path(__file__).with_name("diagnostics.json").write_text(text.replace('}, "', '},\n"') + "\n")
