"""Flags that several commands share. Heavy imports are inside the methods, so that --help answers at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from lookbook.data.adapters import NAMES

if TYPE_CHECKING:
    from lookbook.pipelines.settings.config import Settings
    from lookbook.pipelines.terminal.progress import Reporter

OFF = Parameter(negative="")


@Parameter(name="*")
@dataclass(frozen=True)
class DataChoice:
    """Which data. Flags win over --config, which wins over the files in pipelines/ (see its layers.py)."""

    config: Annotated[Path | None, Parameter(help="TOML file with settings, same tables as pipelines/settings/default.toml.")] = (
        None
    )
    dataset: Annotated[str | None, Parameter(help=f"Data set: {', '.join(NAMES)}.")] = None
    data_dir: Annotated[Path | None, Parameter(help="Folder with the files of hm or csv.")] = None
    repair_ids: Annotated[bool, OFF, Parameter(help="Give H&M article ids that lost their leading zeros ten digits again.")] = False
    threads: Annotated[int | None, Parameter(help="Threads of Polars and LightGBM; 0 = all cores.")] = None

    def settings(self) -> "Settings":
        """The settings in force, after the thread limit is set: Polars reads it once, when it is imported."""
        from lookbook.pipelines.machine.threads import limit_threads

        limit_threads(self.threads, config=self.config)
        from lookbook.pipelines.settings.config import load_settings

        return load_settings(self.config, {key: value for key, value in self.given().items() if value is not None})

    def given(self) -> dict[str, object]:
        """Settings by "table.key"; None = not given."""
        return {
            "data.dataset": self.dataset,
            "data.data_dir": str(self.data_dir.absolute()) if self.data_dir else None,
            "data.repair_ids": self.repair_ids or None,
            "run.threads": self.threads,
        }


@Parameter(name="*")
@dataclass(frozen=True)
class Choice(DataChoice):
    """What is run, on which data."""

    sample: Annotated[float | None, Parameter(help="Only this share of the customers, such as 0.01: for a quick look.")] = None
    sources: Annotated[str | None, Parameter(help="Only these candidate sources: names joined by commas.")] = None
    drop: Annotated[str | None, Parameter(help="All candidate sources but these.")] = None
    preset: Annotated[
        Literal["default", "quick", "best"] | None, Parameter(help="Less time and less MAP (quick), or the reverse (best).")
    ] = None
    device: Annotated[Literal["auto", "gpu", "cpu"] | None, Parameter(help="Where the embedding model is trained.")] = None
    seed: Annotated[int | None, Parameter(help="Seed of everything random.")] = None
    names: Annotated[
        bool | None,
        Parameter(help="Ids and names in the recommendations too, and recommendations.csv; by default up to 200,000 customers."),
    ] = None

    def settings(self) -> "Settings":
        settings = super().settings()
        from lookbook.pipelines.settings.config import choose_sources

        return choose_sources(settings, only=self.sources, drop=self.drop)

    def given(self) -> dict[str, object]:
        run = {"run.preset": self.preset, "run.device": self.device, "run.seed": self.seed}
        names = None if self.names is None else "yes" if self.names else "no"
        return {**super().given(), **run, "data.sample": self.sample, "run.names": names}

    def settings_or_those_of(self, run: str | None, artifacts: Path) -> "Settings | None":
        """The settings that are asked for; None = those of a finished run, whose thread limit is then set.

        Raises:
            SettingsError: both a run and other settings are asked for.
        """
        if self == NO_CHOICE:
            from lookbook.pipelines.machine.threads import limit_threads

            limit_threads(None, config=artifacts / "runs" / (run or "latest") / "config.resolved.toml")
            return None
        if run is not None:
            from lookbook.pipelines.errors import SettingsError

            raise SettingsError(f"--run {run} has settings of its own: leave out --run, or the other choices")
        return self.settings()


@Parameter(name="*")
@dataclass(frozen=True)
class Output:
    """Where results go and how they are told."""

    artifacts: Annotated[Path, Parameter(help="Folder for stage tables and runs.")] = Path("artifacts")
    fresh: Annotated[bool, OFF, Parameter(help="Compute every stage again, whatever is on disk.")] = False
    json: Annotated[bool, OFF, Parameter(help="JSON lines instead of text.")] = False
    quiet: Annotated[bool, OFF, Parameter(help="Only the result, no progress.")] = False
    memory_limit: Annotated[
        str | None, Parameter(help="Most memory, such as 6GB or 70% of the machine's; the command is stopped before it takes more.")
    ] = None

    def confine(self, settings: "Settings | None") -> None:
        """Go on in a child process, which is stopped at --memory-limit, else at that of `settings`, else at the default one."""
        from lookbook.pipelines.machine.memory_limit import run_in_child
        from lookbook.pipelines.settings.config import load_settings

        run_in_child(self.memory_limit or (settings or load_settings()).run.memory_limit)

    def reporter(self) -> "Reporter":
        from lookbook.pipelines.terminal.interrupt import stop_after_step
        from lookbook.pipelines.terminal.progress import Reporter, choose_mode

        reporter = Reporter(choose_mode(json=self.json, quiet=self.quiet))
        stop_after_step(reporter)
        return reporter


NO_DATA_CHOICE = DataChoice()
NO_CHOICE = Choice()
DEFAULT_OUTPUT = Output()
