"""Start of the words process: `python -m hub.sense.words_process --parent PID --threads N`.

A child of the sensing process, so it has no network and may write no file either. Sound comes in
by standard input, numbers go out by standard output; the words exist nowhere but in here, for as
long as it takes to read them. Whisper's memory and time are thus counted apart, and go with it.

    in   number of samples as little-endian uint32, then as many float32 of 16 kHz sound
    out  one line of JSON each: WordsReady once, then WordsReply for every utterance
"""

import argparse
import os
import resource
import sys
from pathlib import Path
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict

from hub.sense.isolate import confine
from hub.sense.message_fields import Reason
from hub.sense.messages_from_sense import Usage
from hub.sense.wire_reading import WireReading

MOST_SAMPLES = 16 * 16_000
_SIZE_BYTES = 4


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class WordsReady(_Line):
    """The models are loaded, or the reason why not."""

    reason: Reason
    usage: Usage


class WordsReply(_Line):
    """What an utterance says; None when no words were understood in it."""

    reading: WireReading | None
    usage: Usage


def main(arguments: list[str] | None = None) -> None:
    """Read utterances until standard input ends."""
    parser = argparse.ArgumentParser(prog="hub.sense.words_process")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    chosen = parser.parse_args(arguments)
    confine(chosen.parent)
    from hub.sense.worker import print_where  # noqa: PLC0415 - after the confinement

    # Libraries print to the standard output now and then; only lines of ours may go there.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        _serve(sys.stdin.buffer, answers, chosen.threads)
    except Exception as err:  # noqa: BLE001 - told here, because nothing is above
        print_where(err)
        sys.stderr.flush()
        os._exit(1)
    # Threads inside native code would crash an interpreter that tears itself down.
    os._exit(0)


def _serve(utterances: BinaryIO, answers: BinaryIO, threads: int) -> None:
    from models.catalog import load_catalog  # noqa: PLC0415 - see above
    from models.errors import WeightsError  # noqa: PLC0415
    from models.word_reading import WordReader  # noqa: PLC0415

    try:
        reader = WordReader(load_catalog(), threads)
    except WeightsError as err:
        _answer(answers, WordsReady(reason=Reason.NO_WEIGHTS, usage=usage()))
        print(err, file=sys.stderr)  # noqa: T201 - the hub reads standard error
        return
    import numpy as np  # noqa: PLC0415

    _answer(answers, WordsReady(reason=Reason.NONE, usage=usage()))
    while len(size := utterances.read(_SIZE_BYTES)) == _SIZE_BYTES:
        count = int.from_bytes(size, "little")
        if not 0 < count <= MOST_SAMPLES:
            raise ValueError("an utterance of an impossible length")
        raw = utterances.read(count * 4)
        if len(raw) != count * 4:
            return
        reading = reader(np.frombuffer(raw, "<f4"))
        wire = None if reading is None else WireReading.of(reading)
        _answer(answers, WordsReply(reading=wire, usage=usage()))


def usage() -> Usage:
    """Return what this process uses."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(
        rss_mb=round(pages * resource.getpagesize() / 1e6, 1),
        cpu_s=round(spent.ru_utime + spent.ru_stime, 3),
    )


def _answer(answers: BinaryIO, line: _Line) -> None:
    answers.write(line.model_dump_json().encode() + b"\n")


if __name__ == "__main__":
    main()
