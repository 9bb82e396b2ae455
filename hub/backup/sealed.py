"""The encrypted file: a header, then chunks of AES-256-GCM in the STREAM construction.

    magic "MOODSYNC" | version 1 | Argon2id: KiB u32, passes u32, lanes u8, salt 16
    | nonce prefix 7 | check 16 | chunk, chunk, ..., last chunk

All numbers are big-endian. Argon2id (RFC 9106) makes 32 bytes of the passphrase in UTF-8, NFC.
HKDF-SHA256 of them (no salt) makes `check` (info `moodsync backup v1 check`, 16 bytes), by which a
wrong passphrase is told from a broken file, and the key (info `moodsync backup v1 key`, 32 bytes).
Each chunk is 65,536 bytes of plain text (the last one less or as many) and a tag of 16; its nonce
is prefix | counter u32 | 1 for the last chunk, else 0; the whole header is its associated data. So
nothing can be left out, added, moved or cut off unseen (Hoang et al. 2015, the STREAM scheme).
"""

import hmac
import os
import struct
import unicodedata
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.backup.errors import BackupBroken, BackupNewer, WrongPassphrase
from hub.phrase import Phrase

MAGIC = b"MOODSYNC"
VERSION = 1
CHUNK = 65_536
TAG = 16
MEMORY_KIB, PASSES, LANES = 65_536, 3, 4
"""RFC 9106, section 4: the second recommended option."""
MOST_MEMORY_KIB, MOST_PASSES = 1 << 20, 20
"""A file may not ask for more: it could otherwise exhaust the machine before it is known."""

_HEAD = struct.Struct(">8sBIIB16s7s16s")


class SealingFile:
    """Written to like a file; `close` writes the last chunk. Not seekable."""

    def __init__(self, out: BinaryIO, passphrase: str) -> None:
        salt, self._prefix = os.urandom(16), os.urandom(7)
        key, check = _keys(passphrase, salt, MEMORY_KIB, PASSES, LANES)
        self._header = _HEAD.pack(
            MAGIC, VERSION, MEMORY_KIB, PASSES, LANES, salt, self._prefix, check
        )
        self._aead = AESGCM(key)
        self._out, self._count, self._waiting = out, 0, bytearray()
        out.write(self._header)

    def write(self, data: bytes) -> int:
        """Take some plain text."""
        self._waiting += data
        while len(self._waiting) > CHUNK:  # the last chunk is not known before the end
            self._seal(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(data)

    def close(self) -> None:
        """Write what is left as the last chunk."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self._prefix, self._count, last=last)
        self._out.write(self._aead.encrypt(nonce, plain, self._header))
        self._count += 1


class OpeningFile:
    """Read from like a file. Raises WrongPassphrase, BackupBroken or BackupNewer."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        self._file = file
        self._header = file.read(_HEAD.size)
        if len(self._header) < _HEAD.size or self._header[:8] != MAGIC:
            raise BackupBroken(Phrase("backup.no_backup"))
        _, version, memory, passes, lanes, salt, self._prefix, check = _HEAD.unpack(self._header)
        if version != VERSION:
            raise BackupNewer(Phrase("backup.newer_file", found=version, known=VERSION))
        if not (0 < memory <= MOST_MEMORY_KIB and 0 < passes <= MOST_PASSES and lanes):
            raise BackupBroken(Phrase("backup.beginning_damaged"))
        key, wanted = _keys(passphrase, salt, memory, passes, lanes)
        if not hmac.compare_digest(check, wanted):
            raise WrongPassphrase(Phrase("backup.wrong_passphrase"))
        self._aead = AESGCM(key)
        self._count, self._plain, self._ended = 0, bytearray(), False
        self._next = file.read(CHUNK + TAG)

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, empty at the end; nothing that was not authenticated."""
        while not self._ended and (size < 0 or len(self._plain) < size):
            self._open()
        taken = bytes(self._plain if size < 0 else self._plain[:size])
        del self._plain[: len(taken)]
        return taken

    def _open(self) -> None:
        sealed, self._next = self._next, self._file.read(CHUNK + TAG)
        last = not self._next
        nonce = _nonce(self._prefix, self._count, last=last)
        try:
            self._plain += self._aead.decrypt(nonce, sealed, self._header)
        except InvalidTag:
            raise BackupBroken(Phrase("backup.damaged")) from None
        self._count += 1
        self._ended = last


def _nonce(prefix: bytes, count: int, *, last: bool) -> bytes:
    return prefix + count.to_bytes(4, "big") + bytes([last])


def _keys(
    passphrase: str, salt: bytes, memory: int, passes: int, lanes: int
) -> tuple[bytes, bytes]:
    text = unicodedata.normalize("NFC", passphrase).encode()
    try:
        kdf = Argon2id(salt=salt, length=32, iterations=passes, lanes=lanes, memory_cost=memory)
        root = kdf.derive(text)
    except ValueError as err:
        raise BackupBroken(Phrase("backup.beginning_damaged")) from err
    key, check = (
        HKDF(SHA256(), length, None, b"moodsync backup v1 " + info).derive(root)
        for length, info in ((32, b"key"), (16, b"check"))
    )
    return key, check
