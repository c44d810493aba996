"""How many steps of each kind an ablation takes, for its progress bar.

Input: Stages of the whole system, the buyers of each test week. Output: steps by kind of stage.
"""

from collections.abc import Sequence

from lookbook.data.windows import Window, training_windows
from lookbook.pipelines.stages.shards import Shard
from lookbook.pipelines.stages.system import Stages

Week = Sequence[Shard]
"""The customers with purchases in one test week."""


def windows_of(full: Stages, weeks: Sequence[Week]) -> list[Window]:
    """Test and training weeks, each once, oldest first."""
    return sorted({*_training(full, weeks), *(week[0].window for week in weeks)}, key=lambda window: window.as_of)


def steps_of_system(full: Stages, weeks: Sequence[Week], *, fewer_sources: bool) -> dict[str, int]:
    """Steps of the whole system when those of the first of `weeks` are done, and of what its variants share (`Bench.prepare`)."""
    first = {*training_windows(weeks[0][0].window, full.settings.ranking.training_weeks), weeks[0][0].window}
    shards = {window: len(full.buyers(window)) for window in windows_of(full, weeks)}
    new = [window for window in shards if window not in first]
    retrieved = sum(shards[window] for window in new)
    cached = full.settings.run.cache_features and fewer_sources
    earlier = [steps_of_ranking(full, week) for week in weeks[1:]]
    return {
        "learn": len(new) * len(full.sources),  # without a chain of warm starts: these weeks lie before Stages.first
        "statistics": len(new),
        "retrieve": retrieved * len(full.sources),
        "merge": retrieved,
        "examples": sum(shards[window] for window in _training(full, weeks) - first),
        "features": sum(steps["features"] for steps in earlier) + (sum(shards.values()) if cached else 0),
        "fit": sum(steps["fit"] for steps in earlier),
        "fallback": len(earlier),
        "rank": sum(steps["rank"] for steps in earlier) + sum(len(week) for week in weeks),
        "evaluate": 2 * len(weeks),
    }


def steps_of_variant(full: Stages, weeks: Sequence[Week]) -> dict[str, int]:
    """Steps of a variant with fewer sources."""
    shards = {window: len(full.buyers(window)) for window in windows_of(full, weeks)}
    return {
        "merge": sum(shards.values()),
        "examples": sum(shards[window] for window in _training(full, weeks)),
        "features": sum(steps_of_ranking(full, week)["features"] for week in weeks),
        **steps_of_fit(weeks),
    }


def steps_of_fit(weeks: Sequence[Week]) -> dict[str, int]:
    """Steps of a variant that ranks the candidates of the whole system."""
    return {"fit": 2 * len(weeks), "rank": sum(len(week) for week in weeks), "evaluate": len(weeks)}


def steps_of_ranking(stages: Stages, week: Week) -> dict[str, int]:
    """Steps of one test week that a variant without training examples does not take."""
    return {"features": len(week) if stages.settings.run.cache_features else 0, "fit": 2, "rank": len(week)}


def _training(full: Stages, weeks: Sequence[Week]) -> set[Window]:
    count = full.settings.ranking.training_weeks
    return {window for week in weeks for window in training_windows(week[0].window, count)}
