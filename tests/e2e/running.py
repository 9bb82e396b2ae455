"""Starts a whole hub as a household does, and asks it things by its own command line."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hub.config import DEMO

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 120.0
"""A hub imports for seconds, and for many on a machine under load."""


@dataclass(frozen=True, slots=True)
class RunningHub:
    """A hub in a process of its own."""

    process: "subprocess.Popen[str]"
    config: Path
    environment: dict[str, str]

    def cli(self, *args: str, code: int = 0, stdin: str = "") -> dict[str, Any]:
        """Run a command of the command line with --json and return what it printed."""
        done = moodsync(
            args[0],
            "--json",
            "--config",
            str(self.config),
            *args[1:],
            environment=self.environment,
            stdin=stdin,
        )
        assert done.returncode == code, f"{args}: {done.returncode}: {done.stdout}{done.stderr}"
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def wait_for(
        self, what: Callable[[dict[str, Any]], bool], limit_s: float = START_LIMIT_S
    ) -> dict[str, Any]:
        """Ask for the status until `what` holds of it."""
        deadline = time.monotonic() + limit_s
        while True:
            assert self.process.poll() is None, "the hub has ended"
            with contextlib.suppress(AssertionError, json.JSONDecodeError):
                status = self.cli("status")
                if what(status):
                    return status
            assert time.monotonic() < deadline, "did not come to be in time"
            time.sleep(0.2)

    def state(self) -> Path:
        """Return the state directory."""
        return Path(self.environment["MOODSYNC__store__directory"])


def moodsync(
    *args: str, environment: dict[str, str] | None = None, stdin: str = "", timeout: float = 60
) -> "subprocess.CompletedProcess[str]":
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "hub", *args],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextlib.contextmanager
def running_hub(
    folder: Path, changes: dict[str, Any] | None = None, config: Path = DEMO
) -> Iterator[RunningHub]:
    """Run a hub, the demo's configuration with changes if given; stop it by SIGTERM."""
    folder.mkdir(parents=True, exist_ok=True)
    if changes is not None:
        merged = yaml.safe_load(config.read_text()) | changes
        config = folder / "hub.yaml"
        config.write_text(yaml.safe_dump(merged))
    environment = {
        "MOODSYNC__store__directory": str(folder / "state"),
        "MOODSYNC__store__commit_every_s": "1",
        "MOODSYNC__api__port": "0",
        "MOODSYNC__api__http_port": "0",
    }
    with (folder / "hub.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hub", "run", "--no-input", "--config", str(config)],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=log,
            text=True,
        )
        try:
            hub = RunningHub(process, config, environment)
            hub.wait_for(lambda _status: True)
            yield hub
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
