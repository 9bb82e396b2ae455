"""Torch network -> int8 TFLite file: weights and activations int8, input and output float.

Static ranges from real crops let a small board compute in integers from end to end.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from models.face_emotion import standardise
from models.runtime import Net

COMPARED, TOLERANCE = 8, 1e-3
"""Crops on which the written file is compared, and how far a score may be off."""


def export(net: nn.Module, crops: NDArray[np.uint8], side: int, target: Path) -> None:
    """Write `target` (int8, input [1, side, side, 1]) and its float twin.

    `crops` [n, 48, 48] set the ranges of the activations.
    """
    # Imported late: they take ten seconds, which a training run should not wait for.
    import litert_torch  # noqa: PLC0415
    import torch  # noqa: PLC0415
    from ai_edge_quantizer import calibrator, quantizer, recipe, recipe_manager  # noqa: PLC0415
    from ai_edge_quantizer.utils.qsv_utils import min_max_update  # noqa: PLC0415

    # Weights that lie in memory channel by channel come out of the converter in the wrong order.
    net = net.to(memory_format=torch.contiguous_format).eval()
    channels_last = litert_torch.to_channel_last_io(net, args=[0])
    floating = target.with_suffix(".float.tflite")
    litert_torch.convert(channels_last, (torch.zeros(1, side, side, 1),)).export(str(floating))
    _compare(net, floating, [standardise(crop, side) for crop in crops[:COMPARED]])
    samples = [{"args_0": standardise(crop, side)[None, :, :, None]} for crop in crops]
    recipes = recipe_manager.RecipeManager()
    recipes.load_quantization_recipe(recipe.static_wi8_ai8())
    # The quantizer by itself takes moving averages of each crop's extremes, which cut off a third
    # of the scores' range (measured: an error of .47 in a score, against .05 with true extremes).
    ranges = calibrator.Calibrator(str(floating), 1, qsv_update_func=min_max_update)
    ranges.calibrate({"serving_default": samples}, recipes)
    job = quantizer.Quantizer(str(floating), recipe.static_wi8_ai8())
    job.quantize(ranges.get_model_qsvs()).export_model(str(target), overwrite=True)


def _compare(net: nn.Module, file: Path, crops: list[NDArray[np.float32]]) -> None:
    """Raise ValueError where the file's scores are not the network's."""
    import torch  # noqa: PLC0415

    written = Net.load(file)
    with torch.no_grad():
        for crop in crops:
            wanted = net(torch.from_numpy(crop)[None, None]).numpy()
            found = written(crop[None, :, :, None])[0]
            if not np.allclose(found, wanted, atol=TOLERANCE):
                raise ValueError(f"{file.name} does not say what the network says")
