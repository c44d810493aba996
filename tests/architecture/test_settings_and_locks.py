"""Every setting is explained, and what is installed is pinned by hash and by nothing that names a place."""

import re
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-gpu.lock", "requirements-pictures.lock")
KEY = re.compile(r"""^\s*["']?[\w-]+["']?(\s*\.\s*["']?[\w-]+["']?)*\s*=""")
PIN = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.*?))? \\$", re.MULTILINE)


def unexplained_keys(toml: str) -> list[str]:
    """Lines with a key that no comment line stands before."""
    lines = toml.splitlines()
    pairs = zip(["", *lines], lines, strict=False)
    return [line for before, line in pairs if KEY.match(line) and not re.match(r"\s*#\s*\w", before)]


def keys(table: Mapping[str, object]) -> int:
    return sum(keys(value) if isinstance(value, dict) else 1 for value in table.values())


def loose_requirements(lock: str) -> list[str]:
    """Logical lines of a requirements file that are not a pin with hashes, and anything that names a place."""
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^\s*#.*\n", "", lock, flags=re.MULTILINE)).splitlines()
    pinned = re.compile(r"^[a-z0-9-]+==\S+( ; [^;]+?)? ?(--hash=sha256:[0-9a-f]{64} ?)+$")
    return [line for line in lines if not pinned.match(line)] + re.findall(r"\S*(?://|@ )\S*", lock)


def pins(lock: str) -> set[tuple[str, ...]]:
    return {(m["name"], m["version"], m["marker"] or "") for m in PIN.finditer(lock)}


def missing_pins(requirements: list[str], lock: str) -> list[str]:
    """Requirements that no pinned version of the lock satisfies."""
    versions: dict[str, list[str]] = {}
    for name, version, _ in pins(lock):
        versions.setdefault(name, []).append(version)
    asked = [Requirement(requirement) for requirement in requirements]
    return [str(r) for r in asked if not any(r.specifier.contains(v) for v in versions.get(r.name, []))]


def test_every_setting_has_a_comment_line_before_it():
    toml = (ROOT / "pipelines" / "settings" / "default.toml").read_text()
    assert unexplained_keys(toml) == []
    assert len([line for line in toml.splitlines() if KEY.match(line)]) == keys(tomllib.loads(toml)), "one key a line"


def test_a_setting_without_a_comment_is_found():
    assert unexplained_keys("[a]\n# unit\nb = 1\nc = 2\n\n#\nd-e = 3\n# f\n\ng.h = 4") == ["c = 2", "d-e = 3", "g.h = 4"]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_by_hash_and_names_no_place(lock):
    assert loose_requirements((ROOT / lock).read_text()) == []


def test_a_loose_requirement_is_found():
    pin = "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=sha256:" + "0" * 64 + "\n    # via scipy\n"
    assert loose_requirements(pin) == []
    loose = ["polars>=2", "polars==2.1.0", "--find-links wheels", "-e .", "--hash=sha256:" + "0" * 64]
    assert loose_requirements(pin + "\n".join(loose)) == loose
    assert loose_requirements("--index-url https://example.org/simple\n")[-1] == "https://example.org/simple"
    assert "https://example.org" in loose_requirements(pin + "    # from https://example.org\n")


def test_the_locks_pin_what_the_project_asks_for_and_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["dev"]
    plain, gpu, pictures = ((ROOT / lock).read_text() for lock in LOCKS)
    assert missing_pins(asked, plain) == []
    assert missing_pins(project["optional-dependencies"]["gpu"], gpu) == []
    assert missing_pins(project["optional-dependencies"]["pictures"], pictures) == []
    assert pins(plain) - pins(gpu) == set()
    shared = {name for name, *_ in pins(plain)} & {name for name, *_ in pins(pictures)}
    assert {pin for pin in pins(pictures) if pin[0] in shared} <= pins(plain)
    assert any(name.startswith("nvidia-") for name, *_ in pins(gpu))


def test_a_requirement_that_is_not_pinned_is_found():
    lock = "numpy==2.4.6 \\\n    --hash=sha256:0\nnumpy==2.5.5 ; python_full_version >= '3.12' \\\n    --hash=sha256:0\n"
    assert missing_pins(["numpy>=2.5", "numpy[extra]>=2.4"], lock) == []
    assert missing_pins(["numpy>=3", "scipy"], lock) == ["numpy>=3", "scipy"]


def test_git_keeps_no_file_that_records_download_hosts():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    assert {"uv.lock", "poetry.lock", "pip.conf"} & {Path(file).name for file in listed.stdout.splitlines()} == set()
