import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from threadpoolctl import threadpool_info

from lookbook.data.customer_rows.rows import Floats
from lookbook.retrieval.factors import LeastSquares, singular_vectors

seeds = st.integers(0, 2**32 - 1)


def purchases(rng: np.random.Generator, customers: int, articles: int) -> Floats:
    return np.where(rng.random((customers, articles)) < 0.4, rng.uniform(0.1, 3, (customers, articles)), 0.0)


@given(seed=seeds, customers=st.integers(1, 12), articles=st.integers(1, 12), rank=st.integers(1, 3))
@settings(max_examples=60, deadline=None)
def test_singular_vectors_span_all_purchases_where_there_are_as_many_as_the_rank(
    seed: int, customers: int, articles: int, rank: int
) -> None:
    rng = np.random.default_rng(seed)
    dense = rng.uniform(0, 1, (customers, rank)) @ rng.uniform(0, 1, (rank, articles))
    found = singular_vectors(csr_array(dense), factors=5, seed=0)
    assert found.shape == (articles, min(5, customers, articles))
    np.testing.assert_allclose(dense @ found @ found.T, dense, atol=1e-4)


def test_of_few_factors_those_of_the_largest_singular_values_are_kept() -> None:
    dense = purchases(np.random.default_rng(3), 40, 30)
    found = singular_vectors(csr_array(dense), factors=4, seed=0)
    best = np.linalg.svd(dense)[1][:4]
    assert np.linalg.norm(dense @ found, axis=0) == pytest.approx(best, rel=1e-3)


def loss(of: LeastSquares, dense: Floats, customers: Floats, articles: Floats) -> float:
    error = (1 + of.alpha * dense) * ((dense > 0) - customers @ articles.T) ** 2
    return float(error.sum() + of.l2 * ((customers**2).sum() + (articles**2).sum()))


@given(seed=seeds, rows=st.integers(1, 9), columns=st.integers(1, 12), factors=st.integers(1, 6), alpha=st.sampled_from([0.5, 4.0]))
@settings(max_examples=150, deadline=None)
def test_each_row_has_the_least_squared_error_however_much_was_bought(
    seed: int, rows: int, columns: int, factors: int, alpha: float
) -> None:
    rng = np.random.default_rng(seed)
    dense, others = purchases(rng, rows, columns), rng.standard_normal((columns, factors))
    of = LeastSquares(alpha, l2=0.7)
    found = of.solve(csr_array(dense), others)
    for row, solved in zip(dense, found, strict=True):
        confidence = np.diag(1 + alpha * row)
        expected = np.linalg.solve(others.T @ confidence @ others + 0.7 * np.eye(factors), others.T @ confidence @ (row > 0))
        np.testing.assert_allclose(solved, expected, atol=1e-8)


def test_every_sweep_lowers_the_loss() -> None:
    dense, of = purchases(np.random.default_rng(5), 30, 20), LeastSquares(alpha=2.0, l2=0.1)
    matrix = csr_array(dense)
    found = [of.articles(matrix, factors=4, sweeps=sweeps, seed=1) for sweeps in (1, 2, 3, 6)]
    losses = [loss(of, dense, of.solve(matrix, articles), articles) for articles in found]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_the_start_is_that_of_the_seed() -> None:
    matrix, of = csr_array(purchases(np.random.default_rng(5), 30, 20)), LeastSquares(alpha=2.0, l2=0.1)
    first, again, other = (of.articles(matrix, factors=4, sweeps=1, seed=seed) for seed in (1, 1, 2))
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_everything_is_solved_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, solve = [], np.linalg.solve

    def watched(left: Floats, right: Floats) -> Floats:
        threads.extend(library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas")
        return np.asarray(solve(left, right))

    monkeypatch.setattr(np.linalg, "solve", watched)
    dense = np.vstack([purchases(np.random.default_rng(5), 30, 20), np.ones((1, 20))])
    LeastSquares(alpha=2.0, l2=0.1).articles(csr_array(dense), factors=4, sweeps=1, seed=0)
    assert set(threads) == {1}
