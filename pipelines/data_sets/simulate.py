"""`lookbook data simulate`: a simulated fashion retailer in the files of the H&M competition.

Input: [simulate] settings, scale, seed. Output: a folder of files (data/simulate/simulate.py), and a line on stdout.
"""

import json
from dataclasses import asdict
from pathlib import Path

from lookbook.data.simulate.settings import SimulateSettings
from lookbook.data.simulate.simulate import Simulated, n_steps, simulate
from lookbook.data.simulate.writing import Format
from lookbook.pipelines.machine.disk import full_disk_explained
from lookbook.pipelines.terminal.figures import count
from lookbook.pipelines.terminal.progress import Reporter


def simulate_market(
    settings: SimulateSettings, folder: Path, reporter: Reporter, *, scale: float, seed: int, form: Format
) -> Simulated:
    """Write the files, with a step of progress for each week.

    Raises:
        DataError: the folder is not empty, or scale is out of range.
        ResourceError: the disk is full.
    """
    reporter.plan({"simulate": n_steps(settings)})
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    with full_disk_explained(existing), reporter.showing():
        return simulate(settings, folder, scale=scale, seed=seed, form=form, step=lambda detail: reporter.step("simulate", detail))


def show_simulated(done: Simulated, *, json_lines: bool) -> None:
    """Print what was written on stdout."""
    if json_lines:
        print(json.dumps({**asdict(done), "folder": str(done.folder)}))
        return
    customers, articles = count(done.customers, "customer"), count(done.articles, "article")
    print(f"{count(done.rows, 'purchase')} of {customers}, {articles}, in {done.folder}")
