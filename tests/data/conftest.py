"""Settings of the data tests: the defaults of the settings file, with what a test changes."""

import tomllib
from collections.abc import Callable, Mapping
from datetime import date

import pytest
from pydantic import TypeAdapter

from lookbook.data.settings import DataSettings
from lookbook.pipelines.settings.layers import DEFAULTS

TODAY = date(2026, 1, 1)

MakeSettings = Callable[..., DataSettings]


@pytest.fixture
def make_settings() -> MakeSettings:
    def make(csv: Mapping[str, object] | None = None, **changes: object) -> DataSettings:
        tables = tomllib.loads(DEFAULTS.read_text())["data"]
        return TypeAdapter(DataSettings).validate_python({**tables, **changes, "csv": {**tables["csv"], **(csv or {})}})

    return make


@pytest.fixture
def today() -> date:
    return TODAY
