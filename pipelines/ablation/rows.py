"""What ablation.json says of one variant.

Input: Outcome, Judged. Output: rows of record.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lookbook.evaluation.variants import Difference, Judged
from lookbook.pipelines.ablation.record import Gain, VariantRow, Whole
from lookbook.pipelines.ablation.variants import Bench, Budget, Outcome, Variant

WHOLE = "whole"
TOO_FEW = "too few examples"
NOTHING = "nothing"
"""The note of a variant that leaves nothing out."""


@dataclass(frozen=True)
class Trial:
    """A variant under its name in one mode. budget: null where the candidates are those of the whole system.

    left_out, kept: names of sources, or of feature groups in mode "features".
    """

    mode: str
    name: str
    left_out: tuple[str, ...]
    kept: tuple[str, ...]
    budget: Budget | None

    def variant(self, bench: Bench) -> Variant:
        return bench.of_sources(self.kept, self.budget) if self.budget else bench.without_features(self.left_out[0])


def variant_rows(bench: Bench, trials: Sequence[Trial]) -> list[VariantRow]:
    """One row per trial."""
    outcomes = {str(place): bench.measure(trial.variant(bench)) for place, trial in enumerate(trials)}
    judged = bench.judge({WHOLE: bench.measure(bench.whole()), **outcomes})
    return [
        _variant_row(whole_of(bench, outcome, judged, place), trial, judged.difference(WHOLE, place))
        for trial, (place, outcome) in zip(trials, outcomes.items(), strict=True)
    ]


def whole_of(bench: Bench, outcome: Outcome, judged: Judged, name: str) -> Whole:
    """What a system reached, whatever it is compared with."""
    mean = judged.of(name)
    total = {column: sum(int(week[column].sum()) for week in outcome.customers) for column in ("kept", "found", "n_labels")}
    return Whole(
        map=mean.value,
        low=mean.low,
        high=mean.high,
        map_by_week=bench.by_week(outcome),
        candidates_per_customer=total["kept"] / judged.n_customer_weeks,
        recall=total["found"] / total["n_labels"],
        trees=list(outcome.trees),
        fit_seconds=outcome.fit_seconds,
        note=TOO_FEW if None in outcome.trees else None,
        n_customers=judged.n_customers,
        n_customer_weeks=judged.n_customer_weeks,
    )


def gain_of(judged: Judged, source: str, before: str) -> Gain:
    """What `source` added to the system `before`."""
    paired = judged.difference(source, before)
    return Gain(source, judged.of(source).value, paired.value, paired.low, paired.high, paired.smallest_visible, paired.verdict)


def _variant_row(reached: Whole, trial: Trial, paired: Difference) -> VariantRow:
    return VariantRow(
        mode=trial.mode,
        name=trial.name,
        left_out=list(trial.left_out),
        kept=list(trial.kept),
        budget=trial.budget,
        map=reached.map,
        low=reached.low,
        high=reached.high,
        map_by_week=reached.map_by_week,
        candidates_per_customer=reached.candidates_per_customer,
        recall=reached.recall,
        trees=reached.trees,
        fit_seconds=reached.fit_seconds,
        note=reached.note if trial.left_out else NOTHING,
        difference=paired.value,
        difference_low=paired.low,
        difference_high=paired.high,
        smallest_visible=paired.smallest_visible,
        verdict=paired.verdict,
    )
