"""Flags that several commands share. Heavy imports are inside the methods, so that --help answers at once."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from lookbook.data.adapters import NAMES

if TYPE_CHECKING:
    from lookbook.pipelines.settings.config import Settings
    from lookbook.pipelines.terminal.progress import Reporter

OFF = Parameter(negative="")
AT_LEAST_ONE = Number(gte=1)
RunFolders = Annotated[Path, Parameter(help="Folder that holds the runs.")]
JsonObject = Annotated[bool, OFF, Parameter(help="One JSON object instead of text.")]
Quiet = Annotated[bool, OFF, Parameter(help="Only the result, no progress.")]
ARTIFACTS = Path("artifacts")


@Parameter(name="*")
@dataclass(frozen=True)
class Given:
    """Flags of every command that reads data. They win over --config, which wins over all that lies below it (see
    settings/layers.py)."""

    config: Annotated[Path | None, Parameter(help="TOML file with settings, same tables as pipelines/settings/default.toml.")] = (
        None
    )
    data_dir: Annotated[Path | None, Parameter(help="Folder with the raw files of hm, movielens (or its zip file) or csv.")] = None
    repair_ids: Annotated[bool, OFF, Parameter(help="Give H&M article ids that lost their leading zeros ten digits again.")] = False
    threads: Annotated[int | None, Parameter(help="Threads of Polars and LightGBM; 0 = all cores.")] = None

    def given(self) -> dict[str, object]:
        """Settings by "table.key"; None = not given."""
        return {
            "data.data_dir": str(self.data_dir.absolute()) if self.data_dir else None,
            "data.repair_ids": self.repair_ids or None,
            "run.threads": self.threads,
        }

    def overrides(self) -> dict[str, object]:
        """Settings by "table.key", of the flags that were given."""
        return {key: value for key, value in self.given().items() if value is not None}

    def flags(self) -> list[str]:
        """The flags that were given, as they are typed: for another command on the same data."""
        changed = {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name) != each.default}
        named = {f"--{'no-' if value is False else ''}{name.replace('_', '-')}": value for name, value in changed.items()}
        return [word for flag, value in named.items() for word in ([flag] if isinstance(value, bool) else [flag, str(value)])]


@Parameter(name="*")
@dataclass(frozen=True)
class DataChoice(Given):
    """Which data."""

    dataset: Annotated[str | None, Parameter(help=f"Data set: {', '.join(NAMES)}.")] = None

    def settings(self) -> "Settings":
        """The settings in force, after the thread limit is set: Polars reads it once, when it is imported."""
        from lookbook.pipelines.machine.threads import limit_threads

        limit_threads(self.threads, self.config)
        from lookbook.pipelines.settings.config import load_settings

        return load_settings(self.config, self.overrides())

    def given(self) -> dict[str, object]:
        return {**super().given(), "data.dataset": self.dataset}


@Parameter(name="*")
@dataclass(frozen=True)
class Changes(Given):
    """What is run otherwise than the settings say; of a finished run, all that it leaves open."""

    sample: Annotated[float | None, Parameter(help="Only this share of the customers, such as 0.01: for a quick look.")] = None
    sources: Annotated[str | None, Parameter(help="Only these candidate sources: names joined by commas.")] = None
    drop: Annotated[str | None, Parameter(help="All candidate sources but these.")] = None
    device: Annotated[Literal["auto", "gpu", "cpu"] | None, Parameter(help="Where the embedding model is trained.")] = None
    seed: Annotated[int | None, Parameter(help="Seed of everything random.")] = None
    test_week: Annotated[
        str | None, Parameter(help="First day of the week to judge; later purchases are hidden. Default: the last 7 days of data.")
    ] = None
    plan: Annotated[bool | None, Parameter(help="Let the ranker see what is planned ahead, such as next week's promotions.")] = None
    names: Annotated[
        bool | None,
        Parameter(help="Ids and names in the recommendations too, and recommendations.csv; by default up to 200,000 customers."),
    ] = None

    def given(self) -> dict[str, object]:
        names = None if self.names is None else "yes" if self.names else "no"
        run = {"run.device": self.device, "run.seed": self.seed, "run.test_week": self.test_week, "run.names": names}
        return {**super().given(), **run, "data.sample": self.sample, "data.plan": self.plan}

    def over_run(self, run: str, artifacts: Path) -> "tuple[Path, Settings]":
        """The folder of a finished run, and its settings with these over them; the thread limit is then set.

        Raises:
            ArtifactError: there is no such run.
            SettingsError: --config names another data set or another preset than the run has.
        """
        from lookbook.pipelines.machine.threads import limit_threads

        limit_threads(self.threads, self.config, config_of(run, artifacts))
        from lookbook.pipelines.errors import SettingsError
        from lookbook.pipelines.runs.folder import find_run
        from lookbook.pipelines.settings.config import choose_sources, load_settings

        folder = find_run(artifacts, run)
        below = folder / "config.resolved.toml"
        before, settings = load_settings(below), load_settings(self.config, self.overrides(), below=below)
        for key, asked, known in (
            ("data.dataset", settings.data.dataset, before.data.dataset),
            ("run.preset", settings.run.preset, before.run.preset),
        ):
            if asked != known:
                raise SettingsError(
                    f"--config {self.config}: {key} = {asked!r}, but run {folder.name} has {known!r}, which its other settings are "
                    "for: leave it out, or start anew with `lookbook run`"
                )
        return folder, choose_sources(settings, only=self.sources, drop=self.drop)


@Parameter(name="*")
@dataclass(frozen=True)
class Choice(Changes, DataChoice):
    """What is run, on which data."""

    preset: Annotated[
        Literal["default", "quick", "best"] | None, Parameter(help="Less time and less MAP (quick), or the reverse (best).")
    ] = None

    def settings(self) -> "Settings":
        settings = super().settings()
        from lookbook.pipelines.settings.config import choose_sources

        return choose_sources(settings, only=self.sources, drop=self.drop)

    def given(self) -> dict[str, object]:
        return {**super().given(), "run.preset": self.preset}

    def settings_or_those_of(self, run: str | None, artifacts: Path) -> "Settings | None":
        """The settings that are asked for; None = those of a finished run, whose thread limit is then set.

        Raises:
            SettingsError: both a run and other settings are asked for.
        """
        if self == NO_CHOICE:
            from lookbook.pipelines.machine.threads import limit_threads

            limit_threads(None, config_of(run or "latest", artifacts))
            return None
        if run is not None:
            from lookbook.pipelines.errors import SettingsError

            raise SettingsError(f"--run {run} has settings of its own: leave out --run, or the other choices")
        return self.settings()


@Parameter(name="*")
@dataclass(frozen=True)
class Output:
    """Where results go and how they are told."""

    artifacts: Annotated[Path, Parameter(help="Folder for stage tables and runs.")] = ARTIFACTS
    fresh: Annotated[bool, OFF, Parameter(help="Compute every stage again, whatever is on disk.")] = False
    json: Annotated[bool, OFF, Parameter(help="JSON lines instead of text.")] = False
    quiet: Quiet = False
    memory_limit: Annotated[
        str | None, Parameter(help="Most memory, such as 6GB or 70% of the machine's; the command is stopped before it takes more.")
    ] = None

    @property
    def silent(self) -> bool:
        """Whether only the result is wanted."""
        return self.json or self.quiet

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


def config_of(run: str, artifacts: Path) -> Path | None:
    """config.resolved.toml of the run that is called `run` or whose name begins with it; null where there is none. Looked for
    without the libraries that reading a run takes."""
    files = sorted((artifacts / "runs").glob("*/config.resolved.toml"), key=lambda file: (file.parent.name != run, file))
    return next((file for file in files if file.parent.name.startswith(run)), None)


NO_DATA_CHOICE = DataChoice()
NO_CHOICE = Choice()
NO_CHANGES = Changes()
DEFAULT_OUTPUT = Output()
