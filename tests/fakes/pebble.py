"""Let's Encrypt's own test server for ACME, with a name server that a hook can set records on."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fakes.certificates import Authority
from tests.fakes.process import free_port, require, wait_listening

HOOK = """
import json, sys, urllib.request
management, what, name, value = sys.argv[1:]
with open(sys.argv[0] + ".log", "a") as log:
    print(what, name, value, file=log)
path, data = ("set-txt", {"host": name + ".", "value": value}) if what == "add" else (
    "clear-txt", {"host": name + "."})
urllib.request.urlopen(f"{management}/{path}", json.dumps(data).encode(), timeout=10).read()
"""


class Pebble:
    """Both processes, on free ports. `directory`, `ca_file` and `hook` are for a client.

    It rejects a fifth of all good nonces, as a busy authority may.
    """

    def __init__(self, folder: Path) -> None:
        authority = Authority(folder, "pebble")
        certificate, key = authority.issue("pebble")
        self._acme, self._management, self._dns, self._names = (free_port() for _ in range(4))
        self._config = folder / "pebble.json"
        pebble = {
            "listenAddress": f"127.0.0.1:{self._acme}",
            "managementListenAddress": f"127.0.0.1:{self._management}",
            "certificate": str(certificate),
            "privateKey": str(key),
            "httpPort": 1,
            "tlsPort": 1,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "domainBlocklist": ["blocked.example"],
        }
        self._config.write_text(json.dumps({"pebble": pebble}))
        self._processes: list[subprocess.Popen[bytes]] = []
        script = folder / "hook.py"
        script.write_text(HOOK)
        self.hook_log = folder / "hook.py.log"
        self.hook = (sys.executable, str(script), f"http://127.0.0.1:{self._names}")
        self.directory = f"https://localhost:{self._acme}/dir"
        self.ca_file = authority.ca_file

    def root(self) -> str:
        """Return the authority that signs what it issues, as PEM."""
        import ssl  # noqa: PLC0415

        tls = ssl.create_default_context(cafile=str(self.ca_file))
        url = f"https://localhost:{self._management}/roots/0"
        with urllib.request.urlopen(url, context=tls, timeout=10) as answer:
            return str(answer.read().decode())

    def __enter__(self) -> Self:
        names = require("pebble-challtestsrv", "pebble")
        server = require("pebble", "pebble")
        self._start(
            *(names, "-dns01", f"127.0.0.1:{self._dns}"),
            *("-management", f"127.0.0.1:{self._names}"),
            *("-http01", "", "-https01", "", "-tlsalpn01", ""),
        )
        dns = f"127.0.0.1:{self._dns}"
        self._start(server, "-config", str(self._config), "-strict", "-dnsserver", dns)
        names_of_zones, authority = self._processes
        wait_listening(names_of_zones, self._names)
        for port in (self._acme, self._management):
            wait_listening(authority, port)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.kill()
            process.wait(10)
        self._processes.clear()

    def _start(self, *argv: str) -> None:
        env = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "20"}
        quiet = subprocess.DEVNULL
        self._processes.append(subprocess.Popen(argv, env=env, stdout=quiet, stderr=quiet))
