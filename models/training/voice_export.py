"""Torch module -> int8 TFLite file: weights int8 per channel, activations float."""

from pathlib import Path

import litert_torch
import torch
from ai_edge_quantizer import quantizer, recipe

from models.log_mel import FRAMES, MELS


def export_int8(module: torch.nn.Module, target: Path) -> None:
    """Convert a module that takes one (1, 80, 300) spectrogram, and write `target`."""
    sample = torch.zeros(1, MELS, FRAMES)
    floating = target.with_suffix(".float.tflite")
    litert_torch.convert(module.eval(), (sample,)).export(str(floating))
    job = quantizer.Quantizer(str(floating), recipe.dynamic_wi8_afp32())
    job.quantize().export_model(str(target), overwrite=True)
