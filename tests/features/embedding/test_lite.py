from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from gliaboost.errors import UsageError, WeightsError
from gliaboost.features.embedding import packaged
from gliaboost.features.embedding.packaged import PACKAGES

torch = pytest.importorskip("torch")

from gliaboost.features.embedding.backbones import create_backbone  # noqa: E402
from gliaboost.features.embedding.frozen import channels, layer_maps, load_frozen  # noqa: E402
from gliaboost.features.embedding.lite import ENDS, lite_layout, load_lite  # noqa: E402


@pytest.mark.integration
@pytest.mark.parametrize("name", list(PACKAGES))
def test_its_numbers_are_those_of_timm_to_the_last_bit(name: str) -> None:
    timms, ours = create_backbone(name, "package"), load_lite(name)
    assert {k: v.shape for k, v in ours.state_dict().items()} == {
        k: v.shape for k, v in timms.state_dict().items()
    }
    rng = torch.Generator().manual_seed(0)
    layers = [-1, *range(len(ENDS))]
    # Sides that halve evenly, and that do not: there the padding differs between the sides.
    for sides in ((64, 64), (97, 66), (33, 31)):
        for layout in (torch.contiguous_format, torch.channels_last):
            batch = torch.randn(2, 3, *sides, generator=rng).to(memory_format=layout)
            for model in (timms, ours):
                model.to(memory_format=layout)  # type: ignore[call-overload]
            with torch.inference_mode():
                for asked in (layers, [1, 3], [-1], [0]):
                    pairs = zip(
                        layer_maps(timms, batch, asked), layer_maps(ours, batch, asked), strict=True
                    )
                    assert all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.integration
def test_it_takes_other_precisions() -> None:
    timms, ours = (m.to(torch.bfloat16) for m in (create_backbone(), load_lite(packaged.PACKAGED)))
    batch = torch.ones(1, 3, 40, 40, dtype=torch.bfloat16)
    with torch.inference_mode():
        assert torch.equal(timms.forward_features(batch), ours.forward_features(batch))  # type: ignore[operator]


def test_layers_that_it_has_not_are_refused_as_by_timm() -> None:
    said = []
    for model in (create_backbone(), load_lite(packaged.PACKAGED)):
        with pytest.raises(UsageError) as refused:
            layer_maps(model, torch.zeros(1, 3, 32, 32), [1, 5])
        said.append(str(refused.value))
    assert said[0] == said[1]


@pytest.mark.integration
def test_its_layout_takes_no_weights_and_counts_as_they_do() -> None:
    assert {p.device.type for p in lite_layout("tf_efficientnet_lite2").parameters()} == {"meta"}
    layers = (-1, *range(len(ENDS)))
    for name in PACKAGES:
        with torch.device("meta"), torch.inference_mode():
            maps = layer_maps(lite_layout(name), torch.empty(1, 3, 64, 64), layers)
        assert channels(name, layers) == tuple(m.shape[1] for m in maps)
    assert channels("efficientnet_lite2", layers) == (1280, 16, 24, 48, 120, 352)
    with pytest.raises(UsageError, match=r"layers \[5\]; expected -1, or 0 to 4"):
        channels("efficientnet_lite2", (5,))


def test_altered_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = PACKAGES[packaged.PACKAGED]
    other = packaged.Package(**{**vars(known), "sha256": "0" * 64})
    monkeypatch.setitem(PACKAGES, packaged.PACKAGED, other)
    with pytest.raises(WeightsError, match="install it again"):
        load_lite(packaged.PACKAGED)


@pytest.mark.integration
def test_frozen_columns_need_no_timm() -> None:
    code = (
        "import sys; sys.modules['timm'] = sys.modules['torchvision'] = None\n"
        "import numpy as np\n"
        "from gliaboost.features import create\n"
        "images = np.arange(64 * 64, dtype=np.uint8).reshape(1, 64, 64)\n"
        "made = create('embedding', layers=[3, -1], pools=['avg'])\n"
        "columns = made.transform(images)\n"
        "assert len(made.get_feature_names_out()) == columns.shape[1]\n"
        "assert 'torch._dynamo' not in sys.modules\n"
        "print(columns.tobytes().hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    images = np.arange(64 * 64, dtype=np.uint8).reshape(1, 64, 64)
    mine = load_frozen("tf_efficientnet_lite0", "package", "", "", "cpu", "float32")
    ours, timms = mine.model, create_backbone()
    mine.model = timms.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    try:
        columns = mine.columns(images, (3, -1), ("avg",), "cpu").numpy()
    finally:
        mine.model = ours
    assert np.array_equal(columns.ravel(), np.frombuffer(bytes.fromhex(done.stdout), np.float32))
