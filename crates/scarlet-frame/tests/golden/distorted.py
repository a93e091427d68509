"""Headers with distortions (SIP, TPV, SCAMP's TAN with PV) and of old equinoxes, for make_wcs.py."""

import numpy as np

SHAPE = (4096, 2048)
SCALE = 0.263 / 3600
RADIAL = (3, 11, 23, 39)


def grid(code, ra=150.1163, dec=2.2009, pixel=(1024.5, 2048.5), degrees=0.0, flip=1.0, scale=SCALE, **more):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    cd = {"CD1_1": -flip * scale * c, "CD1_2": scale * s, "CD2_1": flip * scale * s, "CD2_2": scale * c}
    lon, lat = (f"{axis}{code}" for axis in ("RA---", "DEC--"))
    return {"CTYPE1": lon, "CTYPE2": lat, "CRPIX1": pixel[0], "CRPIX2": pixel[1], "CRVAL1": ra, "CRVAL2": dec} | cd | more


def evaluate(terms, u, v):
    return sum(value * u**p * v**q for (p, q), value in terms.items())


def sip(order, seed, bend_px=6.0, inverse=False, low=2, orders=None, **more):
    """SIP terms of about `bend_px` together 2000 px from the reference pixel; with AP, BP fitted where `inverse`."""
    rng = np.random.default_rng(seed)
    out, both = {}, []
    for letter, top in zip("AB", orders or (order, order)):
        powers = [(p, n - p) for n in range(low, top + 1) for p in range(n + 1)]
        terms = {(p, q): bend_px * rng.normal() / np.sqrt(len(powers)) / 2000.0 ** (p + q) for p, q in powers}
        out |= {f"{letter}_ORDER": top} | {f"{letter}_{p}_{q}": value for (p, q), value in terms.items()}
        both.append(terms)
    if inverse:
        u, v = (a.ravel() for a in np.meshgrid(np.linspace(-1000, 1000, 30), np.linspace(-2000, 2000, 40)))
        x, y = u + evaluate(both[0], u, v), v + evaluate(both[1], u, v)
        powers = [(p, n - p) for n in range(order + 2) for p in range(n + 1)]
        basis = np.stack([(x / 2000) ** p * (y / 2000) ** q for p, q in powers], axis=1)
        for letter, off in (("AP", u - x), ("BP", v - y)):
            fit = np.linalg.lstsq(basis, off, rcond=None)[0]
            out |= {f"{letter}_ORDER": order + 1}
            out |= {f"{letter}_{p}_{q}": f / 2000.0 ** (p + q) for (p, q), f in zip(powers, fit)}
    return out | more


def tpv(top, seed, bend_deg=4e-4, linear=1e-3, offset=2e-3, radial=False):
    """PV terms up to index `top`, together about `bend_deg` 0.15 deg from the reference point."""
    rng = np.random.default_rng(seed)
    out = {}
    for axis in (1, 2):
        out |= {f"PV{axis}_0": offset * rng.normal(), f"PV{axis}_1": 1.0 + linear * rng.normal()}
        out[f"PV{axis}_2"] = linear * rng.normal()
        power, place = 2, 0
        for index in range(3, top + 1):
            if index in RADIAL:
                if radial:
                    n = 2 * RADIAL.index(index) + 1
                    out[f"PV{axis}_{index}"] = bend_deg * rng.normal() / 0.15**n
                continue
            out[f"PV{axis}_{index}"] = bend_deg * rng.normal() / np.sqrt(top) / 0.15**power
            power, place = (power, place + 1) if place < power else (power + 1, 0)
    return out


def swapped(header):
    """Declination on the first image axis (the pixel axes stay)."""
    out = dict(header)
    for key in header:
        if key[:5] in ("CTYPE", "CRVAL", "CUNIT"):
            out[key[:5] + "21"[int(key[5]) - 1]] = header[key]
        elif key[:3] in ("CD1", "CD2"):
            out[key[:2] + "21"[int(key[2]) - 1] + key[3:]] = header[key]
    return out


def in_arcsec(header):
    out = {key: value * 3600.0 if key.startswith(("CRVAL", "CD")) else value for key, value in header.items()}
    return out | {"CUNIT1": "arcsec", "CUNIT2": "arcsec"}


PC = {"PC1_1": 0.6, "PC1_2": -0.8, "PC2_1": 0.8, "PC2_2": 0.6, "CDELT1": -SCALE, "CDELT2": SCALE}


def without_cd(header):
    return {key: value for key, value in header.items() if not key.startswith("CD")}


S, T, P = "TAN-SIP", "TPV", "TAN"
CASES = {
    **{f"sip order {n}": grid(S, degrees=70.0 * n, **sip(n, n)) for n in (2, 3, 4, 5)},
    **{f"sip order {n}, with inverse": grid(S, degrees=-50.0 * n, **sip(n, 10 + n, inverse=True)) for n in (2, 3, 4, 5)},
    **{f"sip order {n}, flipped": grid(S, degrees=25.0 * n, flip=-1.0, **sip(n, 20 + n)) for n in (2, 3, 4, 5)},
    "sip order 9": grid(S, degrees=11.0, **sip(9, 30)),
    "sip orders 2 and 4": grid(S, degrees=11.0, **sip(4, 31, orders=(2, 4))),
    "sip with constant and linear terms": grid(S, **sip(3, 32, low=0)),
    "sip at the north pole": grid(S, dec=90.0, degrees=40.0, **sip(3, 33)),
    "sip near the north pole": grid(S, ra=77.0, dec=89.97, degrees=40.0, **sip(3, 34, inverse=True)),
    "sip at the south pole": grid(S, dec=-90.0, degrees=130.0, flip=-1.0, **sip(4, 35)),
    "sip across ra 0": grid(S, ra=0.01, dec=-31.0, degrees=5.0, **sip(3, 36)),
    "sip across ra 360": grid(S, ra=359.95, dec=61.0, degrees=185.0, **sip(5, 37)),
    "sip strong, 120 px": grid(S, degrees=77.0, **sip(3, 38, bend_px=120.0)),
    "sip far reference pixel": grid(S, pixel=(-3000.0, 6000.5), degrees=3.0, **sip(4, 39)),
    "sip pc": without_cd(grid(S, **sip(3, 40))) | PC,
    "sip swapped": swapped(grid(S, degrees=20.0, **sip(3, 41))),
    "sip arcsec": in_arcsec(grid(S, degrees=20.0, **sip(3, 42))),
    "sip fk5": grid(S, degrees=20.0, RADESYS="FK5", EQUINOX=2000.0, **sip(3, 43)),
    "sip small pixels": grid(S, degrees=20.0, scale=0.05 / 3600, **sip(4, 44, bend_px=40.0)),
    "sip sin": grid("SIN-SIP", degrees=20.0, **sip(3, 45)),
    "sip arc": grid("ARC-SIP", dec=50.0, degrees=20.0, **sip(3, 46)),
    "sip stg": grid("STG-SIP", dec=-70.0, degrees=20.0, **sip(3, 47)),
    "sip zea": grid("ZEA-SIP", degrees=120.0, **sip(3, 48)),
    "sip car": grid("CAR-SIP", dec=0.0, degrees=20.0, **sip(3, 49)),
    **{f"tpv order {n}": grid(T, degrees=55.0 * n, **tpv(top, 60 + n)) for n, top in ((1, 2), (2, 6), (3, 10), (4, 16))},
    **{f"tpv order {n}, flipped": grid(T, degrees=-33.0 * n, flip=-1.0, **tpv(top, 70 + n)) for n, top in ((5, 22), (7, 38))},
    **{f"tpv order {n}, radial": grid(T, degrees=21.0 * n, **tpv(top, 80 + n, radial=True)) for n, top in ((3, 11), (7, 39))},
    "tpv at the north pole": grid(T, dec=90.0, degrees=30.0, **tpv(10, 91)),
    "tpv at the south pole": grid(T, dec=-90.0, degrees=210.0, **tpv(16, 92)),
    "tpv across ra 0": grid(T, ra=0.01, dec=-31.0, degrees=5.0, **tpv(10, 93)),
    "tpv across ra 360": grid(T, ra=359.97, dec=62.0, degrees=95.0, **tpv(10, 94)),
    "tpv strong": grid(T, degrees=200.0, **tpv(10, 95, bend_deg=6e-3, linear=0.05, offset=0.01)),
    "tpv arcsec": in_arcsec(grid(T, degrees=20.0, **tpv(10, 97))),
    "tpv pc fk5": without_cd(grid(T, RADESYS="FK5", **tpv(10, 98))) | PC,
    **{f"scamp tan with pv, order {n}": grid(P, degrees=40.0 * n, **tpv(top, 100 + n)) for n, top in ((2, 6), (3, 10), (4, 16))},
    "scamp tan with pv, flipped": grid(P, degrees=140.0, flip=-1.0, **tpv(10, 110)),
    "scamp tan with pv, at the pole": grid(P, dec=90.0, degrees=140.0, **tpv(10, 111)),
    "scamp tan with pv, across ra 0": grid(P, ra=359.999, dec=5.0, degrees=-70.0, **tpv(10, 112)),
    "tpv small pixels": grid(T, scale=0.05 / 3600, degrees=170.0, **tpv(10, 99, bend_deg=5e-3)),
    "fk5 1975": grid(P, degrees=20.0, RADESYS="FK5", EQUINOX=1975.0),
    "fk5 2013.5, by equinox alone": grid(P, ra=10.0, dec=-72.0, degrees=20.0, EQUINOX=2013.5),
    "fk5 1950 at the pole": grid(P, dec=90.0, degrees=20.0, RADESYS="FK5", EQUINOX=1950.0),
    "fk5 2100, sip": grid(S, ra=0.0, dec=60.0, degrees=20.0, RADESYS="FK5", EQUINOX=2100.0, **sip(3, 50)),
    "fk4": grid(P, degrees=20.0, RADESYS="FK4", EQUINOX=1950.0),
    "fk4 without equinox": grid(P, ra=300.0, dec=-50.0, degrees=20.0, RADESYS="FK4"),
    "fk4 by equinox alone": grid(P, ra=0.0, dec=40.0, degrees=20.0, EQUINOX=1950.0),
    "fk4 by epoch alone": grid(P, ra=0.0, dec=40.0, degrees=20.0, EPOCH=1950.0),
    "fk4 at the pole": grid(P, dec=90.0, degrees=20.0, RADESYS="FK4", EQUINOX=1950.0),
    "fk4 1900": grid(P, ra=200.0, degrees=20.0, RADESYS="FK4", EQUINOX=1900.0),
    "fk4 1975 seen on mjd 45000": grid(P, degrees=20.0, RADESYS="FK4", EQUINOX=1975.0, **{"MJD-OBS": 45000.0}),
    "fk4 seen in 1981": grid(P, dec=-30.0, degrees=20.0, RADESYS="FK4", EQUINOX=1950.0, **{"DATE-OBS": "1981-06-30T06:30:00"}),
    "fk4-no-e": grid(P, degrees=20.0, RADESYS="FK4-NO-E", EQUINOX=1950.0),
    "fk4 car, sip": grid("CAR-SIP", dec=0.0, degrees=20.0, RADESYS="FK4", EQUINOX=1950.0, **sip(3, 51)),
}
CASES = {name: (header, SHAPE) for name, header in CASES.items()}
