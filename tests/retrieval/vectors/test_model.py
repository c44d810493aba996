from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from lookbook.retrieval.source import Device
from lookbook.retrieval.vectors.batches import Batch, Vectors
from lookbook.retrieval.vectors.tensorflow_runtime import start_tensorflow

Floats = npt.NDArray[np.float32]
Tables = tuple[Floats, Floats, Floats]
Steps = Callable[..., tuple[list[float], Tables]]
CUSTOMERS, ARTICLES, DIM = 6, 9, 3


@pytest.fixture
def vectors() -> tuple[Vectors, Vectors]:
    rng = np.random.default_rng(0)

    def random(n: int) -> Vectors:
        return Vectors(np.arange(n, dtype=np.uint32), rng.normal(0, 1, (n, DIM)).astype(np.float32), np.zeros(n, np.float32))

    customers, articles = random(CUSTOMERS), random(ARTICLES)
    return customers, Vectors(articles.ids, articles.vectors, rng.normal(0, 1, ARTICLES).astype(np.float32))


@pytest.fixture
def batch() -> Batch:
    """Repeated customers, articles and negatives; article 4 is a negative of its own buyers."""
    return Batch(
        np.int32([0, 1, 1, 5, 0]),
        np.int32([4, 4, 2, 7, 4]),
        np.float32([1, 0.5, 2, 0.25, 1]),
        np.int32([4, 8, 8, 0]),
        np.log(np.float32([0.9, 1.4, 1.4, 0.3])),
    )


@pytest.fixture
def run(vectors: tuple[Vectors, Vectors]) -> Steps:
    """The losses of one step per batch and the tables afterwards."""
    start_tensorflow()
    from lookbook.retrieval.vectors.model import EmbeddingModel
    from lookbook.retrieval.vectors.row_sparse import RowSparseAdagrad, compiled_steps

    def steps(batches: list[Batch], device: Device = "cpu", dtype: str = "float32") -> tuple[list[float], Tables]:
        model = EmbeddingModel(*vectors, l2=0.1, dtype=dtype)
        train = compiled_steps(model, RowSparseAdagrad(0.5), device=device)
        losses = train(Batch(*map(np.stack, zip(*batches, strict=True)))).tolist()
        return losses, (model.customer_vectors.numpy(), model.article_vectors.numpy(), model.article_bias.numpy())

    return steps


def slow_loss(batch: Batch, tables: Tables, l2: float) -> float:
    customers, articles, bias = tables
    total = 0.0
    for customer, article, weight in zip(batch.customer, batch.article, batch.weight, strict=True):
        own = customers[customer] @ articles[article] + bias[article]
        rest = sum(
            np.exp(customers[customer] @ articles[negative] + bias[negative]) / np.exp(log_expected)
            for negative, log_expected in zip(batch.negative, batch.negative_log_expected, strict=True)
            if negative != article
        )
        penalty = sum(customers[customer] ** 2) + sum(articles[article] ** 2)
        total += weight * (-np.log(np.exp(own) / (np.exp(own) + rest)) + l2 * penalty)
    return float(total)


def as_tables(vectors: tuple[Vectors, Vectors]) -> Tables:
    return vectors[0].vectors.copy(), vectors[1].vectors.copy(), vectors[1].bias.copy()


def test_the_loss_is_the_weighted_corrected_and_masked_softmax_with_its_penalty(
    run: Steps, vectors: tuple[Vectors, Vectors], batch: Batch
) -> None:
    (loss,), _ = run([batch])
    assert loss == pytest.approx(slow_loss(batch, as_tables(vectors), 0.1), rel=1e-5)


def test_an_article_that_is_drawn_as_its_own_negative_adds_nothing(run: Steps, batch: Batch) -> None:
    all_hits = batch._replace(article=np.full(5, 4, np.int32), negative=np.full(4, 4, np.int32))
    (loss,), _ = run([all_hits])
    (other,), _ = run([all_hits._replace(negative_log_expected=all_hits.negative_log_expected + 3)])
    assert loss == other


def test_the_correction_makes_sampled_negatives_stand_for_all_articles(run: Steps, vectors: tuple[Vectors, Vectors]) -> None:
    probability = np.linspace(1, 3, ARTICLES) / np.linspace(1, 3, ARTICLES).sum()
    drawn = np.random.default_rng(1).choice(ARTICLES, 200_000, p=probability).astype(np.int32)
    expected = np.log(len(drawn) * probability[drawn]).astype(np.float32)
    one = Batch(np.int32([2]), np.int32([3]), np.float32([1]), drawn, expected)
    (loss,), _ = run([one])
    customers, articles, bias = as_tables(vectors)
    logits = articles @ customers[2] + bias
    penalty = 0.1 * (np.sum(customers[2] ** 2) + np.sum(articles[3] ** 2))
    assert loss - penalty == pytest.approx(float(np.log(np.exp(logits).sum()) - logits[3]), rel=0.01)


def numeric_gradients(batch: Batch, tables: Tables) -> Tables:
    tables = tuple(table.astype(np.float64) for table in tables)
    gradients = tuple(np.zeros_like(table) for table in tables)
    for table, gradient in zip(tables, gradients, strict=True):
        for place in np.ndindex(table.shape):
            ends = []
            for move in (1e-5, -2e-5):
                table[place] += move
                ends.append(slow_loss(batch, tables, 0.1))
            table[place] += 1e-5
            gradient[place] = (ends[0] - ends[1]) / 2e-5
    return gradients


def test_repeated_rows_move_by_dense_adagrad_of_their_summed_gradient(
    run: Steps, vectors: tuple[Vectors, Vectors], batch: Batch
) -> None:
    second = batch._replace(customer=batch.customer[::-1].copy(), negative=np.int32([1, 1, 2, 7]))
    tables = as_tables(vectors)
    squares = tuple(np.full_like(table, 0.1) for table in tables)
    for each in (batch, second):
        for table, gradient, square in zip(tables, numeric_gradients(each, tables), squares, strict=True):
            np.add(square, gradient**2, out=square)
            np.subtract(table, 0.5 * gradient / np.sqrt(square + 1e-7), out=table)
    for found, expected in zip(run([batch, second])[1], tables, strict=True):
        np.testing.assert_allclose(found, expected, atol=2e-4)


def test_rows_outside_the_batch_keep_every_bit(run: Steps, vectors: tuple[Vectors, Vectors], batch: Batch) -> None:
    customers, articles, bias = run([batch])[1]
    np.testing.assert_array_equal(customers[[2, 3, 4]], vectors[0].vectors[[2, 3, 4]])
    np.testing.assert_array_equal(articles[[1, 3, 5, 6]], vectors[1].vectors[[1, 3, 5, 6]])
    np.testing.assert_array_equal(bias[[1, 3, 5, 6]], vectors[1].bias[[1, 3, 5, 6]])
    assert (customers[[0, 1, 5]] != vectors[0].vectors[[0, 1, 5]]).all()


def test_the_dense_compiled_step_of_a_gpu_trains_alike(run: Steps, batch: Batch) -> None:
    sparse_losses, sparse = run([batch] * 3)
    dense_losses, dense = run([batch] * 3, device="gpu")
    np.testing.assert_allclose(dense_losses, sparse_losses, rtol=1e-5)
    for found, expected in zip(dense, sparse, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_mixed_precision_rounds_the_products_only(run: Steps, batch: Batch) -> None:
    (exact,), _ = run([batch])
    (rounded,), tables = run([batch], dtype="mixed_bfloat16")
    assert rounded == pytest.approx(exact, rel=0.02)
    assert rounded != exact
    assert {table.dtype for table in tables} == {np.dtype(np.float32)}
