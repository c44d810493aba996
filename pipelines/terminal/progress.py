"""What a person sees while a command works: a bar with the time left on a terminal, plain lines elsewhere, JSON lines on request.

The number of steps is known before the first one; the time left assumes that the remaining steps take as long as those of
the same kind did.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lookbook.pipelines.terminal.figures import count
from lookbook.pipelines.terminal.table import PlainConsole, plain

Mode = Literal["terminal", "plain", "json", "quiet"]
NAMED = 3
"""Steps that are named of those whose stages were all reused."""


def choose_mode(*, json: bool, quiet: bool) -> Mode:
    if quiet:
        return "quiet"
    if json:
        return "json"
    return "terminal" if sys.stderr.isatty() else "plain"


@dataclass
class Reporter:
    """Counts steps and tells what each did. `seconds` and `peak_mb` per stage end up in run.json.

    computing: the part of `seconds` that went into steps that were computed, not reused.
    """

    mode: Mode
    console: Console = field(default_factory=lambda: PlainConsole(stderr=True))
    seconds: dict[str, float] = field(default_factory=dict)
    computing: dict[str, float] = field(default_factory=dict)
    reused: dict[str, int] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)
    total: int = 0
    finished: int = 0
    started: float = field(default_factory=time.perf_counter)
    planned: dict[str, int] = field(default_factory=dict)
    stop_requested: bool = False
    _bar: Progress | None = None
    _found: dict[str, int] = field(default_factory=dict)

    def plan(self, steps: dict[str, int]) -> None:
        """Announce how many steps of each stage are to come, beyond those announced before."""
        self.planned = {stage: self.planned.get(stage, 0) + steps.get(stage, 0) for stage in {**self.planned, **steps}}
        self.total = sum(self.planned.values())

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Draw the bar for as long as this context is open."""
        if self.mode != "terminal":
            try:
                yield
            finally:
                self._tell_found()
            return
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[eta]}"),
        )
        with Progress(*columns, console=self.console, transient=True) as bar:
            self._bar = bar
            bar.add_task("", total=self.total, eta="")
            try:
                yield
            finally:
                self._bar = None

    @contextmanager
    def step(self, stage: str, detail: str) -> Iterator[Callable[[bool], None]]:
        """One step of `stage` ("kind" or "kind/what"). The context gives a function to call with whether the result was reused."""
        stage, _, what = stage.partition("/")
        detail = f"{detail} {what}".strip()
        if self.stop_requested:
            raise KeyboardInterrupt
        was_reused = False

        def tell(reused: bool) -> None:
            nonlocal was_reused
            was_reused = reused

        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], description=plain(f"{stage} {detail}"), total=self.total, eta=self._eta())
        start = time.perf_counter()
        yield tell
        self._record(stage, detail, time.perf_counter() - start, was_reused)

    def say(self, text: str) -> None:
        """One line for people; JSON and quiet modes leave it out."""
        if self.mode in ("terminal", "plain"):
            self._tell_found()
            self.console.print(text, soft_wrap=True)

    def warn(self, text: str) -> None:
        """What must not be missed: told in every mode, on stderr."""
        if self.mode == "json":
            _log().warning("warning", text=text)
        else:
            self.console.print(f"warning: {text}", soft_wrap=True)

    def reuse(self) -> str:
        """How many stages were found on disk, as a sentence."""
        reused, computed = sum(self.reused.values()), sum(self.computed.values())
        stages, verb = count(reused + computed, "stage"), "was" if 1 in (reused, reused + computed) else "were"
        return f"{reused:,} of {stages} {verb} reused, {computed:,} computed."

    def _record(self, stage: str, detail: str, seconds: float, reused: bool) -> None:
        self.finished += 1
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        if not reused:
            self.computing[stage] = self.computing.get(stage, 0.0) + seconds
        counts = self.reused if reused else self.computed
        counts[stage] = counts.get(stage, 0) + 1
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=self.finished, eta=self._eta())
        elif self.mode == "plain" and reused:
            self._found[stage] = self._found.get(stage, 0) + 1
        elif self.mode == "plain":
            self._tell_found(before=1)
            self._line(f"{stage:<8} {detail:<38} {seconds:>5.1f} s {self._eta()}".rstrip(), self.finished)
        elif self.mode == "json":
            _log().info(
                "step", stage=stage, detail=detail, seconds=round(seconds, 3), reused=reused, done=self.finished, of=self.total
            )

    def _tell_found(self, *, before: int = 0) -> None:
        """The stages that were found on disk since the last line, in one; `before`: steps done since then."""
        if self._found:
            steps, found = list(self._found), count(sum(self._found.values()), "stage")
            self._found = {}
            others = f" and {len(steps) - NAMED} other steps" if len(steps) > NAMED + 1 else ""
            named = ", ".join(steps[:NAMED] if others else steps)
            self._line(f"{found} of {named}{others} reused", self.finished - before)

    def _line(self, text: str, done: int) -> None:
        self.console.print(f"[{done:>3}/{self.total or '?'}] {text}", soft_wrap=True)

    def _eta(self) -> str:
        """Time left: a step takes as long as those of its stage that were computed, nothing where all so far were reused,
        and the mean of all steps where there was none."""
        if not self.computed:
            return ""
        mean = sum(self.seconds.values()) / self.finished
        left = 0.0
        for stage, steps in self.planned.items():
            computed = self.computed.get(stage, 0)
            done = computed + self.reused.get(stage, 0)
            each = self.computing[stage] / computed if computed else 0.0 if done else mean
            left += each * max(steps - done, 0)
        return f"{int(left) // 60}:{int(left) % 60:02} left"


def peak_memory_mb() -> int:
    """Highest resident memory of this process so far, in MiB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _log() -> structlog.typing.FilteringBoundLogger:
    structlog.configure(
        processors=[structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger
