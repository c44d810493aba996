"""What a dry run found, for people and as one JSON object.

Input: Estimate. Output: text on stdout.
"""

import json

from rich.console import Console

from lookbook.pipelines.dry_run.estimate import RESULTS, Estimate, StageEstimate
from lookbook.pipelines.terminal.figures import number, whole
from lookbook.pipelines.terminal.table import console, lines, table

GB, MIB_GB = 1e9, 1e9 / 2**20


def show_estimate(estimate: Estimate, *, json_lines: bool) -> None:
    """One row per kind of stages, then what it comes to, what is free, where the figures are from."""
    if json_lines:
        print(json.dumps(as_dict(estimate)))
        return
    out = console()
    shown = table("step", "on disk", "to compute", "seconds", "MB memory", "MB disk", "estimated from")
    for stage in estimate.stages:
        shown.add_row(stage.kind, whole(stage.cached), whole(stage.to_compute), *_cells(stage), _basis(stage))
    out.print(shown)
    _tell(out, estimate)


def as_dict(estimate: Estimate) -> dict[str, object]:
    """For machines: memory in MiB, disk of stages in 10^6 bytes, of the machine in bytes."""
    rows = [
        {"stage": s.kind, "cached": s.cached, "to_compute": s.to_compute, **vars(s.cost), "earlier": s.earlier}
        for s in estimate.stages
    ]
    return {
        "dataset": {"customers": estimate.customers, "purchases": estimate.purchases, "converted": estimate.converted},
        "stages": rows,
        "total": vars(estimate.total),
        "machine": {
            "disk_free": estimate.disk_free,
            "memory_free": estimate.memory_free,
            "memory_limit": estimate.memory_limit,
        },
        "problems": problems(estimate),
    }


def problems(estimate: Estimate) -> list[str]:
    """Why the run is likely to stop before its end; empty if it is not."""
    total, found = estimate.total, []
    if total.disk_mb * 1e6 > estimate.disk_free:
        found.append(
            f"The disk is likely to fill up: about {total.disk_mb / 1e3:.1f} GB are needed, {_gb(estimate.disk_free)} are free."
        )
    memory = total.memory_mb / MIB_GB
    for limit, what in ((estimate.memory_limit, "the limit (run.memory_limit)"), (estimate.memory_free, "what is free now")):
        if memory * GB > limit:
            found.append(f"Memory is likely to run out: about {memory:.1f} GB are needed, {what} is {_gb(limit)}.")
    return found


def _tell(out: Console, estimate: Estimate) -> None:
    total = estimate.total
    guess = "" if estimate.converted else ", guessed from the size of the raw files: they are not converted yet"
    out.print()
    lines(
        out,
        f"{whole(estimate.customers)} customers, {whole(estimate.purchases)} purchases{guess}.",
        f"About {_duration(total.seconds)}, {total.memory_mb / MIB_GB:.1f} GB of memory at the peak and "
        f"{total.disk_mb / 1e3:.1f} GB more on disk.",
        f"Free: {_gb(estimate.disk_free)} of disk, {_gb(estimate.memory_free)} of memory; the memory limit is "
        f"{_gb(estimate.memory_limit)}.",
    )
    if any(stage.to_compute and not stage.earlier for stage in estimate.stages if stage.kind != RESULTS):
        lines(out, "Reference figures are of another machine with two cores, for the settings of H&M: off by half is common.")
    lines(out, *problems(estimate), "Nothing was computed or written.")


def _cells(stage: StageEstimate) -> tuple[str, str, str]:
    if not stage.to_compute:
        return "", "", ""
    return number(stage.cost.seconds), whole(stage.cost.memory_mb), number(stage.cost.disk_mb)


def _basis(stage: StageEstimate) -> str:
    if not stage.to_compute:
        return ""
    return f"{stage.earlier} earlier" if stage.earlier else "reference"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _gb(size: float) -> str:
    return f"{size / GB:.1f} GB"
