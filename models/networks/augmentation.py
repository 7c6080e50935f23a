"""Random changes of training images, on the device, that leave the diagnosis as it was."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from gliaboost.errors import UsageError

MIXES = ("none", "mixup", "cutmix")


@dataclass(frozen=True)
class Augmentation:
    """What may happen to an image; each image draws its own changes.

    Parameters
    ----------
    flip : bool
        Mirror left and right, half of the time: both sides of a head look alike.
    flip_vertical : bool
        Mirror top and bottom too: an axial slice never lies so, a patch may.
    rotation : float
        Degrees at most, either way, from 0.
    scale : float
        Larger or smaller by this share at most, 0 to below 1.
    shift : float
        Moved by this share of the side at most, 0 to below 1.
    intensity : float
        Contrast and gamma change by this share at most, 0 to below 1; brightness by half of it.
    noise : float
        Standard deviation of Gaussian noise at most, for values from 0 to 1.
    mix : {"none", "mixup", "cutmix"}
        Blend pairs of images and of their labels (Zhang 2018; Yun 2019).
    mix_alpha : float
        Both parameters of the Beta distribution that the blend is drawn from, above 0.

    Examples
    --------
    >>> images = torch.zeros(2, 1, 8, 8)
    >>> Augmentation()(images, torch.Generator().manual_seed(0)).shape
    torch.Size([2, 1, 8, 8])
    """

    flip: bool = True
    flip_vertical: bool = False
    rotation: float = 10.0
    scale: float = 0.1
    shift: float = 0.05
    intensity: float = 0.15
    noise: float = 0.02
    mix: str = "none"
    mix_alpha: float = 0.2

    def __post_init__(self) -> None:
        shares = {"scale": self.scale, "shift": self.shift, "intensity": self.intensity}
        wrong = [f"{name}={v!r}" for name, v in shares.items() if not 0 <= v < 1]
        sizes = {"rotation": self.rotation, "noise": self.noise}
        wrong += [f"{name}={v!r}" for name, v in sizes.items() if not v >= 0]
        if wrong:
            raise UsageError(f"augmentation {', '.join(wrong)}; expected 0 or more, shares below 1")
        if self.mix not in MIXES:
            raise UsageError(f"mix={self.mix!r}; expected one of {', '.join(MIXES)}")
        if not self.mix_alpha > 0:
            raise UsageError(f"mix_alpha={self.mix_alpha!r}; expected more than 0")

    def __call__(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Change each image.

        Parameters
        ----------
        images : float32 tensor [N, 1, H, W]
            0 to 1.
        generator : torch.Generator
            On the images' device.

        Returns
        -------
        float32 tensor [N, 1, H, W]
            0 to 1; what moves in from outside is black.
        """
        moved = _moved(images, self._motions(images, generator), "bilinear")
        return self._recoloured(moved, generator).clamp_(0, 1)

    def with_masks(
        self, images: torch.Tensor, masks: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Change each image, and move its mask with it.

        Parameters
        ----------
        images : float32 tensor [N, 1, H, W]
            0 to 1.
        masks : tensor [N, C, H, W]
            Any values; they are moved and not mixed with each other: the nearest pixel's is taken,
            0 from outside.
        generator : torch.Generator
            On the images' device; images are changed as without masks.

        Returns
        -------
        images : float32 tensor [N, 1, H, W]
        masks : tensor [N, C, H, W]
            Of the dtype given.
        """
        motions = self._motions(images, generator)
        moved = _moved(images, motions, "bilinear")
        beside = _moved(masks.to(images.dtype), motions, "nearest").to(masks.dtype)
        return self._recoloured(moved, generator).clamp_(0, 1), beside

    def _motions(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        count, height, width = len(images), images.shape[2], images.shape[3]
        angle = _between(images, generator, 1) * math.radians(self.rotation)
        factor = 1 + _between(images, generator, 1) * self.scale
        shift = _between(images, generator, 2) * 2 * self.shift
        mirror = torch.where(_between(images, generator, 2) < 0, -1.0, 1.0)
        allowed = torch.tensor([self.flip, self.flip_vertical], device=images.device)
        mirror = torch.where(allowed, mirror, torch.ones_like(mirror))
        cos, sin = torch.cos(angle) / factor, torch.sin(angle) / factor
        aspect = height / width
        rows = [
            torch.cat([cos * mirror[:, :1], -sin * aspect, shift[:, :1]], dim=1),
            torch.cat([sin / aspect, cos * mirror[:, 1:], shift[:, 1:]], dim=1),
        ]
        return torch.stack(rows, dim=1).reshape(count, 2, 3)

    def _recoloured(self, images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        def draw() -> torch.Tensor:
            return _between(images, generator, 1)[:, :, None, None]

        gamma = (1 + self.intensity) ** draw()
        contrast, brightness = 1 + draw() * self.intensity, draw() * self.intensity / 2
        noise = torch.randn(images.shape, generator=generator, device=images.device)
        spread = draw().abs() * self.noise
        # The ground stays black: brightness is that of the head.
        lit = images.clamp(min=1e-6).pow(gamma) * contrast + brightness * (images > 0.02)
        return lit + noise * spread

    def mixed(
        self, images: torch.Tensor, targets: torch.Tensor, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Blend each image, and its target ``[N, K]``, with another's of the batch."""
        if self.mix == "none" or len(images) < 2:
            return images, targets
        share = _beta(self.mix_alpha, images.device, generator)
        order = torch.randperm(len(images), generator=generator, device=images.device)
        if self.mix == "mixup":
            blended = share * images + (1 - share) * images[order]
            return blended, share * targets + (1 - share) * targets[order]
        height, width = images.shape[2:]
        rows, columns = round(height * (1 - share) ** 0.5), round(width * (1 - share) ** 0.5)
        corner = torch.rand(2, generator=generator, device=images.device).tolist()
        top, left = int(corner[0] * (height - rows + 1)), int(corner[1] * (width - columns + 1))
        pasted = images.clone()
        pasted[:, :, top : top + rows, left : left + columns] = images[
            order, :, top : top + rows, left : left + columns
        ]
        kept = 1 - rows * columns / (height * width)
        return pasted, kept * targets + (1 - kept) * targets[order]


def _moved(images: torch.Tensor, motions: torch.Tensor, mode: str) -> torch.Tensor:
    grid = torch.nn.functional.affine_grid(motions, list(images.shape), align_corners=False)
    return torch.nn.functional.grid_sample(
        images, grid, mode=mode, padding_mode="zeros", align_corners=False
    )


def _between(images: torch.Tensor, generator: torch.Generator, columns: int) -> torch.Tensor:
    """Draw evenly from -1 to 1, ``[N, columns]``."""
    size = (len(images), columns)
    return torch.rand(size, generator=generator, device=images.device) * 2 - 1


def _beta(alpha: float, device: torch.device, generator: torch.Generator) -> float:
    # torch's Beta takes no generator; NumPy's is seeded from it.
    import numpy as np

    seed = int(torch.randint(2**31 - 1, (1,), generator=generator, device=device))
    return float(np.random.default_rng(seed).beta(alpha, alpha))
