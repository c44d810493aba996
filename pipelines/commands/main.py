"""The command `lookbook`: its groups of commands, and what a command ends with.

A group is a file beside this one and holds flags, the call, what is shown. Every heavy import is inside the command that needs it,
so that --help answers at once.
"""

import sys

from cyclopts import App, CycloptsError

from lookbook.pipelines.commands import data, doctor, run, runs, studies
from lookbook.pipelines.machine.memory_limit import remember_command

app = App(
    name="lookbook",
    help="Predicts what every customer of a retailer buys next week: candidate retrieval, then LambdaRank.",
    help_format="plaintext",
    version="0.1.0",
    suppress_keyboard_interrupt=False,
)
for group in (run, studies, runs, data, doctor):
    group.attach(app)


def main() -> None:
    """Run the command line; ends the process with the exit codes of pipelines/errors.py."""
    remember_command(sys.argv[1:])
    try:
        sys.exit(app(exit_on_error=False, print_error=False, result_action="return_value"))
    except CycloptsError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        fail("stopped; the same command goes on where this one ended", 130)
    except MemoryError:
        fail("not enough memory; a smaller run.shard_customers or retrieval.max_candidates needs less", 5)
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        fail(str(error), code)


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that is not a bug, else None (then the traceback is shown, exit code 1)."""
    from lookbook.pipelines.machine.disk import FULL

    if isinstance(error, OSError) and error.errno in FULL:
        return 5
    code = getattr(error, "exit_code", None)
    return code if isinstance(code, int) else None


def fail(message: str, code: int) -> None:
    print(f"lookbook: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
