"""Random changes of training crops, on whole batches: geometry, light, blur, noise, erasing, mixup.

Geometry is wider than FER's own spread because the camera's crops are framed by a detector.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

ROTATE_RAD, ZOOM, SHIFT, STRETCH = 0.24, 0.15, 0.09, 0.08
MIRROR = 0.5


@dataclass(frozen=True, slots=True)
class Harshness:
    """Which share of a batch's crops is erased in part, blurred, made noisy, blended."""

    erase: float
    blur: float
    noise: float
    mixup: float


MILD = Harshness(0.15, 0.08, 0.1, 0.0)
FIRM = Harshness(0.25, 0.1, 0.12, 0.25)


def standardise(crops: Tensor) -> Tensor:
    """Each crop to mean 0 and deviation 1, clipped at 4: the network's light normalisation."""
    mean = crops.mean(dim=(1, 2, 3), keepdim=True)
    deviation = crops.std(dim=(1, 2, 3), keepdim=True, correction=0)
    return ((crops - mean) / (deviation + 2.0)).clamp(-4.0, 4.0)


def augment(
    crops: Tensor, targets: Tensor, size: int, harshness: Harshness, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Change uint8-valued float crops [n, 1, 48, 48]; give standardised [n, 1, size, size]."""
    crops = _warp(crops, size, generator)
    crops = _light(crops, generator)
    crops = _blur(crops, harshness.blur, generator)
    crops = _noise(crops, harshness.noise, generator)
    crops = standardise(crops)
    crops = _erase(crops, harshness.erase, generator)
    return _mixup(crops, targets, harshness.mixup, generator)


def _uniform(n: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(n, generator=generator) * (high - low) + low


def _warp(crops: Tensor, size: int, generator: torch.Generator) -> Tensor:
    n = len(crops)
    angle = _uniform(n, -ROTATE_RAD, ROTATE_RAD, generator)
    zoom = torch.exp(_uniform(n, -ZOOM, ZOOM, generator))
    stretch = torch.exp(_uniform(n, -STRETCH, STRETCH, generator))
    flip = torch.where(torch.rand(n, generator=generator) < MIRROR, -1.0, 1.0)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0] = torch.cos(angle) * zoom * stretch * flip
    theta[:, 0, 1] = -torch.sin(angle) * zoom
    theta[:, 1, 0] = torch.sin(angle) * zoom * flip
    theta[:, 1, 1] = torch.cos(angle) * zoom / stretch
    theta[:, :, 2] = _uniform(n * 2, -2 * SHIFT, 2 * SHIFT, generator).view(n, 2)
    grid = functional.affine_grid(theta, [n, 1, size, size], align_corners=False)
    return functional.grid_sample(crops, grid, padding_mode="border", align_corners=False)


def _light(crops: Tensor, generator: torch.Generator) -> Tensor:
    """Gamma per crop and a linear shade across it; gain and offset vanish when standardised."""
    n, size = len(crops), crops.shape[-1]
    gamma = torch.exp(_uniform(n, -0.4, 0.4, generator)).view(n, 1, 1, 1)
    ramp = torch.linspace(-1, 1, size)
    slope = _uniform(n * 2, -0.25, 0.25, generator).view(2, n, 1, 1, 1)
    shade = 1 + slope[0] * ramp.view(1, 1, 1, size) + slope[1] * ramp.view(1, 1, size, 1)
    return 255 * (crops / 255).clamp(0, 1) ** gamma * shade


def _blur(crops: Tensor, share: float, generator: torch.Generator) -> Tensor:
    rows = torch.rand(len(crops), generator=generator) < share
    if rows.any():
        size = crops.shape[-1]
        small = functional.interpolate(crops[rows], size=size // 2, mode="area")
        crops[rows] = functional.interpolate(small, size=size, mode="bilinear")
    return crops


def _noise(crops: Tensor, share: float, generator: torch.Generator) -> Tensor:
    rows = (torch.rand(len(crops), generator=generator) < share).view(-1, 1, 1, 1)
    strength = _uniform(len(crops), 2.0, 18.0, generator).view(-1, 1, 1, 1)
    return crops + rows * strength * torch.randn(crops.shape, generator=generator)


def _erase(crops: Tensor, share: float, generator: torch.Generator) -> Tensor:
    n, size = len(crops), crops.shape[-1]
    rows = torch.rand(n, generator=generator) < share
    extent = _uniform(n * 2, 0.15, 0.4, generator).view(n, 2) * size
    start = torch.rand(n, 2, generator=generator) * (size - extent)
    place = torch.arange(size)
    inside = (
        (place >= start[..., None]) & (place < (start + extent)[..., None]) & rows[:, None, None]
    )
    hole = inside[:, 0, :, None] & inside[:, 1, None, :]
    grey = _uniform(n, -2.0, 2.0, generator).view(n, 1, 1, 1)
    return torch.where(hole[:, None], grey, crops)


def _mixup(
    crops: Tensor, targets: Tensor, rate: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Blend with the batch turned by one; most batches' rows stay as they are."""
    rows = torch.rand(len(crops), generator=generator) < rate
    share = torch.where(rows, _uniform(len(crops), 0.0, 0.35, generator), torch.zeros(len(crops)))
    weight = share.view(-1, 1, 1, 1)
    mixed = crops * (1 - weight) + crops.roll(1, dims=0) * weight
    return mixed, targets * (1 - share[:, None]) + targets.roll(1, dims=0) * share[:, None]
