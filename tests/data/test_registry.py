from pathlib import Path

import pytest
from pydantic import ValidationError

from lookbook.data import adapters
from lookbook.data.adapters import NAMES
from lookbook.data.registry import ADAPTERS


def test_every_adapter_has_the_name_of_its_file_and_every_file_is_registered() -> None:
    assert set(ADAPTERS) == set(NAMES)
    folder = Path(adapters.__file__).parent
    for name, adapter in ADAPTERS.items():
        assert adapter.read.__module__ == f"lookbook.data.adapters.{name.replace('-', '_')}"
        assert (folder / f"{name.replace('-', '_')}.py").is_file()


def test_an_unknown_data_set_is_refused_with_the_known_ones(make_settings) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValidationError, match="unknown data set 'hnm'; known: complete-journey, csv, hm, movielens"):
        make_settings(dataset="hnm")
