"""timm's own weights on the hub: how they are called, and whether they can be had here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gliaboost.errors import GliaboostError, UsageError
from gliaboost.features.embedding.packaged import PACKAGED
from gliaboost.features.embedding.timm_names import timm_library, timm_name
from gliaboost.features.embedding.weights import NAMING

_OTHERWISE = f"or keep the backbone {PACKAGED}, whose weights come with gliaboost"


def hub_name(backbone: str) -> str:
    """Name the hub's weights of a backbone as timm does, ``NETWORK.TAG``; empty: there are none."""
    cfg = timm_library().get_pretrained_cfg(timm_name(backbone))
    tagged = cfg is not None and (cfg.hf_hub_id or cfg.url) and cfg.tag
    return f"{cfg.architecture}.{cfg.tag}" if tagged else ""


def refuse_unreachable(name: str) -> None:
    """Say how to get and name a backbone's weights where the hub has none, or none is reached.

    Parameters
    ----------
    name : str
        timm's.

    Raises
    ------
    UsageError
        If timm has no weights for it.
    GliaboostError
        If there is no network, and they were not fetched before.
    """
    cfg = timm_library().get_pretrained_cfg(name)
    if cfg is None or not (cfg.hf_hub_id or cfg.url):
        raise UsageError(f"timm has no weights for {name}; name a file: {NAMING}; {_OTHERWISE}")
    if offline() and cached(cfg) is None:
        raise GliaboostError(unfetched(name, cfg, "no network, and they were not fetched before"))


def unfetched(name: str, cfg: Any, reason: str) -> str:
    """Say how to get weights that could not be fetched, and how to name them."""
    where = f"https://huggingface.co/{cfg.hf_hub_id}" if cfg.hf_hub_id else cfg.url
    return (
        f"the weights of {name} cannot be fetched from the hub ({reason}); fetch them where there "
        f"is a network, from {where}, and name the file: {NAMING}; {_OTHERWISE}"
    )


def offline() -> bool:
    """Whether no name can be resolved: the hub's client would try for most of a minute."""
    import os
    import socket
    import urllib.request

    if urllib.request.getproxies() or os.environ.get("HF_ENDPOINT"):
        return False
    try:
        socket.getaddrinfo("huggingface.co", 443)
    except OSError:
        return True
    return False


def cached(cfg: Any) -> Path | None:
    """Find weights that were fetched before; None where they were not."""
    from huggingface_hub import try_to_load_from_cache

    for file in ("model.safetensors", "pytorch_model.bin"):
        found = try_to_load_from_cache(cfg.hf_hub_id, file) if cfg.hf_hub_id else None
        if isinstance(found, str):
            return Path(found)
    return None
