from datetime import date

import polars as pl
import pytest

from benchmarks.peers.judge import answer, compare, precisions, replaced
from lookbook.data.windows import Window

WINDOW = Window(date(2020, 9, 16))


def lists(rows: dict[int, list[int]]) -> pl.LazyFrame:
    """Articles by customer, best first."""
    ranked = [(customer, article, place) for customer, articles in rows.items() for place, article in enumerate(articles, 1)]
    schema = {"customer": pl.UInt32, "article": pl.UInt32, "rank": pl.UInt32}
    return pl.DataFrame(ranked, schema=schema, orient="row").lazy()


def known(values: dict[tuple[str, str], list[float]], market: str = "shop") -> pl.DataFrame:
    """Average precision of customers 0, 1, ... by week and peer."""
    return pl.concat(
        pl.DataFrame({"market": market, "as_of": as_of, "peer": peer, "customer": range(len(of)), "average_precision": of})
        for (as_of, peer), of in values.items()
    )


def test_lists_are_judged_on_what_was_bought_in_the_week_and_nobody_is_left_out(make_dataset):
    bought = [(1, 5, 15), (1, 7, 16), (1, 8, 22), (2, 9, 18), (3, 9, 15)]  # customer, article, day of September
    rows = [{"customer": customer, "article": article, "date": date(2020, 9, day)} for customer, article, day in bought]
    found = precisions(make_dataset(pl.DataFrame(rows)), WINDOW, lists({1: [5, 7, 6, 8], 3: [9]}), k=3)
    assert found.rows() == [(1, 0.25), (2, 0.0)]  # article 7 in place 2, of two; 8 stands behind k


def test_peers_are_compared_over_all_weeks_and_over_the_newest(tmp_path):
    table = known({
        ("2020-09-09", "lookbook"): [0.5, 0.5, 0.5],
        ("2020-09-09", "other"): [0.5, 0.5, 0.5],
        ("2020-09-16", "lookbook"): [0.6, 0.4, 0.8],
        ("2020-09-16", "other"): [0.3, 0.2, 0.4],
    })  # fmt: skip
    found = compare(pl.concat([table, known({("2020-09-16", "lookbook"): [0.0]}, market="another")]), "shop")
    assert (found["n_customers"], found["n_customer_weeks"]) == (3, 6)
    assert found["newest"]["other"]["ratio"] == pytest.approx((2.0, 2.0, 2.0))
    assert found["newest"]["other"]["difference"][0] == pytest.approx(0.3)
    assert found["pooled"]["other"]["difference"][0] == pytest.approx(0.15)
    assert found["pooled"]["lookbook"]["difference"] is None
    table.write_parquet(tmp_path / "p.parquet")
    assert answer("compare", [str(tmp_path / "p.parquet"), "shop"]) == found


def test_without_lookbook_peers_have_a_mean_only():
    found = compare(known({("2020-09-16", "other"): [0.3, 0.2]}), "shop")
    assert found["pooled"]["other"]["map"][0] == pytest.approx(0.25)
    assert found["pooled"]["other"]["difference"] is None


def test_a_peer_that_is_measured_again_replaces_itself_in_its_market_only():
    before = pl.concat([
        known({("2020-09-16", "a"): [0.1], ("2020-09-16", "b"): [0.2]}),
        known({("2020-09-16", "a"): [0.3]}, market="another"),
    ])  # fmt: skip
    after = replaced(before, known({("2020-09-16", "a"): [0.9]}))
    rows = after.select("market", "peer", "average_precision").rows()
    assert rows == [("another", "a", 0.3), ("shop", "a", 0.9), ("shop", "b", 0.2)]


def test_a_peer_that_is_not_judged_in_every_week_is_refused():
    with pytest.raises(KeyError):
        compare(known({("2020-09-16", "a"): [0.1], ("2020-09-09", "a"): [0.1], ("2020-09-16", "b"): [0.1]}), "shop")
