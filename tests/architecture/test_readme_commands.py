import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / ".ci" / "readme_commands.py"
README = """
```sh
make run            # installs first
lookbook run --seed 1 \\
    --no-final

# only a remark
```
<!-- ci: skip -->

```sh
lookbook run --dataset hm --data-dir DIR
```

```toml
seed = 1
```
```sh
lookbook doctor
```
"""


def commands_of(readme: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "README.md").write_text(readme)
    command = [sys.executable, str(SCRIPT), str(folder / "README.md")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_command_is_run_but_those_that_need_data_from_elsewhere(tmp_path):
    listed = commands_of(README, tmp_path)
    assert listed.stdout.splitlines() == ["make run", "lookbook run --seed 1 --no-final", "lookbook doctor"]


def test_a_readme_without_a_command_does_not_pass_unseen(tmp_path):
    listed = commands_of("<!-- ci: skip -->\n```sh\nmake run\n```\n", tmp_path)
    assert listed.returncode == 1
    assert "no command" in listed.stderr
