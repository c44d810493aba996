"""A finished run that can be asked: recommendations, candidates, scores and reasons for the week after its data.

Input: a run folder. Output: Run, whose tables hold the retailer's own ids. Nothing is locked, written or computed beforehand;
threads may share a Run.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from lookbook.data.schema import LEVELS, PAIR
from lookbook.data.windows import Window
from lookbook.pipelines.answer.asked import Asked
from lookbook.pipelines.errors import ArtifactError
from lookbook.pipelines.explain.customer import explain_customer
from lookbook.pipelines.explain.pair import explain_pair
from lookbook.pipelines.runs.folder import find_run
from lookbook.pipelines.runs.kept import kept_system
from lookbook.pipelines.runs.raw_ids import article_names, customer_ids, dense_ids
from lookbook.pipelines.runs.records.files import Json, as_dict
from lookbook.pipelines.stages.artifacts import MANIFEST, verify
from lookbook.pipelines.stages.system import System, final_window


@dataclass(frozen=True)
class Run:
    """A finished run. folder: where it is.

    Tables name customers and articles as the data set does, in columns `customer` and `article` (text). A customer or article
    that the data set does not have is refused with the nearest ids that it has (DataError).
    """

    folder: Path

    @cached_property
    def metrics(self) -> pl.DataFrame:
        """What metrics.json says of the test week: recommender, segment, metric, value, low, high (95 % interval, null where there
        is none), n_customers. Empty for a run without a test week."""
        file = self.folder / "metrics.json"
        found = json.loads(file.read_text())["metrics"] if file.is_file() else {}
        rows = [
            {"recommender": recommender, "segment": segment, "metric": metric, **cell}
            for recommender, segments in found.items()
            for segment, metrics in segments.items()
            for metric, cell in metrics.items()
        ]
        numbers = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64, "n_customers": pl.Int64}
        schema = {**dict.fromkeys(("recommender", "segment", "metric"), pl.String), **numbers}
        return pl.DataFrame(rows, schema=schema)

    @cached_property
    def customers(self) -> pl.DataFrame:
        """Every customer with their attributes, in the order of their ids."""
        ids = customer_ids(self._system.folder)
        known = self._system.dataset.customers.join(ids, on="customer", how="left", maintain_order="left")
        return known.select(pl.col("customer_id").alias("customer"), pl.exclude("customer", "customer_id")).collect()

    @cached_property
    def articles(self) -> pl.DataFrame:
        """Every article with its name and its levels (product, category, ..., as numbers), in the order of the ids."""
        levels = self._system.dataset.articles.select("article", *LEVELS)
        named = article_names(self._system.folder).join(levels, on="article", how="left", maintain_order="left")
        return named.select(pl.col("article_id").alias("article"), pl.exclude("article", "article_id")).collect()

    @property
    def week(self) -> Window:
        """The 7 days that are answered for: those after the data."""
        return final_window(self._system.dataset)

    def recommend(self, customers: Sequence[str], k: int | None = None) -> pl.DataFrame:
        """customer, article, name, rank (1 = best), score (null = filled up with what sells well), source (that ranked it best):
        for each of `customers` in their order, best first; the lists of the run's submission.

        k: articles per customer; None = as many as the run recommends. More than that are found as far as there are candidates.
        """
        asked = self._asked(customers)
        lists = asked.recommended(k or self._system.settings.run.k)
        return self._raw(lists, customers, "rank", "score", "source", by="rank")

    def candidates(self, customers: Sequence[str]) -> pl.DataFrame:
        """What the sources retrieved for `customers` and the ranker ranks: customer, article, name, rrf (fused score, best first),
        n_sources, and <source>_score and <source>_rank (null = not retrieved by it)."""
        pairs = self._asked(customers).pairs()
        return self._raw(pairs, customers, *(name for name in pairs.columns if name not in PAIR), by="rrf", descending=True)

    def score(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """`pairs` (customer, article; other columns are kept) with score: how high the ranker puts the article for the customer.

        It orders the articles of one customer and says nothing across customers. An article that no source retrieved is scored
        without what sources say.
        """
        given, folder = pairs.select(PAIR).unique(maintain_order=True), self._system.folder
        customers, articles = (dense_ids(folder, what, given[what]) for what in ("customer", "article"))
        dense = pl.DataFrame([customers, articles])
        scored = self._asked(given["customer"].unique(maintain_order=True).to_list()).scored(dense)
        table = given.with_columns(score=scored)
        return pairs.join(table, on=PAIR, how="left", maintain_order="left")

    def explain(self, customer: str, article: str | None = None) -> dict[str, Json]:
        """Why `article` was or was not recommended to `customer`, from retrieval to rank; without an article, the list of the
        customer with the reason for each. The same as `lookbook explain --final --customer ID [--article ID] --json`."""
        decided = self._asked([customer]).decided()
        told = explain_customer(decided) if article is None else explain_pair(decided, customer=customer, article=article)
        return as_dict(told)

    @cached_property
    def _system(self) -> System:
        return kept_system(self.folder)

    def _asked(self, customers: Sequence[str]) -> Asked:
        raw = pl.Series("customer", customers, dtype=pl.String)
        return Asked.of(self._system, dense_ids(self._system.folder, "customer", raw))

    def _raw(self, table: pl.DataFrame, customers: Sequence[str], *columns: str, by: str, descending: bool = False) -> pl.DataFrame:
        """The rows of `table` with raw ids and names, in the order of `customers`, then by `by`."""
        order = {customer: place for place, customer in enumerate(dict.fromkeys(customers))}
        named = (
            table.lazy()
            .join(customer_ids(self._system.folder), on="customer", how="left", validate="m:1", maintain_order="left")
            .join(article_names(self._system.folder), on="article", how="left", validate="m:1", maintain_order="left")
            .collect()
        )
        asked = pl.col("customer_id").replace_strict(order, return_dtype=pl.UInt32)
        sorted_rows = named.sort(asked, by, "article", descending=[False, descending, False])
        return sorted_rows.select(customer="customer_id", article="article_id", name="name").with_columns(
            sorted_rows.select(columns)
        )


def open_run(name: str | Path = "latest", *, artifacts: str | Path = "artifacts") -> Run:
    """The finished run `name` under `artifacts`, or the run in a folder.

    Raises:
        ArtifactError: there is no such run, or a file in it is not the one that was written.
    """
    folder = Path(name)
    if (folder / MANIFEST).is_file():
        verify(folder)
        return Run(folder.resolve())
    if len(folder.parts) != 1:
        raise ArtifactError(f"{folder} is no run folder: it has no {MANIFEST}")
    return Run(find_run(Path(artifacts), str(name)))
