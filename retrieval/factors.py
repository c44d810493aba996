"""Vectors of articles from decayed purchases, in closed form: truncated singular vectors, and alternating least squares.

Input: a matrix with a row per customer and a column per article. Output: a row of factors per article; factors of customers from
their purchases and those of the articles. On one thread, so that the bytes do not depend on how many there are.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lookbook.data.customer_rows.rows import Floats, Rows, line

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK_NUMBERS = 1 << 21
"""Numbers that are gathered at a time for rows with equally many purchases: 16 MB."""


def singular_vectors(purchases: "csr_array", *, factors: int, seed: int) -> Floats:
    """The right singular vectors of the `factors` largest singular values, fewer where the matrix has a smaller side; randomized
    (Halko, Martinsson, Tropp 2011), the signs fixed."""
    import scipy.linalg  # noqa: F401 loads the BLAS that the limit is for
    from sklearn.utils.extmath import randomized_svd
    from threadpoolctl import threadpool_limits

    width = min(factors, *purchases.shape)
    with threadpool_limits(1):
        _, _, found = randomized_svd(purchases.astype(np.float32), width, n_iter=4, random_state=seed, flip_sign=True)
    return np.asarray(found.T, dtype=np.float64)


@dataclass(frozen=True)
class LeastSquares:
    """Factors whose inner product comes near 1 where a customer bought an article and 0 elsewhere; a squared error counts 1 +
    alpha x the decayed purchases, with `l2` on the squares of the factors (Hu, Koren, Volinsky, "Collaborative filtering for
    implicit feedback datasets", ICDM 2008)."""

    alpha: float
    l2: float

    def articles(self, purchases: "csr_array", *, factors: int, sweeps: int, seed: int) -> Floats:
        """A sweep solves for all customers, then for all articles (alternating least squares); the start is random."""
        buyers = purchases.T.tocsr()
        found: Floats = np.random.default_rng(seed).standard_normal((purchases.shape[1], factors)) / np.sqrt(factors)
        for _ in range(sweeps):
            found = self.solve(buyers, self.solve(purchases, found))
        return found

    def solve(self, purchases: "csr_array", others: Floats) -> Floats:
        """Factors of the rows, given those of the columns; 0 for a row without purchases."""
        from threadpoolctl import threadpool_limits

        counts, found = np.diff(purchases.indptr), np.zeros((purchases.shape[0], others.shape[1]))
        with threadpool_limits(1):
            gram = others.T @ others + self.l2 * np.eye(others.shape[1])
            for row in np.flatnonzero(counts > len(gram)):
                columns, values = line(purchases, int(row))
                of, extra = others[columns], self.alpha * values
                found[row] = np.linalg.solve(gram + of.T @ (of * extra[:, None]), of.T @ (1 + extra))
            through: Floats = np.asarray(np.linalg.solve(gram, others.T).T, dtype=np.float64)
            for n in np.unique(counts[(counts > 0) & (counts <= len(gram))]):
                rows = np.flatnonzero(counts == n)
                for first in range(0, len(rows), size := max(1, BLOCK_NUMBERS // (int(n) * len(gram)))):
                    block = rows[first : first + size]
                    found[block] = self._few(purchases, block, others, through)
        return found

    def _few(self, purchases: "csr_array", rows: Rows, others: Floats, through: Floats) -> Floats:
        """Factors of rows with equally many purchases, n, at most as many as factors.

        With Y the factors of what was bought, G the Gram matrix of all and d what a purchase counts more than 1, the solution
        (G + Y' diag(d) Y)^-1 Y' (1 + d) is Z' (Y Z' + diag(1 / d))^-1 (1 + 1 / d), where Z = Y G^-1: n equations for each row.
        """
        n = int(purchases.indptr[rows[0] + 1] - purchases.indptr[rows[0]])
        at = purchases.indptr[rows][:, None] + np.arange(n)
        columns, inverse = purchases.indices[at], 1 / (self.alpha * purchases.data[at])
        bought, solved = others[columns], through[columns]
        kernel = bought @ solved.transpose(0, 2, 1)
        kernel[:, np.arange(n), np.arange(n)] += inverse
        share = np.linalg.solve(kernel, (1 + inverse)[:, :, None])
        return np.asarray(np.einsum("rnf,rn->rf", solved, share[:, :, 0]))
