"""How the system stands against the best simple recommender of a week, and what to make of it.

Input: METRICS and DIFFERENCES as dicts (results.nested). Output: Standing, and sentences for people.
"""

from dataclasses import dataclass
from typing import Literal

from lookbook.evaluation.results import Nested
from lookbook.evaluation.segments import ALL

ALONE = "_alone"
"""End of the name of a variant that is one candidate source alone, no baseline."""


@dataclass(frozen=True)
class Standing:
    """By MAP over all customers with purchases in the week.

    baseline: the best variant that is neither the system nor a source alone, ties by name. ratio: the system's MAP to the
    baseline's; null where that is 0. low, high: 95 % interval of the difference system - baseline, null where it is unknown.
    standing: ahead or behind if the interval does not hold 0, else cannot tell; so too with an interval without any width: there
    is one customer, or the difference is the same for all of them.
    """

    baseline: str
    map: float
    baseline_map: float
    ratio: float | None
    low: float | None
    high: float | None
    n_customers: int
    standing: Literal["ahead", "behind", "cannot tell"]

    @staticmethod
    def of(metrics: Nested, differences: Nested, *, system: str) -> "Standing":
        means = {variant: cells[ALL]["map"] for variant, cells in metrics.items()}
        best = best_baseline(metrics, system=system)
        difference = differences[best][ALL]["map"]
        low, high = (_number(difference[end]) for end in ("low", "high"))
        told: Literal["ahead", "behind", "cannot tell"] = "cannot tell"
        if low is not None and high is not None and low != high and (low > 0 or high < 0):
            told = "ahead" if low > 0 else "behind"
        value, other = _number(means[system]["value"]) or 0.0, _number(means[best]["value"]) or 0.0
        return Standing(best, value, other, _number(difference["ratio"]), low, high, int(means[system]["n_customers"] or 0), told)

    def sentences(self, *, k: int) -> list[str]:
        """What was found, and what to try; k: of MAP@k."""
        name, n = self.baseline.replace("_", " "), f"{self.n_customers:,}"
        against = f"{self.map:.4f} against {self.baseline_map:.4f}"
        interval = "" if self.low is None or self.high is None else f", difference [{self.low:+.4f}, {self.high:+.4f}]"
        match self.standing:
            case "ahead":
                return [f"lookbook is ahead of the best baseline, {name}: MAP@{k} {against}{interval}."]
            case "behind":
                return [
                    f"A baseline is ahead: {name} reaches MAP@{k} {self.baseline_map:.4f}, lookbook {self.map:.4f}{interval}.",
                    "Recommend with it, or try: `lookbook ablate` (a source may hurt), more ranking.training_weeks, a smaller "
                    "ranking.lambdarank.min_examples_in_leaf, `--preset best`, more weeks of data.",
                ]
            case _:
                customers = (
                    "1 customer with purchases in the week is" if n == "1" else f"{n} customers with purchases in the week are"
                )
                return [
                    f"{customers} too few to tell lookbook from {name}: MAP@{k} {against}{interval}.",
                    "`lookbook backtest --weeks 4` judges several weeks; a larger --sample or more data narrows the interval.",
                ]


def best_baseline(metrics: Nested, *, system: str) -> str:
    """The baseline with the highest MAP, ties by name."""
    baselines = [variant for variant in metrics if variant != system and not variant.endswith(ALONE)]
    return max(baselines, key=lambda variant: (_number(metrics[variant][ALL]["map"]["value"]) or 0.0, variant))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
