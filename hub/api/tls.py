"""The TLS context of the server, and its renewal while it serves."""

import asyncio
import datetime as dt
import ssl
from pathlib import Path

from hub.api.acme_files import AcmeFiles
from hub.api.certificates import Files, fingerprint, own_files
from hub.api.names import names, own_addresses
from hub.clock import Clock
from hub.phrase import Phrase
from hub.settings import ApiSettings
from hub.supervisor import NeedsAttention


class Tls:
    """One context for all listeners; new connections take a renewed certificate at once."""

    def __init__(self, settings: ApiSettings, folder: Path, clock: Clock) -> None:
        self._settings = settings
        self._folder = folder
        self._clock = clock
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        acme, hostnames = settings.tls.acme, settings.hostnames
        self._acme = AcmeFiles(folder, acme, hostnames) if acme and hostnames else None
        self.files: Files | None = None
        self.leaf = b""
        """SHA-256 of the certificate that is served; pairing is bound to it."""

    async def load(self) -> None:
        """Make, fetch or read the certificate and load it if it is new. Raises NeedsAttention."""
        files = await self._files()
        leaf = await asyncio.to_thread(self._load, files)
        self.files, self.leaf = files, leaf

    @property
    def problem(self) -> str:
        """What is wrong with renewing while the certificate is still good; empty if nothing."""
        return "" if self._acme is None else self._acme.problem

    @property
    def authority(self) -> bytes | None:
        """SHA-256 of the hub's own authority; None where a public one vouches."""
        if self.files is None or self.files.authority is None:
            return None
        return fingerprint(self.files.authority)

    async def _files(self) -> Files:
        tls = self._settings.tls
        now = dt.datetime.fromtimestamp(self._clock.wall(), dt.UTC)
        match tls.mode:
            case "custom":
                if tls.certificate_file is None or tls.key_file is None:
                    raise NeedsAttention(Phrase("service.tls_files"))
                return Files(tls.certificate_file, tls.key_file, None)
            case "acme":
                if self._acme is None:
                    raise NeedsAttention(Phrase("service.tls_acme"))
                return await self._acme.current(now)
            case "own":
                given = names(self._settings), own_addresses(self._settings)
                return await own_files(self._folder, *given, now)

    def _load(self, files: Files) -> bytes:
        try:
            leaf = fingerprint(files.certificate)
            if leaf != self.leaf:
                self.context.load_cert_chain(files.certificate, files.key)
        except (OSError, ValueError) as err:  # ssl.SSLError is an OSError
            raise NeedsAttention(Phrase("service.tls_unusable", error=str(err))) from err
        return leaf
