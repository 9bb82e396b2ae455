"""docs/adding-a-driver.md: its driver is installed as a package is, configured, and tested."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding-a-driver.md").read_text()
CODE = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.DOTALL)
CONFIG = "rooms: {porch: {devices: [porch:lamp]}}\ndrivers: {porch: {port: 4271}}\n"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Lay the page's code out as an installed package has it."""
    for name, code in CODE:
        (tmp_path / name).write_text(code)
    (toml,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (group,) = tomllib.loads(toml)["project"]["entry-points"].items()
    info = tmp_path / "porch-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: porch\nVersion: 1.0\n")
    lines = [f"[{group[0]}]", *(f"{key} = {value}" for key, value in group[1].items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def run(package: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *command],
        env=os.environ | {"PYTHONPATH": f"{package}{os.pathsep}{ROOT}"},
        cwd=package,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
def test_the_page_s_own_test_passes(package: Path) -> None:
    assert [name for name, _ in CODE] == ["porch_settings.py", "porch.py", "test_porch.py"]
    options = ("asyncio_mode=auto", "asyncio_default_fixture_loop_scope=function")
    given = [word for option in options for word in ("-o", option)]
    done = run(package, "-m", "pytest", "-q", *given, "-W", "error", ".")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.slow
def test_the_hub_knows_the_installed_driver(package: Path) -> None:
    file = package / "hub.yaml"
    file.write_text(CONFIG)
    done = run(package, "-m", "hub", "check", "--config", str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    file.write_text(CONFIG.replace("4271", "99999"))
    wrong = run(package, "-m", "hub", "check", "--config", str(file))
    assert wrong.returncode == 4
    assert "port" in wrong.stdout + wrong.stderr
