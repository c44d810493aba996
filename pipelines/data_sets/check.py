"""`lookbook data check`: what is in a data set and what is wrong with it, without keeping anything.

Input: [data] settings. Output: text or JSON on stdout.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from lookbook.data.plan.plan import PlanSummary
from lookbook.data.registry import CheckReport, check_dataset
from lookbook.pipelines.machine.disk import full_disk_explained
from lookbook.pipelines.settings.config import Settings
from lookbook.pipelines.terminal.table import plain_lines


def check(settings: Settings, *, plan: bool, json_lines: bool) -> None:
    """Convert into a temporary folder, with `plan` the plan too, and print what was found.

    Raises:
        DataError: what a run would stop with.
    """
    with TemporaryDirectory(prefix="lookbook-") as scratch, full_disk_explained(Path(scratch)):
        report = check_dataset(replace(settings.data, plan=plan), Path(scratch), today=datetime.now().astimezone().date())
    print(as_json(report) if json_lines else plain_lines(as_text(report)))


def as_json(report: CheckReport) -> str:
    files = [{"role": file.role, "path": str(file.path), "bytes": file.size} for file in report.files]
    planned = {"plan": asdict(report.plan)} if report.plan else {}
    return json.dumps({"files": files, **report.summary.as_dict(), **planned})


def as_text(report: CheckReport) -> str:
    """The report for people, one fact a line."""
    found = report.summary
    lines = [f"data set {found.name}: {found.first_day} to {found.last_day}"]
    lines += [f"  {file.role}: {file.path} ({file.size / 1e6:,.1f} MB)" for file in report.files]
    lines += [f"  rows read, {table}: {rows:,}" for table, rows in found.read.items()]
    lines += [
        f"  purchases kept: {found.transactions:,}",
        f"  customers: {found.customers:,} ({found.customers_without_purchase:,} without a purchase)",
        f"  articles: {found.articles:,}",
    ]
    lines += _counts("dropped by policy", found.dropped)
    lines += _counts("set aside as bad (quarantine)", found.quarantined)
    lines += _counts("repaired", found.repaired)
    lines += [f"  {n:,} {what} appear only in the purchases" for what, n in _unknown(report).items() if n]
    lines += [f"  warning: {warning}" for warning in found.warnings]
    return "\n".join([*lines, *(_of_plan(report.plan) if report.plan else [])])


def _of_plan(found: PlanSummary) -> list[str]:
    kept = f"  rows kept: {found.rows:,}, of {found.articles:,} articles; kinds: {', '.join(found.kinds)}"
    lines = [f"plan: {found.first_day} to {found.last_day}", *(f"  rows read: {rows:,}" for rows in found.read.values()), kept]
    lines += _counts("dropped by policy", found.dropped)
    lines += _counts("set aside as bad (quarantine)", found.quarantined)
    lines += _counts("repaired", found.repaired)
    return [*lines, *(f"  warning: {warning}" for warning in found.warnings)]


def _counts(title: str, counts: Mapping[str, int]) -> list[str]:
    return [f"  {title}: {reason}: {rows:,}" for reason, rows in counts.items()] or [f"  {title}: nothing"]


def _unknown(report: CheckReport) -> dict[str, int]:
    return {"customers": report.summary.unknown_customers, "articles": report.summary.unknown_articles}
