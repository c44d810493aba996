"""What distinguishes pictures from each other, in fewer numbers: the principal components of their vectors.

Input: vectors. Output: shorter ones of length 1. Hotelling 1933. Their mean is taken off: pictures of one shop share
background and light, which would make all of them alike.
"""

import numpy as np
import numpy.typing as npt

ROWS = 4_096
"""Vectors that are multiplied at a time, in double precision."""
LEAST_LENGTH = 1e-6
"""A vector of length 1 that is less than this away from the mean is a mean picture: its direction would be rounding error."""

Floats = npt.NDArray[np.float32]


def principal_components(vectors: Floats, dim: int) -> Floats:
    """One row per vector, in their order: the `dim` coordinates, or as many as a vector has if those are fewer, in which vectors
    scaled to length 1 differ most, scaled to length 1 again; that with the most variance first. A row without a direction is all 0.

    The same for any number of threads. Of each axis the largest entry is positive, the first of equals.
    """
    from threadpoolctl import threadpool_limits

    width = min(dim, vectors.shape[1])
    if not len(vectors):
        return np.empty((0, width), np.float32)
    with threadpool_limits(1):  # how a product is split among threads decides how it is rounded
        blocks = [slice(start, start + ROWS) for start in range(0, len(vectors), ROWS)]
        mean = sum(_unit(vectors[block]).sum(axis=0) for block in blocks) / len(vectors)
        spread = sum((away := _unit(vectors[block]) - mean).T @ away for block in blocks)
        axes = np.linalg.eigh(spread)[1][:, ::-1][:, :width]
        axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(width)])
        return np.concatenate([_unit((_unit(vectors[block]) - mean) @ axes).astype(np.float32) for block in blocks])


def _unit(vectors: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Each scaled to length 1; one that is shorter than LEAST_LENGTH becomes 0."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    scaled: npt.NDArray[np.float64] = np.divide(vectors, lengths, out=np.zeros(vectors.shape), where=lengths > LEAST_LENGTH)
    return scaled
