"""Means over customers and their percentile bootstrap, to the same bits whatever the threads and the row order.

Input: an array of customers x columns. Output: means, resampled means, intervals.
Efron, "Bootstrap methods: another look at the jackknife", 1979.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95

_BLOCK_VALUES = 1 << 22
"""Weights held at a time (resamples x customers): 32 MB, whatever the number of customers."""

_EXACT_BITS = 52
"""Whole numbers up to 2**52 and their sums are exact in Float64."""

_TINY = 1e-200
"""Stands in for the largest value of a column of zeros."""


@dataclass(frozen=True)
class Resampled:
    """Means of the columns. mean: (columns,); means: (resamples, columns), each over as many customers drawn with replacement."""

    mean: Floats
    means: Floats


def resample_means(values: Floats, *, resamples: int, seed: int) -> Resampled:
    """Bootstrap the column means of `values` (customers x columns, finite, rows in the order of the customer id).

    All columns share each resample, so columns may be compared pairwise; which columns are present changes no other.
    Values are rounded to a binary grid on which every weighted sum is exact: below 2**-20 of the largest value for up to
    2**32 customers.

    Raises:
        ValueError: when there is no customer.
    """
    n = len(values)
    if n == 0:
        raise ValueError("no customer to resample")
    unit = 2.0 ** (np.ceil(np.log2(np.maximum(np.abs(values).max(axis=0), _TINY) * n)) - _EXACT_BITS)
    whole = np.rint(values / unit)
    rng = np.random.default_rng(seed)
    block = max(1, _BLOCK_VALUES // n)
    sums = [_weights(rng, n, min(block, resamples - start)) @ whole for start in range(0, resamples, block)]
    return Resampled(mean=whole.sum(axis=0) * unit / n, means=np.concatenate(sums) * unit / n)


def interval(samples: Floats) -> tuple[Floats, Floats]:
    """Lower and upper end of the central 95 % of `samples` (resamples x columns), per column."""
    low, high = np.quantile(samples, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2], axis=0)
    return low, high


def _weights(rng: np.random.Generator, n: int, resamples: int) -> Floats:
    """How often each of `n` customers is drawn in `n` draws, per resample."""
    return np.stack([np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64) for _ in range(resamples)])
