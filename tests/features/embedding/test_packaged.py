from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from typing import Any

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from gliaboost._compat import import_timm
from gliaboost.errors import MissingExtraError, WeightsError
from gliaboost.features.embedding import packaged
from gliaboost.features.embedding.packaged import PACKAGED, PACKAGES, packaged_weights

torch = pytest.importorskip("torch")

from gliaboost.features.embedding.backbones import (  # noqa: E402
    backbone_input,
    create_backbone,
    weights_checksum,
)

# ImageNet's number of a palace.
PALACE = 698
SIDES = dict(zip(PACKAGES, (224, 240, 260), strict=True))
HERE = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(
            find_spec(package.name.replace("-", "_")) is None, reason=f"no {package.name}"
        ),
    )
    for name, package in PACKAGES.items()
]


@pytest.fixture(scope="module", params=HERE)
def whole(request: Any) -> Any:
    """Give timm's network with its classifier, every tensor from the package."""
    model = import_timm().create_model(request.param)
    model.load_state_dict(packaged_weights(request.param), strict=True)
    return request.param, model.eval()


def test_a_package_fits_every_tensor(whole: Any) -> None:
    name, model = whole
    found = create_backbone(name, "package")
    wanted = model.state_dict()
    assert found.state_dict().keys() < wanted.keys()
    for key, value in found.state_dict().items():
        assert torch.equal(value, wanted[key])
    assert not found.training
    assert weights_checksum(name, "package") == PACKAGES[name].sha256


def test_a_packaged_network_names_what_is_on_a_photograph(whole: Any) -> None:
    # Blocks in the wrong order, or another mean, would not name it.
    name, model = whole
    side = backbone_input(name).size
    assert side == SIDES[name]
    picture = load_sample_image("china.jpg")
    middle = picture[:, (picture.shape[1] - picture.shape[0]) // 2 :][:, : len(picture)]
    small = cv2.resize(middle, (side, side), interpolation=cv2.INTER_AREA)
    batch = torch.from_numpy((small / 127.5 - 1).astype(np.float32).transpose(2, 0, 1))[None]
    with torch.inference_mode():
        assert int(model(batch)[0].argmax()) == PALACE


@pytest.mark.parametrize(
    ("name", "given", "timms"),
    [
        (PACKAGED, "_conv_stem.weight", "conv_stem.weight"),
        (PACKAGED, "_bn1.running_var", "bn2.running_var"),
        (PACKAGED, "_fc.bias", "classifier.bias"),
        (PACKAGED, "_blocks.0._project_conv.weight", "blocks.0.0.conv_pw.weight"),
        (PACKAGED, "_blocks.1._expand_conv.weight", "blocks.1.0.conv_pw.weight"),
        (PACKAGED, "_blocks.4._bn2.bias", "blocks.2.1.bn3.bias"),
        (PACKAGED, "_blocks.15._depthwise_conv.weight", "blocks.6.0.conv_dw.weight"),
        ("tf_efficientnet_lite2", "_blocks.4._bn2.bias", "blocks.2.0.bn3.bias"),
        ("tf_efficientnet_lite2", "_blocks.20._bn0.bias", "blocks.6.0.bn1.bias"),
    ],
)
def test_the_packages_names_become_timms(name: str, given: str, timms: str) -> None:
    assert packaged._timms(given, PACKAGES[name].stages) == timms


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def change(backbone: str, **values: Any) -> None:
        other = dataclasses.replace(PACKAGES[backbone], **values)
        monkeypatch.setitem(PACKAGES, backbone, other)

    return change


@pytest.mark.parametrize("name", PACKAGES)
def test_a_missing_package_names_its_extra(changed: Any, name: str) -> None:
    changed(name, name="no-such-package-here")
    extra = "torch" if name == PACKAGED else "backbones"
    with pytest.raises(
        MissingExtraError, match=rf"no-such-package-here, which.*gliaboost\[{extra}\]"
    ):
        create_backbone(name, "package")


def test_an_altered_package_is_refused(changed: Any) -> None:
    changed(PACKAGED, sha256="0" * 64)
    with pytest.raises(WeightsError, match="missing or altered; install it again"):
        create_backbone(PACKAGED, "package")
