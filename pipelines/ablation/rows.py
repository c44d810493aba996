"""What ablation.json says of one variant.

Input: Outcome, Judged. Output: dicts ready for JSON.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lookbook.evaluation.variants import Judged
from lookbook.pipelines.ablation.variants import Bench, Budget, Outcome, Variant

WHOLE = "whole"
TOO_FEW = "too few examples"
NOTHING = "nothing"
"""The note of a variant that leaves nothing out."""
Row = dict[str, object]


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


def variant_rows(bench: Bench, trials: Sequence[Trial]) -> list[Row]:
    """One row per trial; difference: the whole system's MAP - the variant's."""
    outcomes = {str(place): bench.measure(trial.variant(bench)) for place, trial in enumerate(trials)}
    judged = bench.judge({WHOLE: bench.measure(bench.whole()), **outcomes})
    return [
        {
            "mode": trial.mode,
            "name": trial.name,
            "left_out": list(trial.left_out),
            "kept": list(trial.kept),
            "budget": trial.budget,
            **reached(bench, outcome, judged, place),
            **({} if trial.left_out else {"note": NOTHING}),
            **difference(judged, WHOLE, place),
        }
        for trial, (place, outcome) in zip(trials, outcomes.items(), strict=True)
    ]


def reached(bench: Bench, outcome: Outcome, judged: Judged, name: str) -> Row:
    """What a variant reached, whatever it is compared with."""
    mean = judged.of(name)
    total = {column: sum(int(week[column].sum()) for week in outcome.customers) for column in ("kept", "found", "n_labels")}
    return {
        "map": mean.value,
        "low": mean.low,
        "high": mean.high,
        "map_by_week": bench.by_week(outcome),
        "candidates_per_customer": total["kept"] / judged.n_customer_weeks,
        "recall": total["found"] / total["n_labels"],
        "trees": list(outcome.trees),
        "fit_seconds": outcome.fit_seconds,
        "note": TOO_FEW if None in outcome.trees else None,
    }


def difference(judged: Judged, better: str, name: str, *, called: str = "difference") -> Row:
    """MAP of `better` - MAP of `name`, and what that says of the part which only `better` has."""
    paired = judged.difference(better, name)
    return {
        called: paired.value,
        f"{called}_low": paired.low,
        f"{called}_high": paired.high,
        "smallest_visible": paired.smallest_visible,
        "verdict": paired.verdict,
    }
