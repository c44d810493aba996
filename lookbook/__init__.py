"""lookbook as a library: run the pipeline, open a finished run, ask it. docs/library.md shows how.

Everything stands in this one package, so that no folder of the same name elsewhere gets in its way. The packages in this folder are
links to the folders of the project; in an installed lookbook they are the folders. Importing lookbook loads none of them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookbook.pipelines.answer.run import Run

__all__ = ["open_run", "run"]


def open_run(name: str | Path = "latest", *, artifacts: str | Path = "artifacts") -> "Run":
    """The finished run `name` under the folder `artifacts`, or the run whose folder `name` is; its files are checked first.

    Raises:
        ArtifactError: there is no such run, or a file in it is not the one that was written.
    """
    from lookbook.pipelines.answer.run import open_run as opened

    return opened(name, artifacts=artifacts)


def run(
    config: str | Path | None = None,
    *,
    dataset: str | None = None,
    data_dir: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
    artifacts: str | Path = "artifacts",
    final: bool = True,
    fresh: bool = False,
    quiet: bool = True,
) -> "Run":
    """The same as the command `lookbook run`, in this process: what is unchanged since an earlier run is reused.

    Args:
        config: a TOML file with settings; None = the defaults.
        dataset: complete-journey, hm, movielens or csv.
        data_dir: the folder with its files.
        settings: single settings by "table.key", such as {"run.k": 20}; they win over `config`.
        artifacts: the folder for stage tables and runs; one process at a time.
        final: also learn before and recommend for the week after the data; without, the run cannot recommend.
        fresh: compute every stage again.
        quiet: no progress on the error stream.

    Raises:
        SettingsError, DataError, ArtifactError, ResourceError, LockedError: as the command ends with exit code 2, 3, 4, 5, 7.
    """
    from lookbook.pipelines.answer.run import open_run as opened
    from lookbook.pipelines.run import run as run_pipeline
    from lookbook.pipelines.settings.config import load_settings
    from lookbook.pipelines.terminal.progress import Reporter

    given = {"data.dataset": dataset, "data.data_dir": str(Path(data_dir).absolute()) if data_dir else None}
    chosen = {**{key: value for key, value in given.items() if value is not None}, **(settings or {})}
    reporter = Reporter("quiet" if quiet else "plain")
    loaded = load_settings(Path(config) if config else None, chosen)
    return opened(run_pipeline(loaded, reporter, root=Path(artifacts), final=final, fresh=fresh))
