"""Settings in layers: default.toml, under the file of the data set, under the file of the preset, under --config, under flags.

Input: TOML files. Output: one nested table of plain values, with the keys of default.toml and no others.
"""

import difflib
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from lookbook.pipelines.errors import SettingsError

Table = dict[str, object]

DEFAULTS = Path(__file__).with_name("default.toml")
DATASETS = {file.stem: file for file in Path(__file__).with_name("datasets").glob("*.toml")}
"""The settings of a data set that differ from default.toml, by its name; a data set without a file has none."""
PRESETS = {file.stem: file for file in Path(__file__).with_name("presets").glob("*.toml")}
"""The settings of a preset that differ, by its name; `default` has none. `quick-hm` lies over `quick` for the data set hm."""


def layered(config: Path | None, overrides: Mapping[str, object], *, below: Path | None = None) -> Table:
    """default.toml, data set, preset, `below`, `config` and `overrides` ("table.key" -> value), each over those before.

    Which data set and which preset is decided first, by the uppermost layer that names one. A file that holds every key,
    such as config.resolved.toml of a run, therefore leaves nothing to either.

    Raises:
        SettingsError: a key that default.toml has not (with the nearest that it has), a value where a table is expected, or
            the reverse; a file that cannot be read.
    """
    above: list[tuple[str, Table]] = [("flag", nested(key.split("."), value)) for key, value in overrides.items()]
    above[:0] = [(str(file), _beside(file, read_toml(file))) for file in (below, config) if file is not None]
    tables = read_toml(DEFAULTS)
    layers = [tables, *(layer for _, layer in above)]
    dataset, preset = (str(_uppermost(layers, key)) for key in ("data.dataset", "run.preset"))
    for file in (DATASETS.get(dataset), PRESETS.get(preset), PRESETS.get(f"{preset}-{dataset}")):
        if file is not None:
            merge(tables, read_toml(file), where=str(file))
    for where, layer in above:
        merge(tables, layer, where=where)
    return tables


def _beside(config: Path, tables: Table) -> Table:
    """The tables of `config`; a relative data.data_dir in it is meant from the folder that the file is in."""
    data = tables.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("data_dir"), str) or not data["data_dir"]:
        return tables
    return {**tables, "data": {**data, "data_dir": str((config.parent / data["data_dir"]).absolute())}}


def read_toml(file: Path) -> Table:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise SettingsError(f"--config {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"--config {file}: not valid TOML: {error}") from None


def merge(into: Table, other: Mapping[str, object], *, where: str, path: str = "") -> None:
    """Put the values of `other` into `into`, in place; `where` names the layer in errors.

    Raises:
        SettingsError: as `layered`.
    """
    for key, value in other.items():
        name = f"{path}{key}"
        if key not in into:
            close = difflib.get_close_matches(key, into, n=1)
            hint = f"; did you mean {path}{close[0]}?" if close else f"; known: {', '.join(into)}"
            raise SettingsError(f"{where}: unknown setting {name}{hint}")
        present = into[key]
        if isinstance(present, dict) and isinstance(value, Mapping):
            merge(present, value, where=where, path=f"{name}.")
        elif isinstance(present, dict) != isinstance(value, Mapping):
            raise SettingsError(f"{where}: {name} = {value!r}: expected {'a table' if isinstance(present, dict) else 'one value'}")
        else:
            into[key] = value


def _uppermost(layers: list[Table], key: str) -> object:
    """The value of "table.key" in the last layer that has it; a layer of the wrong shape has nothing (and is refused later)."""
    table, name = key.split(".")
    found = [tables[name] for layer in layers if isinstance(tables := layer.get(table), dict) and name in tables]
    return found[-1] if found else None


def nested(keys: Sequence[str], value: object) -> Table:
    """The table that holds nothing but `value`, under "table.key" split at the points."""
    return {keys[0]: value if len(keys) == 1 else nested(keys[1:], value)}
