"""Grad-CAM: where a network's last maps speak for a class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.models.networks.network import Network
from gliaboost.models.networks.prediction import ready_images


def grad_cam(
    network: Network, image: NDArray[np.uint8], k: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weigh the last maps by their gradients and keep what is positive.

    Parameters
    ----------
    network : Network
        Trained.
    image : uint8 array [S, S]
        Prepared.
    k : int, optional
        Class; default: the most probable.

    Returns
    -------
    heat : float32 array [S, S]
        0 to 1.
    logits : float32 array [K]

    References
    ----------
    R. R. Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
    Localization, ICCV 2017.
    """
    import cv2
    import torch

    seen: list[Any] = []

    def keep(module: Any, given: Any, out: Any) -> None:
        if isinstance(out, torch.Tensor) and out.ndim == 4 and min(out.shape[2:]) > 1:
            out.retain_grad()
            seen.append(out)

    network.eval()
    leaves = [m for m in network.body.modules() if not list(m.children())]
    hooks = [m.register_forward_hook(keep) for m in leaves]
    try:
        with torch.enable_grad():
            grey = (
                ready_images(image[None], network.given, "cpu").float().div_(255).requires_grad_()
            )
            logits = network(grey)
            chosen = int(logits[0].argmax()) if k is None else k
            network.zero_grad()
            logits[0, chosen].backward()
    finally:
        for hook in hooks:
            hook.remove()
    last = next(out for out in reversed(seen) if out.grad is not None)
    weights = last.grad.mean(dim=(2, 3), keepdim=True)
    map_ = torch.relu((weights * last).sum(dim=1))[0].detach().numpy()
    heat: Any = cv2.resize(map_, image.shape[::-1], interpolation=cv2.INTER_CUBIC)
    heat = np.clip(heat, 0, None)
    return heat / max(float(heat.max()), 1e-12), logits[0].detach().numpy()
