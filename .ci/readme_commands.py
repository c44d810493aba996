"""Print the shell commands that a README shows, one a line, in its order.

Input: a Markdown file. A command is a line of a fenced `sh` block; a backslash at its end joins the next line to it,
and comments are left out. A block after the line `<!-- ci: skip -->` needs data that is not in the project: left out.
"""

import re
import sys
from pathlib import Path

SKIP = "<!-- ci: skip -->"
BLOCK = re.compile(rf"^(?P<skip>{re.escape(SKIP)}\s*)?^```sh\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
CONTINUED = re.compile(r"\s*\\\n\s*")
COMMENT = re.compile(r"(^|\s+)#.*$")


def commands(markdown: str) -> list[str]:
    """The commands of every block that is not skipped.

    Raises:
        ValueError: when there is none, since then nothing would be checked.
    """
    blocks = [CONTINUED.sub(" ", match["body"]) for match in BLOCK.finditer(markdown) if not match["skip"]]
    lines = [COMMENT.sub("", line).strip() for block in blocks for line in block.splitlines()]
    found = [line for line in lines if line]
    if not found:
        raise ValueError("no command in a fenced `sh` block without the line " + SKIP)
    return found


if __name__ == "__main__":
    try:
        print("\n".join(commands(Path(sys.argv[1]).read_text())))
    except ValueError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
