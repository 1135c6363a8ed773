"""Random streams that do not depend on one another, and the few draws that the world is made of.

Every purpose and port has its own stream, so that adding a draw to one leaves the others' bytes as they were.
Only uniform and normal deviates of `numpy.random.PCG64` are used; all else is computed from them.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def stream(seed: int, purpose: str, port: str = "") -> np.random.Generator:
    """The generator of one purpose (and port); equal arguments give an equal stream."""
    words = [seed, zlib.crc32(purpose.encode()), zlib.crc32(port.encode())]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def lognormal(rng: np.random.Generator, mean: float, sigma: float, n: int) -> Floats:
    """`n` lognormal values with that mean (not median) and that standard deviation of the logarithm."""
    return mean * np.exp(sigma * rng.standard_normal(n) - sigma * sigma / 2)


def exponential(rng: np.random.Generator, mean: float, n: int) -> Floats:
    """`n` exponential values with that mean."""
    return -mean * np.log1p(-rng.random(n))


def choose(rng: np.random.Generator, weights: Floats, n: int) -> Ints:
    """`n` indices drawn in proportion to `weights`."""
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges, rng.random(n) * edges[-1], side="right"), len(edges) - 1).astype(
        np.int64
    )


def shares(weights: Floats, total: int) -> Ints:
    """Whole numbers in proportion to `weights` that add up to `total` (largest remainder, first on a tie)."""
    exact = weights / weights.sum() * total
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - int(counts.sum())]] += 1
    return counts


OWNER_CODES = ("SMPU", "DGXU", "INVU", "FAKU", "MOCU", "TSTU", "PRTU", "DEMU")
"""Owner codes of the sample world's containers."""

_LETTER_VALUES = {
    letter: value
    for letter, value in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True)
}


def check_digit(owner_code: str, serial: str) -> int:
    """Check digit of a container number (ISO 6346): weights 2^0 to 2^9, modulo 11, ten is written 0."""
    values = [_LETTER_VALUES[letter] for letter in owner_code] + [int(digit) for digit in serial]
    return sum(value << place for place, value in enumerate(values)) % 11 % 10


def container_numbers(first: int, n: int, seed: int) -> list[str]:
    """Numbers `first` to `first + n - 1` of a fixed row of container numbers, all different, check digits
    right.
    """
    index = np.arange(first, first + n, dtype=np.int64)
    owner = index % len(OWNER_CODES)
    # 700,001 has no factor in common with 1,000,000: every serial number comes once before any comes twice.
    serial = ((index // len(OWNER_CODES)) * 700_001 + seed % 1_000_000) % 1_000_000
    base = np.array(
        [sum(_LETTER_VALUES[c] << i for i, c in enumerate(code)) for code in OWNER_CODES], dtype=np.int64
    )
    total = base[owner]
    for place in range(6):
        total = total + (serial // 10 ** (5 - place) % 10) * (1 << (4 + place))
    digit = total % 11 % 10
    pairs = zip(owner.tolist(), (serial * 10 + digit).tolist(), strict=True)
    return [f"{OWNER_CODES[code]}{number:07d}" for code, number in pairs]


def seconds(hours: Floats) -> Ints:
    """Hours as whole seconds."""
    return np.rint(hours * 3600).astype(np.int64)
