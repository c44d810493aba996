"""Settings of a small simulated market: the defaults of the settings file with few articles, and what a test changes."""

import tomllib
from collections.abc import Callable

import pytest
from pydantic import TypeAdapter

from lookbook.data.simulate.settings import SimulateSettings
from lookbook.pipelines.settings.layers import DEFAULTS

MakeSimulation = Callable[..., SimulateSettings]


def simulation(**changes: object) -> SimulateSettings:
    """A change is named `key` or `table__key`."""
    tables = tomllib.loads(DEFAULTS.read_text())["simulate"]
    small = {"catalogue__products": 400, "catalogue__articles": 900, "first_day": "2020-04-30", "propensity_customers": 40}
    for name, value in {**small, **changes}.items():
        *table, key = name.split("__")
        (tables[table[0]] if table else tables)[key] = value
    return TypeAdapter(SimulateSettings).validate_python(tables)


@pytest.fixture
def make_simulation() -> MakeSimulation:
    return simulation
