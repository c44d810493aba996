"""The stages between a data set and a ranked list, each found on disk or computed: learn, retrieve, merge, features, examples.

Input: Dataset and Settings. Output: stage tables (DESIGN: CANDIDATES, PAIRS, FEATURES, EXAMPLES). No stage knows a source by name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import polars as pl

from lookbook.data.dataset import Dataset, History
from lookbook.data.windows import Window, training_windows
from lookbook.features.feature import FeatureGroup, Inputs, add_features, available, feature_table
from lookbook.features.registry import group_of_feature
from lookbook.features.registry import groups as feature_groups
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.stages.artifacts import Artifacts, Passing, Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.shards import Shard, active_customers, shards_of
from lookbook.ranking.examples import label_pairs, sample_negatives
from lookbook.ranking.ranker import feature_schema
from lookbook.retrieval.merge import merge
from lookbook.retrieval.source import CandidateSource, Device, Tables

KEYS = ["customer", "article"]
UNCUT = 1 << 31


@dataclass(frozen=True)
class Stages:
    """Everything up to the ranker.

    folder: the converted data set on disk. first: the window at which warm-started sources start cold, as they do before it.
    whole: of a system with fewer sources (ablate.py), the one with all of them, whose feature tables it reads instead of
    computing its own; with `kept_only`, its pairs are those among the pairs that `whole` kept, else it cuts its own candidates.
    """

    dataset: Dataset
    folder: Path
    settings: Settings
    artifacts: Artifacts
    device: Device
    first: Window
    whole: "Stages | None" = None
    kept_only: bool = False
    _shards: dict[tuple[object, ...], list[Shard]] = field(default_factory=dict)
    _labels: dict[tuple[object, ...], pl.DataFrame] = field(default_factory=dict)
    _histories: dict[tuple[object, ...], History] = field(default_factory=dict)

    @cached_property
    def sources(self) -> tuple[CandidateSource, ...]:
        return self.settings.sources()

    def buyers(self, window: Window) -> list[Shard]:
        """The customers with purchases in the window, in shards."""
        return self._shards_of(window, "buyers")

    def everybody(self, window: Window) -> list[Shard]:
        """All customers of the data set, in shards; without run.cache_features nothing of them is kept but their lists."""
        return self._shards_of(window, "everybody")

    def labels(self, window: Window) -> pl.LazyFrame:
        """LABELS of everybody, read once: a shard that looked for its own would scan all purchases."""
        key = (self.dataset.digest, window)
        if key not in self._labels:
            self._labels[key] = self.dataset.labels(window).collect(engine="streaming")
        return self._labels[key].lazy()

    def count_steps(self, test: Window, buyers: Sequence[Shard], everybody: Sequence[Shard]) -> dict[str, int]:
        """How many steps of each kind a run takes: `buyers` of the test week and `everybody` of the week after it, either empty."""
        weeks = training_windows(test, self.settings.ranking.training_weeks)
        weeks = (weeks if buyers else weeks[1:]) + ([test] if everybody else [])
        training = sum(len(self.buyers(week)) for week in weeks)
        targets = [shards for shards in (buyers, everybody) if shards]
        ranked = sum(len(shards) for shards in targets)
        as_ofs = {*weeks, *(shards[0].window for shards in targets)}
        kept = sum(shard.kept for shards in targets for shard in shards)
        retrieved = training + kept - (len(buyers) if everybody else 0)  # with both, the test week also trains
        return {
            "data": 1,
            "learn": sum(len(as_ofs | {self.first} if source.warm_start else as_ofs) for source in self.sources),
            "statistics": len(as_ofs),
            "retrieve": retrieved * len(self.sources),
            "merge": retrieved,
            "examples": training,
            "features": ranked if self.settings.run.cache_features else 0,
            "fit": len(targets) + (1 if buyers else 0),
            "fallback": len(targets),
            "rank": ranked,
            "evaluate": 1 if buyers else 0,
        }

    def learned(self, source: CandidateSource, window: Window) -> Stage:
        """What `source` learned before `window.as_of`; a warm-started source first learns every earlier week since `first`."""
        warm = source.warm_start and window.as_of > self.first.as_of
        earlier = self.learned(source, window.earlier(1)) if warm else None
        key = {
            **self._common(window),
            "source": source.name,
            "settings": vars(source),
            "code": code_digest(type(source).__module__),
            "seed": self.settings.run.seed,
            "device": self.device,
            "earlier": earlier.key if earlier else None,
        }

        def build(folder: Path) -> None:
            before = earlier.tables if earlier else None
            history = self.dataset.before(window.as_of)
            write_tables(folder, source.learn(history, earlier=before, seed=self.settings.run.seed, device=self.device))

        return self.artifacts.stage(f"learn/{source.name}", str(window.as_of), key=key, build=build)

    def candidates(self, source: CandidateSource, shard: Shard) -> Stage | Passing:
        """CANDIDATES of one source for one shard."""
        learned = self.learned(source, shard.window)
        key = {"learned": learned.key, "customers": shard.digest}

        def make() -> Tables:
            return {"candidates": source.generate(learned.tables, self._history(shard), shard.customers)}

        name, n = f"retrieve/{source.name}", len(shard.customers)
        return self.artifacts.tables(name, shard.label, key=key, make=make, keep=shard.kept, customers=n)

    def pairs(self, shard: Shard) -> Stage | Passing:
        """PAIRS of one shard: the candidates of all sources, merged and cut."""
        candidates = {source.name: self.candidates(source, shard) for source in self.sources}
        limits = {"rrf_constant": self.settings.retrieval.rrf_constant, "max_candidates": self.settings.retrieval.max_candidates}
        kept = self.whole.pairs(shard) if self.whole and self.kept_only else None
        key = {"candidates": {n: s.key for n, s in candidates.items()}, "code": code_digest("lookbook.retrieval.merge"), **limits}
        if kept:
            limits["max_candidates"] = UNCUT
            key["kept"] = kept.key

        def make() -> Tables:
            merged = merge({n: s.table("candidates") for n, s in candidates.items()}, **limits)
            return {"pairs": merged.join(kept.table("pairs"), on=KEYS, how="semi", maintain_order="left") if kept else merged}

        return self.artifacts.tables("merge", shard.label, key=key, make=make, keep=shard.kept, customers=len(shard.customers))

    def statistics(self, window: Window) -> Stage:
        """The feature tables that are the same for every shard."""
        groups = [group for group in self._groups(window) if group.scope == "all"]
        key = {**self._common(window), "code": code_digest("lookbook.features.registry"), "groups": [g.name for g in groups]}

        def build(folder: Path) -> None:
            inputs = Inputs(self.dataset.before(window.as_of), {})
            write_tables(folder, {group.name: feature_table(group, inputs) for group in groups})

        return self.artifacts.stage("statistics", str(window.as_of), key=key, build=build)

    def features(self, shard: Shard) -> Stage | Passing:
        """FEATURES of every pair of one shard; on disk with run.cache_features only."""
        pairs = self.pairs(shard)
        statistics = self.statistics(shard.window)
        key = {"pairs": pairs.key, "statistics": statistics.key}

        def make() -> Tables:
            return {"features": self._with_features(shard, pairs.table("pairs"), statistics)}

        keep, n = self.settings.run.cache_features, len(shard.customers)
        return self.artifacts.tables("features", shard.label, key=key, make=make, keep=keep, customers=n)

    def candidate_features(self, shard: Shard) -> Stage | Passing:
        """The features of every candidate of every source, before the cut, without the columns of PAIRS; sorted by the keys.

        No feature depends on which source retrieved the pair, so one table serves every choice of sources.
        """
        candidates = [self.candidates(source, shard) for source in self.sources]
        statistics = self.statistics(shard.window)

        key = {"every candidate": [stage.key for stage in candidates], "statistics": statistics.key}

        def make() -> Tables:
            pairs = pl.concat([stage.table("candidates").select(KEYS) for stage in candidates]).unique().sort(KEYS)
            return {"features": add_features(pairs, self._inputs(shard, statistics), self._groups(shard.window))}

        return self.artifacts.tables("features", f"{shard.label} all candidates", key=key, make=make)

    def seen(self, features: pl.LazyFrame) -> pl.LazyFrame:
        """FEATURES or EXAMPLES as the ranker sees them: without the columns of the groups in features.leave_out."""
        left_out = set(self.settings.features.leave_out)
        declared = feature_groups(self.dataset.customers.collect_schema())
        group_of = group_of_feature(declared, feature_schema(features.collect_schema()))
        return features.drop(name for name, group in group_of.items() if group in left_out)

    def examples(self, shard: Shard) -> Stage | Passing:
        """EXAMPLES of one shard: its positives and sampled negatives, with features. Features are computed for these rows only."""
        pairs = self.pairs(shard)
        statistics = self.statistics(shard.window)
        sampling = {"negatives_per_positive": self.settings.ranking.negatives_per_positive, "seed": self.settings.run.seed}
        key = {"pairs": pairs.key, "statistics": statistics.key, "code": code_digest("lookbook.ranking.examples"), **sampling}

        def make() -> Tables:
            labelled = label_pairs(pairs.table("pairs"), self.labels(shard.window))
            return {"features": self._with_features(shard, sample_negatives(labelled, **sampling), statistics)}

        return self.artifacts.tables("examples", shard.label, key=key, make=make, customers=len(shard.customers))

    def _with_features(self, shard: Shard, pairs: pl.LazyFrame, statistics: Stage) -> pl.LazyFrame:
        dated = pairs.with_columns(as_of=pl.lit(shard.window.as_of))
        groups = self._groups(shard.window)
        if self.whole and self.settings.run.cache_features:
            known = self.whole.candidate_features(shard).table("features")
            wanted = known.select(*KEYS, *(feature.name for group in groups for feature in group.features))
            table = dated.join(wanted, on=KEYS, how="left", validate="1:1", maintain_order="left")
        else:
            table = add_features(dated, self._inputs(shard, statistics), groups)
        return table.select("as_of", pl.exclude("as_of"))

    def _inputs(self, shard: Shard, statistics: Stage) -> Inputs:
        return Inputs(self._history(shard), {**statistics.tables, **self._embeddings(shard.window)})

    def _groups(self, window: Window) -> tuple[FeatureGroup, ...]:
        groups = feature_groups(self.dataset.customers.collect_schema())
        return available(groups, {name for source in self.sources for name in self.learned(source, window).tables})

    def _embeddings(self, window: Window) -> Tables:
        tables: Mapping[str, pl.LazyFrame] = {}
        for source in self.sources:
            tables = {**self.learned(source, window).tables, **tables}
        return tables

    def _history(self, shard: Shard) -> History:
        """Of the customers of one shard, held in memory until another is asked for: every source and feature group reads it."""
        key = (self.dataset.digest, shard.window, shard.digest)
        if key not in self._histories:
            self._histories.clear()
            self._histories[key] = self.dataset.before(shard.window.as_of).of(shard.customers).held()
        return self._histories[key]

    def _common(self, window: Window) -> dict[str, object]:
        return {"data": self.dataset.digest, "as_of": str(window.as_of), "stages": code_digest(__name__)}

    def _shards_of(self, window: Window, who: Literal["buyers", "everybody"]) -> list[Shard]:
        run, known = self.settings.run, self._shards
        key = (who, window, run.shard_customers, run.rank_scope, run.active_weeks, run.cache_features)
        if key not in known:
            table = self.labels(window) if who == "buyers" else self.dataset.customers
            ids = table.select("customer").unique().sort("customer").collect()["customer"]
            active = active_customers(self.dataset, window, weeks=run.active_weeks) if run.rank_scope == "active" else None
            kept = who == "buyers" or run.cache_features
            known[key] = shards_of(ids, window, size=run.shard_customers, active=active, kept=kept)
        return known[key]
