"""Matrix factorization: customers and articles as vectors, learned from who bought what lately.

Input: History. Output: CANDIDATES with the largest dot product + article bias among the articles sold lately, bought
before or not; learned: EMBEDDINGS of customers and articles, the articles on sale, and the learning curve.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, cast

import numpy as np
import polars as pl

from lookbook.data.dataset import History
from lookbook.data.schema import CANDIDATES, PAIR
from lookbook.retrieval.source import FORBID_UNKNOWN_KEYS, Count, Days, Device, NotNegative, Positive, Tables
from lookbook.retrieval.vectors.batches import Examples, Purchases, Vectors
from lookbook.retrieval.vectors.inner_product import top_k, with_bias, with_one
from lookbook.retrieval.vectors.neighbours import nearest_purchases
from lookbook.retrieval.vectors.recall import Pair, judge
from lookbook.retrieval.vectors.tensorflow_runtime import start_tensorflow

NEAREST_PURCHASES = 3

STACK = 256
"""Batches that one call of TensorFlow trains on, about a second: between calls Python hears Ctrl-C. It changes no number."""

CurveRow = tuple[str, int, float, float | None, str]
CURVE = {"phase": pl.String, "epoch": pl.UInt32, "train_loss": pl.Float32, "valid_recall": pl.Float32, "device": pl.String}


@dataclass(frozen=True)
class MatrixFactorization:
    """Vectors trained by time-decayed sampled softmax (retrieval/vectors/model.py); settings: pipelines/settings/default.toml."""

    name: ClassVar[str] = "matrix_factorization"
    warm_start: ClassVar[bool] = True
    personal: ClassVar[bool] = True
    needs: ClassVar[str] = "purchases of some customers and articles within retrieval.matrix_factorization.history_days"
    __pydantic_config__: ClassVar[dict[str, str]] = FORBID_UNKNOWN_KEYS

    k: Count
    on_sale_days: Count
    history_days: Count
    half_life_days: Days
    dim: Count
    negatives: Count
    popularity_power: NotNegative
    batch_size: Count
    gpu_batch_factor: Count
    learning_rate: Positive
    l2: NotNegative
    epochs: Count
    warm_epochs: Count
    patience: Count
    valid_days: Count
    valid_k: Count

    def learn(self, history: History, *, earlier: Tables | None, seed: int, device: Device) -> Tables:
        """Tables customer_embeddings, article_embeddings (the ids in the purchases learned from), articles_on_sale (article) and
        learning_curve: phase (search: without the newest days, on which recall is measured; final: with them), epoch,
        train_loss (per example), valid_recall (null in the final phase), device (cpu or gpu).

        The search phase finds the number of epochs; the final phase trains that many, from the same start. Where at most one
        is allowed there is nothing to search.
        """
        purchases = Purchases.of(history.transactions, self.history_days)
        epochs, curve = self._search(purchases, earlier, seed=seed, device=device)
        customers, articles = Vectors.none(self.dim), Vectors.none(self.dim)
        for epoch, (loss, trained) in enumerate(self._epochs(purchases, earlier, epochs, seed=seed, device=device), 1):
            customers, articles = trained
            curve.append(("final", epoch, loss, None, device))
        on_sale = history.transactions.filter(pl.col("days_ago") <= self.on_sale_days).select("article").unique().sort("article")
        return {
            "customer_embeddings": customers.table(),
            "article_embeddings": articles.table(),
            "articles_on_sale": on_sale,
            "learning_curve": pl.LazyFrame(curve, schema=CURVE, orient="row"),
        }

    def _search(self, purchases: Purchases, earlier: Tables | None, *, seed: int, device: Device) -> tuple[int, list[CurveRow]]:
        """The number of epochs with the best recall of the newest days' articles, at least 1, and the curve up to the stop."""
        most = self.epochs if earlier is None else self.warm_epochs
        newest = purchases.days_ago <= self.valid_days
        known, held_out = purchases.where(~newest), purchases.where(newest)
        curve: list[CurveRow] = []
        if most == 1 or not len(known.days_ago) or not len(held_out.days_ago):
            return most, curve
        best, best_recall = 1, -1.0
        for epoch, (loss, trained) in enumerate(self._epochs(known, earlier, most, seed=seed, device=device), 1):
            recall = judge(trained, held_out, known, k=self.valid_k, device=device).recall()
            curve.append(("search", epoch, loss, recall, device))
            if recall > best_recall:
                best, best_recall = epoch, recall
            if epoch - best >= self.patience:
                break
        return best, curve

    def _epochs(
        self, purchases: Purchases, earlier: Tables | None, epochs: int, *, seed: int, device: Device
    ) -> Iterator[tuple[float, Pair]]:
        """Loss per example and vectors after each epoch, from the same start every time."""
        if not len(purchases.days_ago):
            return
        start_tensorflow()
        from lookbook.retrieval.vectors.row_sparse import train

        examples = Examples.of(purchases, half_life_days=self.half_life_days, popularity_power=self.popularity_power)
        ids, none = purchases.customer_ids, np.zeros(len(purchases.customer_ids), np.float32)
        tables = earlier or {}
        customers = Vectors.start(ids, self.dim, bias=none, stream=(seed, 0), earlier=tables.get("customer_embeddings"))
        articles = Vectors.start(
            purchases.article_ids,
            self.dim,
            bias=examples.popularity,
            stream=(seed, 1),
            earlier=tables.get("article_embeddings"),
        )
        rng, larger = np.random.default_rng((seed, 2)), self.gpu_batch_factor if device == "gpu" else 1
        size, negatives = self.batch_size * larger, self.negatives * larger
        batches = (examples.batches(size, negatives, rng=rng, stack=STACK) for _ in range(epochs))
        for losses, trained in train(customers, articles, batches, learning_rate=self.learning_rate, l2=self.l2, device=device):
            yield float(np.mean(losses)) / size, trained

    def generate(self, learned: Tables, history: History, customers: pl.Series) -> pl.LazyFrame:
        """CANDIDATES. score: dot product + bias of the article."""
        ids = pl.LazyFrame({"id": customers})
        near = pl.col("id").is_between(customers.min(), customers.max())  # reads only their part of the file
        known = learned["customer_embeddings"].filter(near).join(ids, on="id", how="semi", maintain_order="left").collect()
        on_sale = learned["articles_on_sale"].select(id="article")
        sold = learned["article_embeddings"].join(on_sale, on="id", how="semi", maintain_order="left").collect()
        device = learned["learning_curve"].select("device").first().collect()["device"]
        best = top_k(
            with_one(known["vector"].to_numpy()),
            with_bias(sold["vector"].to_numpy(), sold["bias"].to_numpy()),
            self.k,
            device=cast(Device, next(iter(device), "cpu")),
        )
        width = best.rows.shape[1]
        return pl.LazyFrame(
            {
                "customer": np.repeat(known["id"].to_numpy(), width),
                "article": sold["id"].to_numpy()[best.rows.ravel()],
                "score": best.scores.ravel(),
                "rank": np.tile(np.arange(1, width + 1, dtype=np.uint16), len(known)),
            },
            schema=CANDIDATES,
        )

    def evidence(self, learned: Tables, history: History, pairs: pl.LazyFrame) -> pl.LazyFrame:
        """The three of the customer's purchases in `history_days` that are most like the article; strength: cosine."""
        suggested = (
            pairs.select(PAIR)
            .join(learned["customer_embeddings"], left_on="customer", right_on="id", how="semi")
            .join(learned["articles_on_sale"], on="article", how="semi")
        )
        recent = history.transactions.filter(pl.col("days_ago") <= self.history_days)
        return nearest_purchases(suggested, recent, learned["article_embeddings"], top=NEAREST_PURCHASES)
