"""LightGBM without scikit-learn, which its Python package imports wherever that is installed, for estimators not used here:
0.9 processor seconds and 90 MB for every process that fits or scores.

`from lookbook.ranking.lightgbm_alone import lightgbm` instead of `import lightgbm`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast


@contextmanager
def _hidden(package: str) -> Iterator[None]:
    """Importing `package` fails as if it were not installed, unless it was imported before; afterwards it can be imported."""
    if package in sys.modules:
        yield
        return
    cast(dict[str, object], sys.modules)[package] = None
    try:
        yield
    finally:
        del sys.modules[package]


with _hidden("sklearn"):
    import lightgbm

__all__ = ["lightgbm"]
