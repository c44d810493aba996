"""The steps of a run in their order: a run can stop after each, and each can be run and measured as a process of its own.

The names load nothing that the steps need, so that the command line can know them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from lookbook.pipelines.stages.shards import Target
    from lookbook.pipelines.stages.system import System

Phase = Literal["data", "learn", "retrieve", "examples", "fit", "rank"]
"""What --stop-after takes. The step `features` is part of examples and rank; `evaluate` ends a run."""

PHASES: tuple[Phase, ...] = get_args(Phase)


def work(system: "System", targets: Sequence["Target"], *, until: Phase) -> None:
    """All steps up to and with `until`. What they leave on disk, a run finds there."""
    from lookbook.pipelines.stages.examples import examples
    from lookbook.pipelines.stages.fit import fit
    from lookbook.pipelines.stages.learn import learn
    from lookbook.pipelines.stages.rank import rank
    from lookbook.pipelines.stages.retrieve import retrieve

    steps: Mapping[Phase, Callable[[], object]] = {
        "data": lambda: None,  # a System is of converted data
        "learn": lambda: learn(system, targets),
        "retrieve": lambda: retrieve(system, targets),
        "examples": lambda: examples(system, targets),
        "fit": lambda: fit(system, targets),
        "rank": lambda: rank(system, targets, fit(system, targets)),
    }
    for phase in PHASES[: PHASES.index(until) + 1]:
        steps[phase]()
