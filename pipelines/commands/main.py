"""The command `lookbook`: its groups of commands, and what a command ends with.

A group is a file beside this one and holds flags, the call, what is shown. Every heavy import is inside the command that needs it,
so that --help answers at once.
"""

import os
import sys

from cyclopts import App, CycloptsError

from lookbook.pipelines.commands import data, doctor, export, run, runs, studies
from lookbook.pipelines.machine.memory_limit import remember_command

PIPE_CLOSED = 141
"""Exit code of a command whose reader is gone, such as `head`: what a shell reports of a program that SIGPIPE ended."""

app = App(
    name="lookbook",
    help="Predicts what every customer of a retailer buys next week: candidate retrieval, then LambdaRank.",
    help_format="plaintext",
    version="0.1.0",
    suppress_keyboard_interrupt=False,
)
for group in (run, studies, runs, export, data, doctor):
    group.attach(app)


def main() -> None:
    """Run the command line; ends the process with the exit codes of pipelines/errors.py, or with PIPE_CLOSED."""
    remember_command(sys.argv[1:])
    try:
        code = ended()
        sys.stdout.flush()
    except BrokenPipeError:
        code = reader_is_gone()
    sys.exit(code)


def ended() -> int:
    """The exit code of the command, once what went wrong is told.

    Raises:
        BrokenPipeError: nobody reads what the command prints.
    """
    try:
        return int(app(exit_on_error=False, print_error=False, result_action="return_value") or 0)
    except CycloptsError as error:
        return failed(str(error), 2)
    except KeyboardInterrupt:
        return failed("stopped; the same command goes on where this one ended", 130)
    except MemoryError:
        return failed("not enough memory; a smaller run.shard_customers or retrieval.max_candidates needs less", 5)
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # rich turns it into one
            raise end.__context__ from None
        raise
    except BrokenPipeError:
        raise
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        return failed(str(error), code)


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that is not a bug, else None (then the traceback is shown, exit code 1)."""
    from lookbook.pipelines.machine.disk import FULL

    if isinstance(error, OSError) and error.errno in FULL:
        return 5
    code = getattr(error, "exit_code", None)
    return code if isinstance(code, int) else None


def failed(message: str, code: int) -> int:
    from lookbook.pipelines.terminal.table import plain_lines

    print(f"lookbook: {plain_lines(message)}", file=sys.stderr, flush=True)
    return code


def reader_is_gone() -> int:
    """Have what is still to be written go nowhere, so that the interpreter ends without a word about it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    return PIPE_CLOSED


if __name__ == "__main__":
    main()
