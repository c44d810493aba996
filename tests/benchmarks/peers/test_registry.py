import ast
import re
from pathlib import Path
from typing import get_args

import pytest

from benchmarks.peers.__main__ import Name
from benchmarks.peers.environments import REQUIREMENTS
from benchmarks.peers.registry import NAMES, PEERS, POINTS
from benchmarks.peers.rounds import PROGRAMS

LOCKS = sorted(REQUIREMENTS.glob("*.lock"))
PIN = re.compile(r"[a-z0-9-]+==\S+( ; [^;\\]+?)?( *--hash=sha256:[0-9a-f]{64})+")


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_has_the_same_number_of_different_settings(peer):
    assert len(peer.grid) == POINTS
    assert len({str(settings) for settings in peer.grid}) == POINTS


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_has_its_program_and_pinned_requirements(peer):
    assert (PROGRAMS / f"{peer.program}.py").is_file()
    assert REQUIREMENTS / f"{peer.requirements}.lock" in LOCKS


def test_every_peer_can_be_named_on_the_command_line():
    assert get_args(Name) == NAMES


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_requirements_are_pins_with_hashes_and_name_no_place(lock: Path):
    logical = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", lock.read_text(), flags=re.MULTILINE))
    assert [line for line in logical.splitlines() if not PIN.fullmatch(line)] == []
    assert "//" not in lock.read_text()


@pytest.mark.parametrize("program", sorted(PROGRAMS.glob("*.py")), ids=lambda file: file.stem)
def test_a_program_does_not_use_what_it_is_compared_with(program: Path):
    imports = [node for node in ast.walk(ast.parse(program.read_text())) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [ast.unparse(node) for node in imports if re.search(r"\b(lookbook|benchmarks)\b", ast.unparse(node))] == []
