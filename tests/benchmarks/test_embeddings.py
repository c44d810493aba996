import numpy as np
import pytest

from benchmarks.embeddings.__main__ import difference, first_customers
from lookbook.retrieval.vectors.batches import Purchases
from lookbook.retrieval.vectors.recall import Hits


def hits(customer: list[int], hit: list[int]) -> Hits:
    return Hits(np.int32(customer), np.array(hit, bool))


def test_the_difference_of_equal_hits_is_zero_with_no_width() -> None:
    same = hits([3, 3, 8], [1, 0, 1])
    found = difference("other", 12, same, same)
    assert (found.customers, found.pairs, found.row_sparse, found.other) == (2, 3, pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (found.difference, found.low, found.high) == (0, 0, 0)


def test_the_interval_draws_whole_customers() -> None:
    customer = [0] * 50 + [1] * 50
    found = difference("other", 12, hits(customer, [1] * 50 + [0] * 50), hits(customer, [0] * 100))
    assert (found.difference, found.low, found.high) == (0.5, 0, 1)


def test_the_first_customers_keep_their_purchases_and_all_articles() -> None:
    days = np.uint16([1, 2, 3])
    few = first_customers(Purchases(np.uint32([4, 5, 9]), np.uint32([1, 2]), np.int32([0, 1, 2]), np.int32([1, 0, 1]), days), 2)
    assert (few.customer_ids.tolist(), few.article_ids.tolist(), few.article.tolist()) == ([4, 5], [1, 2], [1, 0])
