"""The thread limit, set before the libraries that read it once are imported. This module imports none of them."""

import os
import tomllib
from pathlib import Path


def limit_threads(flag: int | None, *configs: Path | None) -> None:
    """Limit Polars to `flag`, else to run.threads of the first of `configs` that has it; 0 or nothing leaves all cores. Files that
    cannot be read are reported later."""
    threads = next((found for found in (flag, *map(_from_file, configs)) if found is not None), 0)
    if threads > 0:
        os.environ["POLARS_MAX_THREADS"] = str(threads)


def _from_file(config: Path | None) -> int | None:
    if config is None:
        return None
    try:
        threads = tomllib.loads(config.read_text()).get("run", {}).get("threads")
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
        return None
    return threads if isinstance(threads, int) else None
