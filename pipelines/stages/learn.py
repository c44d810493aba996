"""Step `learn`: what is learned from all customers, once for each as_of: by sources, by feature groups, and the fallback lists.

Input: System. Output: the stages learn/<source> (its tables), learn/statistics (tables of the feature groups), learn/fallback.
"""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from lookbook.data.windows import Window
from lookbook.features.feature import FeatureGroup, Inputs, available, shared_tables
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.stages.artifacts import Stage, write_tables
from lookbook.pipelines.stages.digest import code_digest
from lookbook.pipelines.stages.shards import Target, windows_of
from lookbook.pipelines.stages.system import System
from lookbook.ranking.select import fallback_lists
from lookbook.retrieval.source import CandidateSource, Tables, reads_pictures


def learn(system: System, targets: Iterable[Target]) -> None:
    """Everything that is learned before the targets and their training weeks."""
    for window in windows_of(targets):
        for source in system.sources:
            learned(system, source, window)
        statistics(system, window)
    for target in targets:
        fallback(system, target.window)


def learned(system: System, source: CandidateSource, window: Window) -> Stage:
    """What `source` learned before `window.as_of`; a warm-started source first learns every earlier week since `system.first`."""
    warm = source.warm_start and window.as_of > system.first.as_of
    earlier = learned(system, source, window.earlier(1)) if warm else None
    seed = system.settings.run.seed
    key = {
        **_of_week(system, window),
        "source": source.name,
        "settings": vars(source),
        "code": code_digest(type(source).__module__, __name__),
        "seed": seed,
        "device": system.device,
        "earlier": earlier.key if earlier else None,
    }
    if system.dataset.pictures and reads_pictures(source):
        key["pictures"] = system.dataset.pictures.digest

    def build(folder: Path) -> None:
        before = earlier.tables if earlier else None
        history = system.dataset.before(window.as_of)
        write_tables(folder, source.learn(history, earlier=before, seed=seed, device=system.device))

    return system.artifacts.stage(f"learn/{source.name}", str(window.as_of), key=key, build=build)


def learned_tables(system: System, window: Window) -> Tables:
    """The tables of sources that feature groups read (FeatureGroup.requires), by name. Any other is its source's own, and may have
    the name of another's.

    Raises:
        SettingsError: two sources in use learned one of the same name, of which features could read one only.
    """
    found = {source.name: learned(system, source, window).tables for source in system.sources}
    tables: dict[str, pl.LazyFrame] = {}
    for name in sorted({name for group in system.groups for name in group.requires}):
        owners = [source for source, learns in found.items() if name in learns]
        if len(owners) > 1:
            raise SettingsError(f"setting retrieval.sources: {' and '.join(owners)} both learn {name!r}; expected one of them")
        tables.update((name, found[owner][name]) for owner in owners)
    return tables


def statistics(system: System, window: Window) -> Stage:
    """What feature groups know of everybody, the same for every shard (features.feature.shared_tables)."""
    groups = [group for group in available_groups(system, window) if group.scope == "all" or group.learn]
    code = code_digest("lookbook.features.registry", __name__)
    key = {**_of_week(system, window), "code": code, "groups": [group.name for group in groups]}
    if system.dataset.plan:
        key["plan"] = system.dataset.plan.digest

    def build(folder: Path) -> None:
        write_tables(folder, shared_tables(groups, Inputs(system.dataset.before(window.as_of), {})))

    return system.artifacts.stage("learn/statistics", str(window.as_of), key=key, build=build)


def available_groups(system: System, window: Window) -> tuple[FeatureGroup, ...]:
    """The feature groups whose inputs some source learned. One that learns itself is not there where features.leave_out names it:
    that would cost too much for columns that nobody sees."""
    left_out = system.settings.features.leave_out
    groups = [group for group in system.groups if group.learn is None or group.name not in left_out]
    return available(groups, {name for source in system.sources for name in learned(system, source, window).tables})


def fallback(system: System, window: Window) -> Stage:
    """Table `fallback`: what is recommended in `window` where no pair is ranked (ranking.select.fallback_lists)."""
    k = system.settings.run.k
    key = {**_of_week(system, window), "k": k, "code": code_digest("lookbook.ranking.select", __name__)}

    def build(folder: Path) -> None:
        write_tables(folder, {"fallback": fallback_lists(system.dataset.before(window.as_of), k)})

    return system.artifacts.stage("learn/fallback", str(window.as_of), key=key, build=build)


def _of_week(system: System, window: Window) -> dict[str, object]:
    return {"data": system.dataset.digest, "as_of": str(window.as_of)}
