"""The page of the benchmark: docs/benchmarks.md and its drawing.

`python -m benchmarks.scale.page [RESULTS] [--out FOLDER]`. Input: results.json and the text in page.md, which holds no figure of a
run. Output: benchmarks.md, benchmarks.svg.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from benchmarks.scale.outlook import dominates, limits, memory_growth, next_factor
from benchmarks.scale.phases import PHASES, SIMULATE, START, Phase
from benchmarks.scale.results import ScaleResult, growth, load

HERE = Path(__file__).parent
app = App(name="python -m benchmarks.scale.page", help=__doc__, help_format="plaintext")


@app.default
def write(
    results: Annotated[Path, Parameter(help="What benchmarks.scale wrote.")] = HERE / "results.json",
    /,
    *,
    out: Annotated[Path, Parameter(help="Folder of the page.")] = HERE.parent / "docs",
) -> None:
    """Write the page and its drawing."""
    from benchmarks.scale.plot import growth_plot

    measured = load(results)
    (out / "benchmarks.md").write_text(page(measured))
    (out / "benchmarks.svg").write_text(growth_plot(measured))


def page(results: Sequence[ScaleResult]) -> str:
    """page.md with the figures of `results`, smallest scale first."""
    return (HERE / "page.md").read_text().format(
        machine=machine_line(results[-1].machine, results),
        whole=whole(results),
        limits=limits(results[-1]),
        growth=growth_table(results),
        does="\n".join(f"- {phase.name}: {phase.does}; rows are {phase.rows_are}" for phase in PHASES),
        phases=phase_table(results),
        floors=floor_table(results),
        dominates=dominates(results[-1]),
        memory=memory_growth(results),
        articles=f"{results[-1].counts['articles']:,}",
        next=next_factor(results),
    )  # fmt: skip


def machine_line(about: Mapping[str, object], results: Sequence[ScaleResult]) -> str:
    versions = about["versions"]
    assert isinstance(versions, dict)
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    scales = " ".join(f"{result.scale:g}" for result in results)
    commits = sorted({str(result.machine["commit"]) for result in results if result.machine["commit"]})
    return (
        f'`make bench-scale ARGS="--scales {scales}"`, {results[0].started[:10]}, commit {" and ".join(commits) or "unknown"}: '
        f"{about['cores']} cores of {about['processor']}, {int(str(about['memory_mb'])) / 1024:.0f} GiB of memory, "
        f"{about['system']}; {named}."
    )


def whole(results: Sequence[ScaleResult]) -> str:
    rows = []
    for result in results:
        costs = [result.costs[phase.name] for phase in PHASES]
        counts, seconds = result.counts, sum(cost.wall_s for cost in costs)
        rows.append([
            f"{result.scale:g}", f"{counts['customers']:,}", f"{counts['purchases']:,}", f"{counts['examples']:,}",
            f"{counts['trees']:,}", f"{counts['ranked']:,}", minutes(seconds), minutes(sum(cost.cpu_s for cost in costs)),
            f"{max(cost.peak_mb for cost in costs):,} MiB",
        ])  # fmt: skip
    names = ["scale", "customers", "purchases", "training examples", "trees", "pairs ranked", "wall", "processor", "peak memory"]
    return table(names, rows)


def growth_table(results: Sequence[ScaleResult]) -> str:
    steps = [f"{small.scale:g} to {large.scale:g}" for small, large in pairwise(results)]
    rows = [
        [
            name,
            *(seconds(result.costs[name].cpu_s) if name in result.costs else "" for result in results),
            *("" if exponent is None else f"{exponent:.2f}" for exponent in growth(results, name)),
        ]
        for name in (*(phase.name for phase in PHASES), START, SIMULATE)
    ]
    return table(
        ["phase", *(f"processor at {result.scale:g}" for result in results), *(f"exponent {step}" for step in steps)], rows
    )


def phase_table(results: Sequence[ScaleResult]) -> str:
    rows = [_phase_row(phase, result) for phase in PHASES for result in results if phase.name in result.costs]
    names = ["phase", "scale", "wall", "processor", "peak memory", "rows", "rows per second", "load", "others"]
    return table(names, rows)


def _phase_row(phase: Phase, result: ScaleResult) -> list[str]:
    cost, rows = result.costs[phase.name], result.counts[phase.rows]
    rate = f"{significant(rows / cost.cpu_s):,}" if cost.cpu_s else ""
    memory = f"{cost.peak_mb:,} MiB"
    return [
        phase.name, f"{result.scale:g}", seconds(cost.wall_s), seconds(cost.cpu_s), memory, f"{rows:,}", rate, f"{cost.load:.1f}",
        f"{cost.others:.1f}",
    ]  # fmt: skip


def floor_table(results: Sequence[ScaleResult]) -> str:
    names = ["phase", "floor", *(f"seconds at {result.scale:g}" for result in results), *(f"ratio at {r.scale:g}" for r in results)]
    rows = []
    for phase in PHASES:
        kinds = list(dict.fromkeys(floor.what for result in results for floor in result.floors if floor.phase == phase.name))
        for kind in kinds:
            cpu = [sum(f.cpu_s for f in result.floors if (f.phase, f.what) == (phase.name, kind)) for result in results]
            last = kind == kinds[-1]
            ratios = [result.ratio(phase.name) for result in results]
            told = ["" if ratio is None or not last else f"{significant(ratio):,}" for ratio in ratios]
            rows.append([phase.name, kind, *(seconds(each) for each in cpu), *told])
    return table(names, rows)


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but those of names are aligned to the right."""
    words = [all(not row[place][:1].isdigit() for row in rows) for place in range(len(names))]
    rule = ["---" if word else "---:" for word in words]
    return "\n".join(f"| {' | '.join(line)} |" for line in [names, rule, *rows])


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


def seconds(value: float) -> str:
    return f"{significant(value):,} s"


def significant(value: float) -> float | int:
    """Three digits that mean something."""
    rounded = float(f"{value:.3g}")
    return int(rounded) if rounded >= 100 else rounded


if __name__ == "__main__":
    app()
