"""Which columns of the ranker belong together: each feature, each feature group, and what each candidate source contributed.

Input: Stages, the features of a ranker. Output: FeatureSets and the documentation of every feature. No source or group is
known by name: a source owns its columns in PAIRS and the groups that read tables it learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lookbook.data.windows import Window
from lookbook.features.registry import SOURCE, feature_docs, group_of_feature
from lookbook.pipelines.stages.learn import learned
from lookbook.pipelines.stages.system import System
from lookbook.ranking.importance import FeatureSet


@dataclass(frozen=True)
class FeatureSets:
    """sets: every feature in column order, then the groups, then the sources; docs: by feature."""

    sets: tuple[FeatureSet, ...]
    docs: Mapping[str, str]

    def of(self, level: str) -> list[FeatureSet]:
        return [each for each in self.sets if each.level == level]

    def owners(self, level: str, feature: str) -> str | None:
        """The groups or sources that `feature` belongs to, joined by commas; null if none."""
        return ", ".join(each.name for each in self.of(level) if feature in each.columns) or None


def feature_sets(system: System, window: Window, features: Sequence[str]) -> FeatureSets:
    """features: the columns that the ranker sees."""
    group_of = group_of_feature(system.groups, features)
    by_group = {group: tuple(n for n in features if group_of[n] == group) for group in dict.fromkeys(group_of.values())}
    by_source: dict[str, tuple[str, ...]] = {}
    for source in system.sources:
        tables = set(learned(system, source, window).tables)
        own = {f"{source.name}_score", f"{source.name}_rank"}
        reading = {group.name for group in system.groups if group.requires & tables}
        by_source[source.name] = tuple(name for name in features if name in own or group_of[name] in reading)
    sets = (
        *(FeatureSet("feature", name, (name,)) for name in features),
        *(FeatureSet("group", name, columns) for name, columns in by_group.items()),
        *(FeatureSet("source", name, columns) for name, columns in by_source.items()),
    )
    return FeatureSets(sets, feature_docs(system.groups, by_group.get(SOURCE, ())))
