"""What is inside a backup: a tar stream of files, its manifest last, which vouches for each.

Names are those of the state directory. Only what `is_kept` allows is ever written on restoring.
"""

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

from hub.backup.errors import BackupBroken, BackupNewer
from hub.backup.sealed import OpeningFile, SealingFile
from hub.phrase import Phrase

MANIFEST = "manifest.json"
FORMAT = 1
MOST_FILES = 2000
MOST_BYTES = 64 << 30
BLOCK = 1 << 20
DATABASES = ("config.db", "queue.db", "history.db")

_TOP = frozenset({*DATABASES, "edits.yaml", "edits.undo.json", "hub.yaml"})
_BELOW = re.compile(r"(tls|drivers|share)(/[A-Za-z0-9_.:@+= -]+){1,4}")

Tell = Callable[[int, int], None]
"""Called with how many bytes are done, and of how many."""


def is_kept(name: str) -> bool:
    """Say whether a path of the state directory belongs into a backup."""
    parts = name.split("/")
    inside = _BELOW.fullmatch(name) is not None and not {".", ".."} & set(parts)
    return name in _TOP or inside


def pack(folder: Path, out: BinaryIO, passphrase: str, about: dict[str, Any], tell: Tell) -> None:
    """Seal every file of a folder. `about` goes into the manifest. Raises OSError."""
    names = sorted(
        name
        for path in folder.rglob("*")
        if path.is_file() and is_kept(name := path.relative_to(folder).as_posix())
    )
    whole = sum((folder / name).stat().st_size for name in names)
    sealing, done = SealingFile(out, passphrase), 0
    files: dict[str, dict[str, Any]] = {}
    stream: Any = sealing  # tarfile asks of a stream only that it can be written
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for name in names:
            size = (folder / name).stat().st_size
            with (folder / name).open("rb") as file:
                member = tarfile.TarInfo(name)
                member.size, member.mode = size, 0o600
                counted: Any = _Counting(file)
                tar.addfile(member, counted)
            files[name] = {"bytes": size, "sha256": counted.digest.hexdigest()}
            done += size
            tell(done, whole)
        text = json.dumps({"format": FORMAT, **about, "files": files}).encode()
        last = tarfile.TarInfo(MANIFEST)
        last.size = len(text)
        tar.addfile(last, io.BytesIO(text))
    sealing.close()


def unpack(file: BinaryIO, folder: Path, passphrase: str, tell: Tell, size: int) -> dict[str, Any]:
    """Open a backup into an empty folder and return its manifest, which fits what was written.

    Raises WrongPassphrase, BackupBroken, BackupNewer, OSError.
    """
    opening: Any = OpeningFile(file, passphrase)
    found: dict[str, dict[str, Any]] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(fileobj=opening, mode="r|") as tar:
            for member in tar:
                if manifest is not None or len(found) >= MOST_FILES:
                    raise BackupBroken(Phrase("backup.too_much"))
                source = tar.extractfile(member) if member.isreg() else None
                if source is None or member.size > MOST_BYTES:
                    raise BackupBroken(Phrase("backup.no_file"))
                if member.name == MANIFEST:
                    manifest = _manifest(source.read(BLOCK * 4))
                elif not is_kept(member.name) or member.name in found:
                    raise BackupBroken(Phrase("backup.stranger"))
                else:
                    digest = _write(folder / member.name, _parts(source))
                    found[member.name] = {"bytes": member.size, "sha256": digest}
                tell(file.tell(), size)
        opening.read()  # to its end: what follows the archive is authenticated as well
    except tarfile.TarError as err:
        raise BackupBroken(Phrase("backup.contents_unreadable")) from err
    if manifest is None or manifest.get("files") != found or "config.db" not in found:
        raise BackupBroken(Phrase("backup.contents_differ"))
    return manifest


class _Counting:
    """A file that is hashed while it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.digest.update(data)
        return data


def _parts(source: IO[bytes]) -> Iterator[bytes]:
    while part := source.read(BLOCK):
        yield part


def _manifest(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
        form = found["format"]
    except (ValueError, KeyError, TypeError) as err:
        raise BackupBroken(Phrase("backup.manifest_unreadable")) from err
    if form != FORMAT:
        raise BackupNewer(Phrase("backup.newer_contents", found=form, known=FORMAT))
    return dict(found)


def _write(path: Path, parts: Iterable[bytes]) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    path.touch(mode=0o600)
    with path.open("wb") as out:
        for part in parts:
            digest.update(part)
            out.write(part)
    return digest.hexdigest()
