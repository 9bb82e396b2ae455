"""Where the app cannot be built the set-up says so, and the hub runs without."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the app is built from, a bare virtual environment, and a Node.js of 2019."""
    left_out = shutil.ignore_patterns("node_modules", "dist")
    shutil.copytree(ROOT / "hub" / "web", tmp_path / "hub" / "web", ignore=left_out)
    for name in ("scripts/build-app", "scripts/locks/app.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.base_prefix + "/bin/python3")
    (tmp_path / "old").mkdir()
    for tool in ("node", "npm"):
        (tmp_path / "old" / tool).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "old" / tool).chmod(0o755)
    return tmp_path


def build(tree: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {
        "MOODSYNC_VENV": str(tree / "venv"),
        "PATH": f"{tree / 'old'}:{os.environ['PATH']}",
        "PIP_INDEX_URL": NOWHERE,
        "PIP_RETRIES": "0",
        "npm_config_registry": NOWHERE,
    }
    return subprocess.run(
        [tree / "scripts" / "build-app", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_without_node_and_registry_it_says_so_and_ends_well_unless_it_must(tree: Path) -> None:
    done = build(tree)
    assert done.returncode == 0, done.stderr
    assert "there is no Node.js 20.19 or newer" in done.stderr
    assert "the hub runs without the app" in done.stderr
    assert not (tree / "hub" / "web" / "dist").exists()
    must = build(tree, "--must")
    assert must.returncode == 1
    assert "the hub runs without" not in must.stderr


def test_what_is_built_already_is_left_alone(tree: Path) -> None:
    dist = tree / "hub" / "web" / "dist"
    dist.mkdir()
    sums = subprocess.run(
        ["bash", "-c", _made_from(tree)], cwd=tree, capture_output=True, text=True, check=True
    )
    (dist / ".made-from").write_text(sums.stdout)
    done = build(tree, "--must")
    assert (done.returncode, done.stderr) == (0, "")
    source = tree / "hub" / "web" / "src" / "main.tsx"
    source.write_text(source.read_text() + "\n")
    assert build(tree, "--must").returncode == 1, "a change of a source was not noticed"


def _made_from(tree: Path) -> str:
    """Return the script's own lines that name what the app is made from."""
    text = (tree / "scripts" / "build-app").read_text()
    lines = text[text.index("made_from=") : text.index("if [ -f ")]
    return f"web=hub/web\n{lines}\necho -n $made_from"
