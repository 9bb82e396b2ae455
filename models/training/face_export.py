"""Torch network -> int8 TFLite file: weights and activations int8, input and output float.

Static ranges from real crops let a small board compute in integers from end to end.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from models.face_emotion import standardise


def export(net: nn.Module, crops: NDArray[np.uint8], side: int, target: Path) -> None:
    """Write `target` (int8, input [1, side, side, 1]) and its float twin.

    `crops` [n, 48, 48] set the ranges of the activations.
    """
    # Imported late: they take ten seconds, which a training run should not wait for.
    import litert_torch  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from ai_edge_quantizer import quantizer, recipe  # noqa: PLC0415

    channels_last = litert_torch.to_channel_last_io(net.eval(), args=[0])
    floating = target.with_suffix(".float.tflite")
    litert_torch.convert(channels_last, (torch.zeros(1, side, side, 1),)).export(str(floating))
    job = quantizer.Quantizer(str(floating), recipe.static_wi8_ai8())
    samples = [{"args_0": standardise(crop, side)[None, :, :, None]} for crop in crops]
    ranges = job.calibrate({"serving_default": samples}, num_threads=1)
    job.quantize(ranges).export_model(str(target), overwrite=True)
