"""Random streams: one for each purpose and week, all from one seed, so that no part shifts the numbers of another.

Input: seed, purpose, week. Output: a generator.
"""

from typing import Literal, get_args

import numpy as np

Purpose = Literal[
    "catalogue", "attributes", "texts", "appeal", "shocks", "people", "customers", "demand", "visits", "items", "prices", "sample",
]  # fmt: skip
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
"""Their places are part of the numbers drawn: add new ones at the end."""


def stream(seed: int, purpose: Purpose, week: int = 0) -> np.random.Generator:
    return np.random.default_rng([seed, PURPOSES.index(purpose), week])
