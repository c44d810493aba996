import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lookbook.retrieval.vectors.batches import Batch, Examples, Purchases, Vectors


def purchases(rows: list[tuple[int, int, int]], days: int = 100) -> Purchases:
    table = pl.DataFrame(rows, schema={"customer": pl.UInt32, "article": pl.UInt32, "days_ago": pl.UInt16}, orient="row")
    return Purchases.of(table.lazy(), days)


def test_a_purchase_counts_once_a_day_and_only_in_the_last_days() -> None:
    found = purchases([(7, 30, 1), (7, 30, 1), (7, 30, 2), (5, 10, 3), (5, 10, 4)], days=3)
    assert found.customer_ids.tolist() == [5, 7]
    assert found.article_ids.tolist() == [10, 30]
    assert found.customer.tolist() == [0, 1, 1]
    assert found.article.tolist() == [0, 1, 1]
    assert found.days_ago.tolist() == [3, 1, 2]


def test_weights_halve_with_the_half_life_and_have_mean_1() -> None:
    weight = Examples.of(purchases([(1, 1, 1), (1, 1, 11), (1, 2, 21)]), half_life_days=10, popularity_power=1).weight
    np.testing.assert_allclose(weight / weight[0], [1, 0.5, 0.25], rtol=1e-6)
    np.testing.assert_allclose(weight.mean(), 1, rtol=1e-6)


def test_negatives_follow_smoothed_decayed_sales_and_never_hit_an_unsold_article() -> None:
    sold = purchases([(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1), (1, 2, 1), (1, 3, 90)])
    recent = Examples.of(sold.where(sold.days_ago < 50), half_life_days=10, popularity_power=0.5)
    np.testing.assert_allclose(recent.probability, [2 / 3, 1 / 3, 0])
    (stack,) = recent.batches(8, 3000, rng=np.random.default_rng(0), stack=1)
    drawn = stack.negative[0]
    assert np.bincount(drawn, minlength=3)[2] == 0
    np.testing.assert_allclose((drawn == 0).mean(), 2 / 3, atol=0.03)
    np.testing.assert_allclose(np.exp(stack.negative_log_expected[0]), 3000 * recent.probability[drawn], rtol=1e-5)


def test_popularity_is_the_log_of_decayed_sales_and_unsold_articles_count_as_the_least_sold() -> None:
    sold = purchases([(1, 1, 1), (2, 1, 1), (1, 2, 11), (1, 3, 90)])
    popularity = Examples.of(sold.where(sold.days_ago < 50), half_life_days=10, popularity_power=1).popularity
    np.testing.assert_allclose(popularity - popularity[1], [np.log(4), 0, 0], rtol=1e-6)


def epoch(n: int, size: int, seed: int, stack: int) -> list[Batch]:
    examples = Examples.of(purchases([(i, i % 3, 1 + i % 2) for i in range(n)]), half_life_days=10, popularity_power=1)
    return list(examples.batches(size, 2, rng=np.random.default_rng(seed), stack=stack))


@given(n=st.integers(1, 40), size=st.integers(1, 50), seed=st.integers(0, 1000), stack=st.integers(1, 5))
def test_an_epoch_holds_every_example_once_and_fills_the_last_batch_up(n: int, size: int, seed: int, stack: int) -> None:
    stacks = epoch(n, size, seed, stack)
    assert {each.customer.shape[1] for each in stacks} == {size}
    assert sum(len(each.customer) for each in stacks) == -(-n // size)
    assert {len(each.customer) for each in stacks[:-1]} <= {stack}
    seen = np.concatenate([each.customer.ravel() for each in stacks])
    assert sorted(seen[:n]) == list(range(n))


def test_the_height_of_a_stack_changes_no_batch() -> None:
    low, high = epoch(40, 3, 0, 2), epoch(40, 3, 0, 100)
    assert len(low) > len(high) == 1
    for name, arrays in zip(Batch._fields, zip(*low, strict=True), strict=True):
        np.testing.assert_array_equal(np.concatenate(arrays), getattr(high[0], name))


@given(ids=st.sets(st.integers(0, 9000), min_size=1), others=st.sets(st.integers(0, 9000)))
def test_the_first_vector_of_an_id_does_not_depend_on_the_other_ids(ids: set[int], others: set[int]) -> None:
    def start(wanted: set[int]) -> dict[int, list[float]]:
        table = np.array(sorted(wanted), np.uint32)
        begun = Vectors.start(table, 4, bias=np.zeros(len(table), np.float32), stream=(3, 1), earlier=None)
        return dict(zip(table.tolist(), begun.vectors.tolist(), strict=True))

    few, many = start(ids), start(ids | others)
    assert few == {i: many[i] for i in few}


def test_known_ids_start_from_their_earlier_vectors_and_the_others_as_without_them() -> None:
    def start(earlier: pl.LazyFrame | None) -> Vectors:
        return Vectors.start(np.uint32([2, 5, 9]), 2, bias=np.float32([1, 2, 3]), stream=(0, 0), earlier=earlier)

    earlier = Vectors(np.uint32([1, 5]), np.float32([[7, 8], [3, 4]]), np.float32([8, 9])).table()
    warm, cold = start(earlier), start(None)
    assert warm.vectors[1].tolist() == [3, 4]
    assert warm.bias.tolist() == [1, 2, 3]
    np.testing.assert_array_equal(warm.vectors[[0, 2]], cold.vectors[[0, 2]])
    assert len({tuple(v) for v in cold.vectors}) == 3
