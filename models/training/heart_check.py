"""Compare the heart's figures with NeuroKit2's: `python -m models.training.heart_check --data DIR`.

DIR holds NeuroKit's own recordings (`*.csv.gz` with a column ECG, 100 Hz). NeuroKit finds the
beats and corrects their artefacts (Lipponen and Tarvainen 2019, doi:10.1080/03091902.2019.1640306).
Both then judge the corrected beats; and ours, with its own rejection of artefacts, the beats as
found, against NeuroKit's figures of the corrected ones. Its correction is no truth: beats that it
puts where the ECG has no wave are counted. Needs the package neurokit2.
"""

import argparse
import csv
import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import neurokit2
import numpy as np
from numpy.typing import NDArray

from models.heart import rhythm

RATE_HZ: Final = 100

_NEAR_S: Final = 0.03
_WAVE: Final = 0.5
"""Of the median height of the beats found: less is no R wave."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Figures of one recording, and the largest relative difference of ours from NeuroKit's.

    `neurokit` and `same` are of the corrected beats, `found` is ours of the beats as found and
    `uncorrected` NeuroKit's of them, without rejection. `moved` counts beats that the correction
    moved or added, `off_wave` those among them that lie where the ECG has no R wave.
    """

    record: str
    seconds: float
    beats: int
    rejected: float
    neurokit: dict[str, float]
    same: dict[str, float]
    found: dict[str, float]
    uncorrected: dict[str, float]
    moved: int
    off_wave: int
    worst_same: float
    worst_found: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.training.heart_check")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    records = sorted(options.data.glob("*.csv.gz"))
    found = [
        compare(path.name.removesuffix(".csv.gz"), read_ecg(path), RATE_HZ) for path in records
    ]
    result = {"kind": "heart", "model": "body_v1", "data": "neurokit", "records": found}
    text = json.dumps(result, indent=1, default=asdict)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")


def read_ecg(path: Path) -> NDArray[np.float64]:
    """Return the column ECG of a recording."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
        return np.array([float(row["ECG"]) for row in csv.DictReader(stream)])


def compare(record: str, ecg: NDArray[np.float64], rate_hz: int) -> Agreement:
    """Let both judge the beats of an ECG; raises ValueError when it has too few."""
    cleaned = neurokit2.ecg_clean(ecg, sampling_rate=rate_hz)
    found, corrected = (
        neurokit2.ecg_peaks(cleaned, sampling_rate=rate_hz, correct_artifacts=correct)[1][
            "ECG_R_Peaks"
        ]
        for correct in (False, True)
    )
    theirs, uncorrected = (_neurokit(peaks, rate_hz) for peaks in (corrected, found))
    ours = [rhythm([float(rr) for rr in np.diff(peaks) / rate_hz]) for peaks in (corrected, found)]
    if ours[0] is None or ours[1] is None:
        raise ValueError(f"{record} has too few beats")
    same, raw = ({name: float(getattr(one, name)) for name in theirs} for one in ours)
    moved = sorted({int(beat) for beat in corrected} - {int(beat) for beat in found})
    least = _WAVE * float(np.median(cleaned[found]))
    return Agreement(
        record=record,
        seconds=len(ecg) / rate_hz,
        beats=ours[1].beats,
        rejected=ours[1].rejected,
        neurokit=theirs,
        same=same,
        found=raw,
        uncorrected=uncorrected,
        moved=len(moved),
        off_wave=sum(_highest(cleaned, beat, rate_hz) < least for beat in moved),
        worst_same=max(abs(same[name] / theirs[name] - 1.0) for name in theirs),
        worst_found=max(abs(raw[name] / theirs[name] - 1.0) for name in theirs),
    )


def _neurokit(peaks: NDArray[np.int64], rate_hz: int) -> dict[str, float]:
    said = neurokit2.hrv_time(peaks, sampling_rate=rate_hz)
    return {
        "bpm": 60_000.0 / float(said["HRV_MeanNN"].iloc[0]),
        "rmssd_ms": float(said["HRV_RMSSD"].iloc[0]),
        "sdnn_ms": float(said["HRV_SDNN"].iloc[0]),
    }


def _highest(ecg: NDArray[np.float64], at: int, rate_hz: int) -> float:
    """Return the ECG's highest value within _NEAR_S of a place."""
    reach = round(_NEAR_S * rate_hz)
    return float(ecg[max(0, at - reach) : at + reach + 1].max())


if __name__ == "__main__":
    main()
