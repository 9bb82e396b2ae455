"""Reads the encoder out of a Whisper model in CTranslate2's format, without its runtime.

The layout is that of CTranslate2's `model_spec.py`: version, name, revision, count; then for each
variable its name, rank, shape, type, size and bytes, all little-endian.
"""

import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

_Found = TypeVar("_Found")

_VERSION: Final = 6
_DTYPES: Final = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}


def read_weights(source: Path) -> dict[str, NDArray[np.float32]]:
    """Read the encoder's variables from a wheel, a folder that holds `model.bin`, or that file.

    Raises FileNotFoundError without a model.bin, ValueError for another version or a broken file.
    """
    if source.suffix == ".whl":
        with zipfile.ZipFile(source) as wheel:
            members = [name for name in wheel.namelist() if name.endswith("model.bin")]
            with wheel.open(_first(members, source)) as stream:
                return _read_variables(stream)
    path = source if source.is_file() else _first(sorted(source.rglob("model.bin")), source)
    with path.open("rb") as stream:
        return _read_variables(stream)


def _read_variables(stream: IO[bytes]) -> dict[str, NDArray[np.float32]]:
    (version,) = struct.unpack("<I", _read(stream, 4))
    if version != _VERSION:
        raise ValueError(f"CTranslate2 file version {version} is not {_VERSION}")
    _read_text(stream)
    _revision, count = struct.unpack("<II", _read(stream, 8))
    variables = {}
    for _ in range(count):
        name = _read_text(stream)
        (rank,) = struct.unpack("<B", _read(stream, 1))
        shape = struct.unpack(f"<{rank}I", _read(stream, 4 * rank))
        kind, size = struct.unpack("<BI", _read(stream, 5))
        data = _read(stream, size)
        if name.startswith("encoder/") and rank > 0:
            values = np.frombuffer(data, dtype=_DTYPES[kind]).reshape(shape)
            variables[name] = values.astype(np.float32)
    return variables


def _read_text(stream: IO[bytes]) -> str:
    (length,) = struct.unpack("<H", _read(stream, 2))
    return _read(stream, length).rstrip(b"\0").decode()


def _read(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) != size:
        raise ValueError("the CTranslate2 file ends early")
    return data


def _first(found: Sequence[_Found], source: Path) -> _Found:
    if not found:
        raise FileNotFoundError(f"{source} holds no model.bin")
    return found[0]
