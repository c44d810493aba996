"""`lookbook doctor`. Every heavy import is inside the command."""

from cyclopts import App

from lookbook.pipelines.commands.next import after_data, tell
from lookbook.pipelines.commands.options import JsonObject


def doctor(*, json: JsonObject = False) -> int:
    """Say what this machine has: versions, device, cores, memory, disk, and whether the libraries load."""
    from lookbook.pipelines.machine.doctor import examine

    report = examine()
    print(report.json() if json else report.text())
    if report.exit_code == 0:
        tell(after_data([], profiled=False), silent=json)
    return report.exit_code


def attach(app: App) -> None:
    """Add the command of this file to `lookbook`."""
    app.command(doctor)
