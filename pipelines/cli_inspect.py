"""The commands that look into a finished run and into its data. Every heavy import is inside the command that needs it."""

from cyclopts import App

runs_app = App(name="runs", help="List, compare and remove finished runs.")


def attach(app: App, data_app: App) -> None:
    """Add the commands of this file to `lookbook` and to `lookbook data`."""
    app.command(runs_app)
