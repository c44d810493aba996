"""What makes scoring cheap, and what that costs in MAP: fewer or other trees, fewer candidates or features, compiled trees.

`python -m benchmarks.scoring --dataset hm --data-dir DIR`. The judged week is the one before the last, so that the last week
decides nothing. Output: lines on stdout, each with its difference to the reference (the settings in force, as many trees as early
stopping finds), and JSON with --out.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from lookbook.pipelines.commands.options import NO_CHOICE, Choice

if TYPE_CHECKING:
    from benchmarks.scoring.bench import Bench, Line

app = App(name="python -m benchmarks.scoring", help=__doc__, help_format="plaintext")


@app.default
def scoring(
    choice: Choice = NO_CHOICE,
    *,
    weeks_before: Annotated[int, Parameter(help="Weeks from the judged week to the last one.")] = 1,
    customers: Annotated[int, Parameter(help="Customers that are judged, to the end of a shard.")] = 20_000,
    sections: Annotated[tuple[str, ...], Parameter(help="Parts to measure; none = all.", consume_multiple=True)] = (),
    artifacts: Annotated[Path, Parameter(help="Folder for stage tables.")] = Path("artifacts/bench-scoring"),
    out: Annotated[Path | None, Parameter(help="JSON file for the figures.")] = None,
) -> None:
    """Measure, print, write JSON."""
    settings = choice.settings()  # limits the threads, before Polars is imported
    from benchmarks.machine import machine
    from benchmarks.scoring.prepare import prepared
    from benchmarks.scoring.trials import SECTIONS
    from lookbook.pipelines.stages.system import open_system
    from lookbook.pipelines.terminal.progress import Reporter

    unknown = sorted(set(sections) - set(SECTIONS))
    if unknown:
        raise SystemExit(f"unknown section {unknown[0]!r}; known: {', '.join(SECTIONS)}")
    with open_system(settings, Reporter("plain"), root=artifacts) as system:
        bench = prepared(system, weeks_before=weeks_before, customers=customers)
    about = {"weeks_before": weeks_before, **facts(bench)}
    print("\n".join(f"{name}: {value}" for name, value in about.items()), flush=True)
    lines = [line for section in sections or SECTIONS for line in measured(bench, section)]
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        report = {"machine": machine(), **about, "settings": settings.tables, "lines": [asdict(line) for line in lines]}
        out.write_text(json.dumps(report, indent=1) + "\n")


def facts(bench: "Bench") -> dict[str, float]:
    """candidates: per customer, of the reference. example_rows: that every ranker learns from."""
    import polars as pl

    rows = [part.select(pl.len()).collect().item() for part in bench.examples]
    return {
        "customers": len(bench.cut.customers),
        "labels": len(bench.cut.labels),
        "candidates": len(bench.cut.features) / len(bench.cut.customers),
        "example_rows": sum(rows),
        "trees": bench.trees,
        "map": float(bench.reference.precision.mean()),
    }


def measured(bench: "Bench", section: str) -> "list[Line]":
    """The lines of one section, printed."""
    from benchmarks.scoring.bench import compare
    from benchmarks.scoring.compiled import ABSENT
    from benchmarks.scoring.trials import SECTIONS

    trials = SECTIONS[section](bench)
    print(f"\n{section}" if trials else f"\n{section}: {ABSENT}", flush=True)
    if not trials:
        return []
    settings = bench.settings
    lines = compare(section, trials, bench.reference, resamples=settings.evaluation.bootstrap_resamples, seed=settings.run.seed)
    print("\n".join(told(line) for line in lines), flush=True)
    return lines


def told(line: "Line") -> str:
    """One line of text; large figures are rounded."""
    figures = (f"{name} {value:,.0f}" if value >= 1000 else f"{name} {value:.3g}" for name, value in line.figures.items())
    return f"{line.name:<28} {line.map:.5f} {line.difference:+.5f} [{line.low:+.5f}, {line.high:+.5f}]  {', '.join(figures)}"


if __name__ == "__main__":
    app()
