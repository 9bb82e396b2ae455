"""A real mosquitto: plain, with a password, or with TLS; well set or with its defaults."""

import os
import subprocess
from pathlib import Path

from tests.fakes.process import OwnProcess, free_port, require, wait_listening

USER, PASSWORD = "hub", "secret"


class Broker(OwnProcess):
    """One mosquitto; the same port whenever it is started again."""

    def __init__(
        self,
        folder: Path,
        *,
        password: bool = False,
        certificate: tuple[Path, Path] | None = None,
        nodelay: bool = True,
    ) -> None:
        super().__init__()
        self.port = free_port()
        self._program = require("mosquitto", "mosquitto")
        self._config = folder / f"mosquitto-{self.port}.conf"
        lines = [f"listener {self.port} 127.0.0.1", "max_queued_messages 0"]
        if os.geteuid() == 0:
            lines.append("user root")
        if nodelay:
            lines.append("set_tcp_nodelay true")
        if certificate is not None:
            lines += [f"certfile {certificate[0]}", f"keyfile {certificate[1]}"]
        if password:
            file = folder / f"users-{self.port}"
            tool = require("mosquitto_passwd", "mosquitto")
            subprocess.run([tool, "-b", "-c", str(file), USER, PASSWORD], check=True, timeout=10)
            lines += ["allow_anonymous false", f"password_file {file}"]
        else:
            lines.append("allow_anonymous true")
        self._config.write_text("\n".join(lines) + "\n")

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_listening(self._process, self.port)
