"""Settings: the layers of pipelines/settings/layers.py, checked once, then frozen.

Input: TOML tables. Output: Settings. Every default stands in default.toml and nowhere else.
"""

import difflib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import tomlkit
from annotated_types import Ge, Gt, Le
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError

from lookbook.data.settings import DataSettings
from lookbook.data.simulate.settings import SimulateSettings
from lookbook.evaluation.baselines.registry import BASELINES
from lookbook.features.registry import GROUP_NAMES
from lookbook.pipelines.errors import SettingsError
from lookbook.pipelines.settings.layers import DEFAULTS, Table, layered, merge, nested
from lookbook.ranking.ranker import RankerSettings
from lookbook.retrieval.registry import SOURCES
from lookbook.retrieval.source import CandidateSource, reads_pictures

SIMULATE = "simulate"
"""The table that only `data simulate` reads; it is no part of a run's settings."""

T = TypeVar("T")


def _day(value: str) -> str:
    """A day as date.isoformat writes it, or nothing."""
    try:
        if not value or date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ValueError("expected a day such as 2017-12-18")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class RunSettings(_Frozen):
    """[run]: what concerns every stage."""

    seed: Annotated[int, Ge(0), Le(2**31 - 1)]
    device: Literal["auto", "gpu", "cpu"]
    threads: Annotated[int, Ge(0)]
    k: Annotated[int, Gt(0), Le(100)]
    rank_scope: Literal["all", "active"]
    active_weeks: Annotated[int, Gt(0)]
    shard_customers: Annotated[int, Gt(0)]
    cache_features: bool
    test_week: Annotated[str, AfterValidator(_day)]
    keep_learned: bool
    names: Literal["auto", "yes", "no"]
    memory_limit: str
    preset: Literal["default", "quick", "best"]


class RetrievalSettings(_Frozen):
    """[retrieval] without the tables of the sources."""

    sources: tuple[str, ...]
    max_candidates: Annotated[int, Gt(0)]
    rrf_constant: Annotated[int, Gt(0)]


class FeatureSettings(_Frozen):
    """[features]."""

    leave_out: tuple[str, ...]


class RankingSettings(_Frozen):
    """[ranking]: which examples the ranker learns from, what is recommended, and [ranking.lambdarank]: how it learns."""

    training_weeks: Annotated[int, Ge(2)]
    negatives_per_positive: Annotated[int, Gt(0)]
    max_examples: Annotated[int, Gt(0)]
    new_share: Annotated[float, Ge(0), Le(1)]
    lambdarank: RankerSettings


class EvaluationSettings(_Frozen):
    """[evaluation]."""

    bootstrap_resamples: Annotated[int, Ge(100)]
    baselines: tuple[str, ...]
    baseline_weeks: Annotated[int, Ge(0)]


class Settings(_Frozen):
    """All settings of a run. `tables` is the same as nested plain values, for config.resolved.toml and digests."""

    run: RunSettings
    data: DataSettings
    retrieval: RetrievalSettings
    features: FeatureSettings
    ranking: RankingSettings
    evaluation: EvaluationSettings
    tables: dict[str, object]

    def sources(self) -> tuple[CandidateSource, ...]:
        """The candidate sources in use, in the order of the registry, each with its own settings table."""
        retrieval = _table(self.tables, "retrieval")
        return tuple(source_of(name, retrieval) for name in SOURCES if name in self.retrieval.sources)

    @property
    def reads_pictures(self) -> bool:
        """Whether a source in use asks what articles look like."""
        return any(reads_pictures(source) for source in self.sources())


def load_settings(
    config: Path | None = None, overrides: Mapping[str, object] | None = None, *, below: Path | None = None
) -> Settings:
    """Default settings with those of the data set, of the preset, of `below` (the file of a finished run), of `config` and of
    `overrides` ("table.key" -> value) on top.

    Raises:
        SettingsError: an unknown key (with the nearest known one), a wrong type or a value out of range, and where it stands.
    """
    tables = layered(config, overrides or {}, below=below)
    del tables[SIMULATE]
    return _settings(tables)


def load_simulation(config: Path | None = None) -> SimulateSettings:
    """The default [simulate] settings with those of `config` on top. They belong to no run.

    Raises:
        SettingsError: as load_settings.
    """
    return _validated(SimulateSettings, _table(layered(config, {}), SIMULATE), SIMULATE)


def choose_sources(settings: Settings, *, only: str | None, drop: str | None) -> Settings:
    """Settings with fewer sources: those named in `only`, without those named in `drop` (names joined by commas).

    Raises:
        SettingsError: an unknown name, or no source left.
    """
    wanted = only.split(",") if only is not None else list(settings.retrieval.sources)
    dropped = drop.split(",") if drop is not None else []
    for name in (*wanted, *dropped):
        if name not in SOURCES:
            raise SettingsError(f"unknown source {name!r}; known: {', '.join(SOURCES)}")
    left = [name for name in SOURCES if name in wanted and name not in dropped]
    if not left:
        raise SettingsError(f"no candidate source left; known: {', '.join(SOURCES)}")
    return _settings({**settings.tables, "retrieval": {**_table(settings.tables, "retrieval"), "sources": left}})


def leave_out_features(settings: Settings, *groups: str) -> Settings:
    """Settings whose ranker does not see `groups` either.

    Raises:
        SettingsError: an unknown group, or none left.
    """
    left_out = [*settings.features.leave_out, *(group for group in groups if group not in settings.features.leave_out)]
    return _settings({**settings.tables, "features": {"leave_out": left_out}})


def without_new_share(settings: Settings) -> Settings:
    """Settings that recommend what the ranker puts first, new to the customer or not."""
    return _settings({**settings.tables, "ranking": {**_table(settings.tables, "ranking"), "new_share": 0.0}})


def with_values(settings: Settings, values: Mapping[str, object], *, where: str) -> Settings:
    """Settings with other values of some keys ("table.key" -> value). where: whose values they are, for errors.

    Raises:
        SettingsError: as load_settings.
    """
    tables = deepcopy(settings.tables)
    for key, value in values.items():
        merge(tables, nested(key.split("."), value), where=where)
    return _settings(tables)


def value_of(settings: Settings, key: str) -> object:
    """The value of "table.key", which is there."""
    part: object = settings.tables
    for name in key.split("."):
        assert isinstance(part, Mapping)
        part = part[name]
    return part


def write_settings(settings: Settings, file: Path) -> None:
    """Write default.toml, comments included, with the values in force."""
    document = tomlkit.parse(DEFAULTS.read_text())
    document.remove(SIMULATE)
    _fill(document, settings.tables)
    file.write_text(tomlkit.dumps(document))


def _settings(tables: Table) -> Settings:
    retrieval = dict(_table(tables, "retrieval"))
    unknown = [name for name in _strings(retrieval.get("sources")) if name not in SOURCES]
    if unknown:
        raise SettingsError(f"unknown source {unknown[0]!r}; known: {', '.join(SOURCES)}")
    parts: Table = {name: table for name, table in tables.items() if name != "retrieval"}
    parts["retrieval"] = {key: value for key, value in retrieval.items() if key not in SOURCES}
    settings = _validated(Settings, {**parts, "tables": tables}, "")
    if not settings.retrieval.sources or len(set(settings.retrieval.sources)) < len(settings.retrieval.sources):
        raise SettingsError(
            f"setting retrieval.sources = {list(settings.retrieval.sources)}: expected each name once, at least one"
        )
    strange = [name for name in settings.features.leave_out if name not in GROUP_NAMES]
    if strange:
        raise SettingsError(f"setting features.leave_out: unknown feature group {strange[0]!r}; known: {', '.join(GROUP_NAMES)}")
    if set(settings.features.leave_out) == set(GROUP_NAMES):
        raise SettingsError(f"setting features.leave_out: no group is left; leave in at least one of {', '.join(GROUP_NAMES)}")
    _check_baselines(settings.evaluation.baselines)
    settings.sources()
    return settings


def _check_baselines(names: Sequence[str]) -> None:
    strange = [name for name in names if name not in BASELINES]
    if strange:
        close = difflib.get_close_matches(strange[0], BASELINES, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(BASELINES)}"
        raise SettingsError(f"setting evaluation.baselines: unknown baseline {strange[0]!r}; {hint}")
    if not names or len(set(names)) < len(names):
        raise SettingsError(f"setting evaluation.baselines = {list(names)}: expected each name once, at least one")


def source_of(name: str, retrieval: Table) -> CandidateSource:
    """The source `name` with the settings of its own table in the table [retrieval].

    Raises:
        SettingsError: its table is missing, or a value in it is wrong; the table is named.
    """
    kind = SOURCES[name]
    if name not in retrieval:
        keys = ", ".join(field.name for field in fields(kind))  # type: ignore[arg-type]  # every source is a dataclass
        file = "/".join(DEFAULTS.parts[-3:])
        raise SettingsError(f"settings table [retrieval.{name}] is missing: add [retrieval.{name}] with its keys {keys} to {file}")
    return _validated(kind, _table(retrieval, name), f"retrieval.{name}")


def _validated(kind: type[T], table: Mapping[str, object], path: str) -> T:
    try:
        return TypeAdapter(kind).validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = " ".join([*([f"[{path}]"] if path else []), ".".join(str(part) for part in first["loc"])]).strip()
        if isinstance(first["input"], Mapping):  # a rule of the whole table, which names the key itself
            raise SettingsError(f"setting {key}: {first['msg'].removeprefix('Value error, ')}") from None
        raise SettingsError(f"setting {key} = {first['input']!r}: {first['msg'].removeprefix('Value error, ')}") from None


def _fill(document: object, values: Mapping[str, object]) -> None:
    assert isinstance(document, dict)
    for key, value in values.items():
        if isinstance(value, Mapping) and key in document:
            _fill(document[key], value)
        else:
            document[key] = value


def _table(tables: Mapping[str, object], name: str) -> Table:
    table = tables.get(name)
    if not isinstance(table, dict):
        raise SettingsError(f"settings table [{name}] is missing")
    return table


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else []
