import numpy as np
import pytest

from lookbook.retrieval.vectors.batches import Purchases, Vectors
from lookbook.retrieval.vectors.recall import judge


def purchases(*pairs: tuple[int, int]) -> Purchases:
    customer, article = np.int32(pairs).reshape(-1, 2).T
    ids = np.arange(4, dtype=np.uint32)
    return Purchases(ids, ids, customer, article, np.ones(len(pairs), np.uint16))


@pytest.fixture
def trained() -> tuple[Vectors, Vectors]:
    """Customer 0 likes article 0 best, then 1, 2, 3; customer 1 the other way round."""
    ids, none = np.arange(4, dtype=np.uint32), np.zeros(4, np.float32)
    return (
        Vectors(ids, np.float32([[-1], [1], [0], [0]]), none),
        Vectors(ids, np.float32([[0], [1], [2], [3]]), none),
    )


def test_distinct_held_out_pairs_are_hits_where_they_are_among_the_best(trained: tuple[Vectors, Vectors]) -> None:
    known = purchases((0, 0), (0, 1), (1, 2), (1, 3))
    found = judge(trained, purchases((1, 2), (0, 1), (0, 3), (1, 2)), known, k=2, device="cpu")
    assert found.customer.tolist() == [0, 0, 1]
    assert found.hit.tolist() == [True, False, True]
    assert found.recall() == pytest.approx(2 / 3)


def test_customers_and_articles_without_training_do_not_count(trained: tuple[Vectors, Vectors]) -> None:
    known = purchases((0, 1), (0, 2))
    found = judge(trained, purchases((0, 2), (0, 0), (1, 1)), known, k=1, device="cpu")
    assert (found.customer.tolist(), found.hit.tolist()) == ([0], [False])
    assert judge(trained, purchases((3, 3)), known, k=1, device="cpu").recall() == 0


def test_articles_without_training_take_no_place_among_the_best(trained: tuple[Vectors, Vectors]) -> None:
    assert judge(trained, purchases((0, 2)), purchases((0, 2), (0, 3)), k=1, device="cpu").recall() == 1
