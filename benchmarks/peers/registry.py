"""The peers: what people would take instead of lookbook, each with its program, its requirements and the settings that are tried.

Every peer has the same tuning budget: POINTS settings, each judged on the same weeks before the test weeks. A grid holds what the
paper or the documentation proposes, and what seemed promising on one of those weeks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

POINTS = 3
LOOKBOOK = "lookbook"

Settings = Mapping[str, float | int | str]


@dataclass(frozen=True)
class Peer:
    """program: in programs/. requirements: in requirements/, without .lock. grid: POINTS settings."""

    name: str
    does: str
    program: str
    requirements: str
    grid: tuple[Settings, ...]


def _items(model: str, *grid: Settings) -> tuple[Settings, ...]:
    return tuple({"model": model, **point} for point in grid)


PEERS = (
    Peer(
        "script",
        "150 lines of Polars and LightGBM: own, popular and neighbouring articles, LambdaRank over six weeks",
        "script",
        "script",
        (
            {"weeks": 6, "negatives": 10, "trees": 120, "leaves": 31, "rate": 0.1},
            {"weeks": 6, "negatives": 10, "trees": 120, "leaves": 15, "rate": 0.1},
            {"weeks": 6, "negatives": 10, "trees": 120, "leaves": 31, "rate": 0.05},
        ),
    ),
    Peer(
        "rectools",
        "RecTools' two-stage model: popular, cosine, ALS and an own generator of repurchases, own features, LGBMRanker",
        "rectools_two_stage",
        "rectools",
        (
            {"own": 200, "others": 50, "negatives": 50, "leaves": 15, "rate": 0.05, "trees": 150},
            {"own": 200, "others": 50, "negatives": 100, "leaves": 31, "rate": 0.05, "trees": 150},
            {"own": 100, "others": 30, "negatives": 50, "leaves": 7, "rate": 0.1, "trees": 100},
        ),
    ),
    Peer(
        "repurchase",
        "own articles by decayed purchase days, plus a share of their popularity",
        "repurchase",
        "plain",
        (
            {"half_life_days": 45, "share": 0.6},
            {"half_life_days": 75, "share": 0.6},
            {"half_life_days": 120, "share": 0.6},
        ),
    ),
    Peer(
        "tifu_knn",
        "TIFU-KNN (Hu et al., SIGIR 2020)",
        "tifu_knn",
        "plain",
        (
            {"group": 7, "within": 0.9, "across": 0.7, "neighbours": 300, "own": 0.7},
            {"group": 3, "within": 0.9, "across": 0.7, "neighbours": 900, "own": 0.9},
            {"group_days": 14, "within": 0.9, "across": 0.8, "neighbours": 100, "own": 0.6},
        ),
    ),
    Peer(
        "up_cf",
        "UP-CF@r (Faggioli et al., UMAP 2020)",
        "up_cf",
        "plain",
        (
            {"recent": 10, "asymmetry": 0.25, "locality": 10},
            {"recent": 25, "asymmetry": 0.25, "locality": 10},
            {"recent": 50, "asymmetry": 0.25, "locality": 10},
        ),
    ),
    Peer(
        "implicit_cosine",
        "implicit: item-item cosine",
        "implicit_items",
        "implicit",
        _items("cosine", *({"days": 0, "buyers": 10, "K": near} for near in (2, 5, 20))),
    ),
    Peer(
        "implicit_bm25",
        "implicit: item-item BM25",
        "implicit_items",
        "implicit",
        _items("bm25", *({"days": 0, "buyers": 10, "K": near} for near in (2, 5, 20))),
    ),
    Peer(
        "implicit_als",
        "implicit: alternating least squares, 15 iterations",
        "implicit_items",
        "implicit",
        _items(
            "als",
            {"days": 0, "buyers": 10, "iterations": 15, "factors": 64, "alpha": 1.0},
            {"days": 0, "buyers": 10, "iterations": 15, "factors": 64, "alpha": 10.0},
            {"days": 0, "buyers": 10, "iterations": 15, "factors": 128, "alpha": 1.0},
        ),
    ),
    Peer(
        "implicit_bpr",
        "implicit: Bayesian personalized ranking, 30 iterations",
        "implicit_items",
        "implicit",
        _items(
            "bpr",
            {"days": 0, "buyers": 10, "iterations": 30, "factors": 32, "learning_rate": 0.01},
            {"days": 0, "buyers": 10, "iterations": 30, "factors": 32, "learning_rate": 0.05},
            {"days": 0, "buyers": 10, "iterations": 30, "factors": 64, "learning_rate": 0.01},
        ),
    ),
    Peer(
        "popularity",
        "the same for everybody: the most buyers of the last days",
        "popularity",
        "plain",
        ({"days": 7}, {"days": 14}, {"days": 28}),
    ),
)

NAMES = (LOOKBOOK, *(peer.name for peer in PEERS))
