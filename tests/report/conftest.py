"""JSON files as the commands leave them, small and complete, with names that would break a page that trusts them."""

import copy
from datetime import date, timedelta

import pytest

from lookbook.report.page import page

NASTY = 'Milk </script><script>alert("1")</script> & <b>more</b> \u2028'
SOURCES = ("repurchase", "co_purchase", "brand_new_source")
VARIANTS = ("lookbook", "popularity", "most_bought", *(f"{source}_alone" for source in SOURCES))
METRICS = ("map", "recall", "precision", "f1", "ndcg", "mrr", "hit_rate", "catalogue_coverage", "mean_popularity_rank")
SEGMENTS = ("all", "<=7", "8-30", "never")
STAGES = ("not for sale before", "never retrieved", "cut", "ranked > 50", "ranked 13-50", "recommended")
STANDING = {
    "baseline": "popularity", "map": 0.2, "baseline_map": 0.183, "ratio": 1.2, "low": 0.01, "high": 0.06, "n_customers": 50,
    "standing": "ahead",
}  # fmt: skip
Contents = dict[str, object]


def cell(value: float, **more: float | None) -> dict[str, object]:
    return {"value": value, "low": value - 0.011, "high": value + 0.013, "n_customers": 50, **more}


def metrics() -> Contents:
    def table(offset: float, variants: tuple[str, ...], **more: float) -> dict[str, object]:
        return {
            v: {
                s: {m: cell(offset + 0.2 - 0.017 * p - 0.01 * q, **more) for m in METRICS}
                for q, s in enumerate(SEGMENTS)
            }
            for p, v in enumerate(variants)
        }  # fmt: skip

    means = table(0, VARIANTS)
    for variant in VARIANTS:
        for segment in SEGMENTS:
            means[variant][segment]["precision"]["value"] = 0.2  # type: ignore[index]
            means[variant][segment]["catalogue_coverage"] |= {"low": None, "high": None}  # type: ignore[index]
    candidates = {"candidates_per_customer": 40.5, "customer_recall": 0.31, "n_labels": 1000, "n_customers": 50}
    sources = [
        {"source": s, "found": 300 - 9 * n, "recall": 0.3 - 0.009 * n, "low": 0.27, "high": 0.33, "found_only": 7 * n,
         "positive_rate": 0.03 + n / 300, **candidates}
        for n, s in enumerate((*SOURCES, "union"))
    ]  # fmt: skip
    union = [
        {"depth": d, "found": d * 2, "recall": d / 500, "low": d / 510, "high": d / 490, "positive_rate": 0.1, **candidates}
        for d in (12, 50, 100)
    ]
    return {
        "standing": STANDING,
        "metrics": means,
        "differences": table(-0.15, VARIANTS[1:], ratio=1.2, ratio_low=1.1, ratio_high=1.3),
        "sources": sources,
        "union": union,
        "cold_customers": {v: {s: {m: cell(0.07) for m in ("map", "recall")} for s in ("none", "1-2")} for v in VARIANTS},
        "cold_articles": [{"segment": "never", **source} for source in sources],
    }


def about() -> Contents:
    stage = {"seconds": 0.1, "seconds_when_computed": 12.34, "computed": 1, "reused": 2, "peak_memory_mb": 512}
    return {
        "finished": "2026-01-02T03:04:05+00:00", "settings_digest": "abc", "k": 12, "dataset": "tiny & small", "data_digest": "def",
        "data": {"first_day": "2020-01-01", "last_day": "2020-09-22", "transactions": 3000, "customers": 60, "articles": 80},
        "test_week": "2020-09-16", "device": "cpu", "trees": 3, "versions": {"python": "3.11.7", "polars": "2.1.0"},
        "stages": {"learn": stage, "fit": stage}, "peak_memory_mb": 512,
        "warnings": [f"source x retrieved nothing; it needs {NASTY}"],
    }  # fmt: skip


def ablation() -> Contents:
    def variant(mode: str, name: str, difference: float, verdict: str) -> dict[str, object]:
        return {
            "mode": mode, "name": name, "left_out": [name.rsplit(maxsplit=1)[-1]], "kept": ["co_purchase"], "budget": "fixed",
            "map": 0.2 - difference, "low": 0.17, "high": 0.21, "difference": difference, "difference_low": difference - 0.003,
            "difference_high": difference + 0.003, "smallest_visible": 0.004, "verdict": verdict, "candidates_per_customer": 90.25,
            "recall": 0.4, "trees": [7, 9], "map_by_week": [0.2, 0.19], "fit_seconds": 1.5,
        }  # fmt: skip

    modes = [
        variant("leave_one_out", "without repurchase", 0.05, "helps"),
        variant("leave_one_out", "without co_purchase", -0.01, "hurts"),
        variant("leave_one_out", "without brand_new_source", 0.0001, "cannot tell"),
        variant("alone", "repurchase alone", 0.03, "helps"),
        variant("features", "without customer", 0.001, "cannot tell"),
        variant("a_mode_of_tomorrow", "x", 0.002, "cannot tell"),
    ]
    shapley = [
        {"source": s, "of": of, "value": 0.1 + n / 50, "low": 0.09, "high": 0.2, "standard_error": None, "share": 0.3 + n / 100}
        for of in ("recall", "map")
        for n, s in enumerate(SOURCES)
    ]
    return {
        "budget": "fixed", "weeks": ["2020-09-16", "2020-09-09"], "k": 12,
        "full": {"map": 0.2, "low": 0.18, "high": 0.22, "n_customers": 50, "n_customer_weeks": 90},
        "variants": modes,
        "sources": [{"source": s, "learn_seconds": 3.5, "retrieve_seconds": 1.25, "peak_memory_mb": 700} for s in SOURCES],
        "overlap": [
            {"source": a, "other": b, "jaccard": 1.0 if a == b else 0.125} for a in SOURCES for b in SOURCES
        ],
        "shapley": shapley,
    }  # fmt: skip


def backtest() -> Contents:
    def method(name: str, mean: float) -> dict[str, object]:
        paired = None if name == "lookbook" else against(0.2 - mean)
        return {
            "method": name, "map": mean, "low": mean - 0.01, "high": mean + 0.01, "map_by_week": [mean, mean], "lookbook": paired,
            "parameters": "half_life_days = 75",
            "cpu_seconds": 12.5, "peak_memory_mb": 700,
        }  # fmt: skip

    methods = [method("lookbook", 0.2), method("most_bought", 0.19), method("popularity", 0.05)]
    segments = [("days since last purchase", "<=7"), ("purchase days in 90", ">35"), ("labels", "bought before")]
    return {
        "weeks": ["2020-09-16", "2020-09-09"], "k": 12, "n_customers": 50, "n_customer_weeks": 90, "best_baseline": "most_bought",
        "methods": methods, "newest": methods,
        "segments": [
            {"by": by, "segment": s, "n_customer_weeks": 30, "map": 0.2, "baseline_map": 0.19, "lookbook": against(0.01)}
            for by, s in segments
        ],
    }  # fmt: skip


def against(difference: float) -> dict[str, object]:
    low, high = difference - 0.003, difference + 0.003
    return {
        "difference": difference, "difference_low": low, "difference_high": high,
        "ratio": 1.05, "ratio_low": 1.02, "ratio_high": 1.08,
        "verdict": "helps",
    }  # fmt: skip


def leaderboard() -> Contents:
    def method(name: str, kind: str, mean: float, n_only: int) -> dict[str, object]:
        about = {"value": mean, "low": mean - 0.01, "high": mean + 0.01}
        return {
            "method": name, "kind": kind, "note": "", "parameters": "", "recall": {**about, "value": mean + 0.15}, "map": about,
            "ndcg": about, "coverage": 0.0875, "novelty": {"value": 7.25, "low": 7.125, "high": 7.375}, "new": about,
            "only": about, "n_only": n_only, "cpu_seconds": 3.5, "peak_memory_mb": 700,
        }  # fmt: skip

    refused = dict.fromkeys(method("x", "source", 0.1, 0))
    names = [("repurchase", "source", 0.16, 9), ("popularity", "baseline", 0.05, 3), ("brand_new_source", "source", 0.04, 7)]
    return {
        "weeks": ["2020-09-16", "2020-09-09"], "k": 12, "depth": 100, "n_customers": 50, "n_customer_weeks": 90, "n_labels": 1000,
        "beside": ["repurchase", "co_purchase"],
        "methods": [
            *(method(*name) for name in names),
            {**refused, "method": "broken_source", "kind": "source", "note": f"refused: {NASTY}", "parameters": ""},
        ],
    }  # fmt: skip


def tuning() -> Contents:
    def reached(mean: float, leaves: int) -> Contents:
        known = {"ranking.lambdarank.num_leaves": leaves, "retrieval.popularity.windows_days": [7, 28]}
        return {"map": mean, "low": mean - 0.01, "high": mean + 0.01, "map_by_week": [mean, mean], "parameters": known}

    def trial(place: int, state: str, mean: float, best: float) -> Contents:
        of = reached(mean, 10 + place)
        values = {"map": mean, "map_by_week": of["map_by_week"], "gain": mean - 0.18, "best_gain": best}
        return {"number": place, "state": state, **values, "parameters": of["parameters"], "seconds": 12.5}

    return {
        "weeks": ["2020-08-19", "2020-08-12"], "tested": "2020-09-16", "k": 12, "n_customers": 50, "n_customer_weeks": 90,
        "sampler": "tpe", "seed": 0, "wanted": 3, "keys": ["ranking.lambdarank.num_leaves", "retrieval.popularity.windows_days"],
        "run": reached(0.18, 15), "best": reached(0.19, 13), "best_trial": 3,
        "gain": {"difference": 0.01, "low": -0.002, "high": 0.022, "smallest_visible": 0.017, "verdict": "cannot tell"},
        "importance": [
            {"key": "ranking.lambdarank.num_leaves", "share": 0.75}, {"key": "retrieval.popularity.windows_days", "share": 0.25},
        ],
        "trials": [trial(1, "finished", 0.17, 0.0), trial(2, "ended early", 0.15, 0.0), trial(3, "finished", 0.19, 0.01)],
    }  # fmt: skip


def importance() -> Contents:
    names = {
        "feature": [f"article_sales_{n}d" for n in range(1, 30)],
        "group": ["article", "customer"],
        "source": list(SOURCES),
    }
    rows = [
        {"level": level, "name": name, "method": method, "value": 10.0 / (n + 1), "low": 0.1, "high": 0.4, "share": 0.5 / (n + 1),
         "group": "article", "source": None, "doc": f"Sales of {NASTY} in {n} days." if level == "feature" else None}
        for level, listed in names.items()
        for n, name in enumerate(listed)
        for method in ("gain", "split", "permutation", "shap")
    ]  # fmt: skip
    features = names["feature"][:2]
    return {
        "n_customers": 50, "n_pairs": 500, "repeats": 5, "importance": rows,
        "partial_dependence": [
            {"feature": f, "value": None if v == 5 else v * 1.5, "score": v / 7} for f in features for v in range(6)
        ],
        "shap_values": [{"feature": f, "value": v / 3, "contribution": v / 90} for f in features for v in range(450)],
        "lost_labels": [
            {"segment": s, "stage": stage, "labels": 10 * (n + 1), "share": (n + 1) / 21}
            for s in SEGMENTS
            for n, stage in enumerate(STAGES)
        ],
    }  # fmt: skip


def profile() -> Contents:
    weeks = [
        {
            "week": str(date(2020, 6, 3) + timedelta(days=7 * n)), "rows": 100 + n, "customers": 40 + n, "new_articles": n,
            "repurchase_share": n / 30, "cold_customer_share": 0.1, "labels_sold_7d": 0.6,
        }
        for n in range(16)
    ]  # fmt: skip
    price = {"table": "transactions", "column": "price", "scale": "log", "low": 0.5, "high": 2.0, "rows": 2000}
    bins = [{"scale": "linear", "low": n, "high": n + 1, "rows": 50 - n} for n in range(1, 20)]
    return {
        "columns": [
            {
                "table": "transactions", "column": "price", "type": "Float32", "rows": 3000, "missing": 3, "missing_share": 0.001,
                "distinct": 400, "min": 0.5, "median": 2.5, "max": 60.0, "iqr_outliers": 12, "z_outliers": 3,
            },
            {"table": "transactions", "column": "date", "type": "Date", "missing_share": 0.0, "min": "2020-06-03"},
        ],
        "histograms": [
            price,
            {**price, "low": 2.0, "high": 60.0, "rows": 1000},
            {"table": "customers", "column": "member", "scale": "value", "low": 0.0, "high": 0.0, "rows": 30},
        ],
        "weeks": weeks,
        "weekdays": [{"weekday": n, "rows_per_day": 100.5 + n} for n in range(1, 8)],
        "long_tail": [{"articles_share": n / 10, "purchases_share": (n / 10) ** 0.5} for n in range(11)],
        "purchases_per_customer": {"one_share": 0.1, "inactive_share": 0.2, "histogram": bins},
        "repurchase_interval": bins,
        "life_cycle": [{"weeks_since_first_sale": n, "purchases_share": 0.1} for n in range(10)],
        "policy": {
            "outliers": "counted, none removed or changed",
            "rules": [{"table": "transactions", "column": "price", "treatment": "dropped", "expected": "more than 0", "rows": 4}],
        },
    }  # fmt: skip


def gathered() -> Contents:
    curve = [
        {"source": "brand_new_source", "week": "2020-09-09", "phase": "search", "epoch": 1, "train_loss": 8.5, "valid_recall": 0.1},
        {"source": "brand_new_source", "week": "2020-09-09", "phase": "search", "epoch": 2, "train_loss": 8.1, "valid_recall": 0.2},
        {"source": "brand_new_source", "week": "2020-09-09", "phase": "final", "epoch": 1, "train_loss": 8.4, "valid_recall": None},
        {"source": "brand_new_source", "week": "2020-09-16", "phase": "final", "epoch": 1, "train_loss": 8.2, "valid_recall": None},
    ]
    card = {
        "customer": "17", "segment": "<=7",
        "bought": [{"article": "1", "name": NASTY, "recommended_rank": 1, "lost_at": None},
                   {"article": "2", "name": None, "recommended_rank": None, "lost_at": "never retrieved"}],
        "recommended": [{"rank": 1, "article": "1", "name": NASTY, "score": 2.5, "bought": True,
                         "sources": [{"source": "repurchase", "rank": 3}], "reason": "bought 3 times, last 5 days ago"}],
        "last_purchases": [{"article": "1", "name": NASTY, "days_ago": 5}],
    }  # fmt: skip
    return {
        "customers": [card, {**card, "customer": "18", "recommended": [], "last_purchases": []}],
        "learning": {"sources": curve, "ranker": {"trees": 3, "map_at_12": [0.2, 0.25, 0.27, 0.26]}},
        "settings": [
            {"key": "run.seed", "value": 3, "default": 0},
            {"key": "retrieval.co_purchase.k", "value": 42, "default": 60},
            {"key": "retrieval.sources", "value": list(SOURCES), "default": list(SOURCES)},
        ],
    }


def everything() -> Contents:
    return {
        "metrics.json": metrics(), "run.json": about(), "ablation.json": ablation(), "backtest.json": backtest(),
        "leaderboard.json": leaderboard(), "tuning.json": tuning(),
        "importance.json": importance(),
        "profile.json": profile(), "report.json": gathered(),
    }  # fmt: skip


@pytest.fixture(scope="session")
def pristine() -> Contents:
    """Parsed JSON by file name; shared, so no test may change it."""
    return everything()


@pytest.fixture(scope="session")
def text(pristine: Contents) -> str:
    """The page of it, drawn once for all tests."""
    return page(pristine)


@pytest.fixture
def contents(pristine: Contents) -> Contents:
    """A copy of it that a test may change."""
    return copy.deepcopy(pristine)
