"""The thread limit, set before the libraries that read it once are imported. This module imports none of them."""

import os
import tomllib
from pathlib import Path


def limit_threads(flag: int | None, *, config: Path | None) -> None:
    """Limit Polars to `flag`, else to run.threads of `config`; 0 or nothing leaves all cores. Bad files are reported later."""
    threads = flag if flag is not None else _from_file(config)
    if threads > 0:
        os.environ["POLARS_MAX_THREADS"] = str(threads)


def _from_file(config: Path | None) -> int:
    if config is None or not config.is_file():
        return 0
    try:
        threads = tomllib.loads(config.read_text()).get("run", {}).get("threads", 0)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
        return 0
    return threads if isinstance(threads, int) else 0
