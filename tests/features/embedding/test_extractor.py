from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import GliaboostError, UsageError, WeightsError
from gliaboost.features import create, from_feature_names, from_spec
from gliaboost.features.embedding.extractor import Embedding
from gliaboost.features.extract import extract, matrix
from gliaboost.features.store import FeatureStore

torch = pytest.importorskip("torch")

from gliaboost._compat import import_timm  # noqa: E402
from gliaboost.features.embedding import frozen, pooling  # noqa: E402
from gliaboost.features.embedding.backbones import create_backbone  # noqa: E402
from gliaboost.features.embedding.torch_device import (  # noqa: E402
    choose_precision,
    choose_torch_device,
    why_no_cuda,
)

Image = NDArray[np.uint8]
SMALL = "mobilenetv3_small_050"


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pictures() -> Image:
    rng = np.random.default_rng(3)
    smooth = cv2.GaussianBlur(rng.normal(0, 1, (96, 80, 7)), (0, 0), 4)
    return np.ascontiguousarray(
        np.clip(smooth * 300 + 110, 0, 255).astype(np.uint8).transpose(2, 0, 1)
    )


def test_average_of_the_last_layer_is_timms_own_embedding(pictures: Image) -> None:
    timm = import_timm()
    model = create_backbone("tf_efficientnet_lite0", "package")
    # An independent road to the same input: OpenCV enlarges, timm's own transform standardises.
    cfg = timm.data.resolve_model_data_config(model)
    big = np.stack([cv2.resize(p, (224, 224), interpolation=cv2.INTER_AREA) for p in pictures])
    batch = np.repeat(big[:, None].astype(np.float32) / 255, 3, axis=1)
    mean, std = (np.reshape(cfg[k], (1, 3, 1, 1)) for k in ("mean", "std"))
    with torch.inference_mode():
        wanted = model(torch.from_numpy(((batch - mean) / std).astype(np.float32))).numpy()
    last = Embedding(pools=["avg"], layers=[-1])
    np.testing.assert_allclose(last.transform(big), wanted, atol=1e-5)


def test_images_are_enlarged_as_the_backbone_was_trained(pictures: Image) -> None:
    from PIL import Image as Pillow

    from gliaboost.features.embedding.torch_device import resized

    for size in (224, 61):
        ours = resized(pictures, size, "bicubic", "cpu").numpy()[:, 0] * 255
        theirs = np.stack(
            [
                np.asarray(Pillow.fromarray(p).resize((size, size), Pillow.Resampling.BICUBIC))
                for p in pictures
            ]
        )
        assert np.abs(ours - theirs).max() <= 1.5  # Pillow rounds after each direction


def test_several_layers_and_pools_are_one_pass(
    pictures: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes = []
    original = frozen.layer_maps

    def counted(*args: Any) -> Any:
        passes.append(len(args[1]))
        return original(*args)

    every = Embedding(SMALL, "random", pools=list(pooling.POOLS), layers=[1, -1])
    every.transform(pictures[:1])
    monkeypatch.setattr(frozen, "layer_maps", counted)
    together = every.transform(pictures)
    assert sum(passes) == len(pictures)
    monkeypatch.undo()
    apart = [
        Embedding(SMALL, "random", pools=[pool], layers=[layer]).transform(pictures)
        for layer in (1, -1)
        for pool in pooling.POOLS
    ]
    np.testing.assert_allclose(together, np.hstack(apart), atol=1e-5)
    assert together.shape[1] == len(every.get_feature_names_out())


@pytest.mark.integration
@pytest.mark.parametrize("backbone", ["tf_efficientnet_lite0", SMALL, "vit_tiny_patch16_224"])
def test_batches_chunks_and_threads_do_not_change_numbers(pictures: Image, backbone: str) -> None:
    weights = "package" if backbone.startswith("tf_") else "random"
    extractor = Embedding(backbone, weights)
    whole = extractor.transform(pictures)
    assert np.isfinite(whole).all()
    assert len(np.unique(whole, axis=0)) == len(pictures)
    alone = np.concatenate([extractor.transform(p[None]) for p in pictures])
    np.testing.assert_allclose(alone, whole, atol=1e-5)
    with ThreadPoolExecutor(3) as pool:
        parts = list(pool.map(extractor.transform, (pictures[:3], pictures[3:4], pictures[4:])))
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)
    np.testing.assert_allclose(extractor.transform(pictures[::-1])[::-1], whole, atol=1e-5)


@pytest.mark.parametrize(
    "extractor",
    [
        Embedding(),
        Embedding(SMALL, "random", pools="gem", layers=0),  # type: ignore[arg-type]
        Embedding(SMALL, "random", pools=["grid2x2", "avg"], layers=[-1, 2], precision="bfloat16"),
    ],
)
def test_names_and_specs_rebuild_the_extractor(extractor: Embedding, pictures: Image) -> None:
    names = extractor.feature_names(80, 80)
    assert len(set(names)) == len(names)
    rebuilt = from_feature_names(names)
    assert rebuilt.feature_names(80, 80) == names
    assert from_feature_names(names[-1:]).feature_names(80, 80)[-1] == names[-1]
    assert (
        rebuilt.fingerprint() == from_spec(json.loads(json.dumps(extractor.spec()))).fingerprint()
    )
    columns = extractor.transform(pictures[:2])
    assert columns.shape == (2, len(names))
    for other in (clone(extractor), pickle.loads(pickle.dumps(extractor)), rebuilt):
        np.testing.assert_array_equal(other.transform(pictures[:2]), columns)


def test_the_name_is_the_registrys() -> None:
    names = create("embedding", backbone=SMALL, weights="random", pools=["avg"]).feature_names(9, 9)
    assert names[3] == (
        "embedding__backbone_mobilenetv3_small_050__weights_random__precision_float32"
        "__layer_2__pool_avg__c3"
    )


def test_a_weights_file_is_known_by_its_content(tmp_path: Path, pictures: Image) -> None:
    def save(seed: int, name: str) -> Path:
        torch.save(create_backbone(SMALL, "random", seed=seed).state_dict(), tmp_path / name)
        return tmp_path / name

    first, second = save(1, "a__b ü.pth"), save(2, "other.pth")
    one, two = Embedding(SMALL, str(first)), Embedding(SMALL, str(second))
    known = one.fingerprint(), two.fingerprint()
    assert known[0] != known[1]
    (tmp_path / "elsewhere").mkdir()
    copy = shutil.copy(first, tmp_path / "elsewhere" / "c.pth")
    assert Embedding(SMALL, str(copy)).fingerprint() == known[0]
    before = one.transform(pictures[:2])
    assert not np.allclose(before, two.transform(pictures[:2]))
    rebuilt = from_feature_names(one.feature_names(80, 80))
    np.testing.assert_array_equal(rebuilt.transform(pictures[:2]), before)
    spec = one.spec()
    second.replace(first)
    assert Embedding(SMALL, str(first)).fingerprint() == known[1]
    for stale in (rebuilt, from_spec(spec)):
        with pytest.raises(WeightsError, match="other weights than those of the training"):
            stale.transform(pictures[:2])


def test_the_label_tells_what_is_not_usual() -> None:
    assert Embedding().label == Embedding(device="cpu").label == "embedding"
    assert Embedding("resnet50", "random").label == "embedding:resnet50-random"
    assert Embedding(pools=("avg",), layers=(-1, 2)).label == "embedding:avg-layer-1-layer2"
    assert Embedding(layers=(2, 3)).label == from_spec(Embedding().spec()).label == "embedding"
    assert Embedding(layers=(3,)).label == "embedding:layer3"


def test_by_default_it_is_the_middle_however_it_is_said() -> None:
    assert Embedding().fingerprint() == Embedding(layers=[2, 3]).fingerprint()
    assert Embedding().spec()["parameters"]["layers"] == [2, 3]
    last = Embedding("vit_tiny_patch16_224", "random")
    assert last.spec()["parameters"]["layers"] == [-1] and last.label.endswith("16_224-random")


def test_what_is_said_of_weights_is_kept_but_changes_no_fingerprint(tmp_path: Path) -> None:
    torch.save(create_backbone(SMALL, "random").state_dict(), tmp_path / "net.pth")
    silent = Embedding(SMALL, str(tmp_path / "net.pth"))
    told = Embedding(SMALL, str(tmp_path / "net.pth"), trained_on="BraTS 2021")
    assert silent.spec()["parameters"]["trained_on"] == "unknown"
    assert from_spec(told.spec()).pretraining == ("BraTS 2021",)
    assert told.fingerprint() == silent.fingerprint()
    assert told.label == silent.label
    # As it was before anything was said: stores stay what they are.
    usual = Embedding(pools=("avg", "max"), layers=(-1,))
    assert usual.fingerprint() == "embedding-c73af17290459b6b"
    assert usual.spec()["parameters"]["trained_on"] == "ImageNet-1k"
    assert Embedding(trained_on="brain MRI").parameter_faults(64, 64) != []


def test_the_device_is_no_part_of_the_fingerprint() -> None:
    assert Embedding(device="cpu").fingerprint() == Embedding().fingerprint()
    assert Embedding(precision="bfloat16").fingerprint() != Embedding().fingerprint()
    resolved = choose_precision("auto", choose_torch_device("auto"))
    assert Embedding(precision="auto").fingerprint() == Embedding(precision=resolved).fingerprint()


def test_a_tensor_gives_a_tensor_that_may_be_learned_from(pictures: Image) -> None:
    extractor = Embedding(SMALL, "random", pools=["avg"])
    found = extractor.transform(torch.from_numpy(pictures))
    np.testing.assert_array_equal(found.numpy(), extractor.transform(pictures))
    assert not found.is_inference()


@pytest.mark.parametrize("pinned", [False, True])
def test_a_gpu_keeps_the_columns_of_what_was_meant_for_it(
    pictures: Image, monkeypatch: pytest.MonkeyPatch, pinned: bool
) -> None:
    asked = []

    class Elsewhere:
        device = "cuda"

        def columns(self, images: Any, layers: Any, pools: Any, to: str) -> Any:
            asked.append(to)
            return torch.zeros(len(images), 1)

    monkeypatch.setattr(Embedding, "_network", lambda self: Elsewhere())
    monkeypatch.setattr(torch.Tensor, "is_pinned", lambda self: pinned)
    assert len(Embedding(SMALL, "random").transform(torch.from_numpy(pictures))) == len(pictures)
    assert asked == ["cuda" if pinned else "cpu"]


def test_half_precision_is_near(pictures: Image) -> None:
    exact = Embedding(pools=["avg"]).transform(pictures)
    half = Embedding(pools=["avg"], precision="bfloat16").transform(pictures)
    assert not np.array_equal(half, exact)
    norms = np.linalg.norm(half, axis=1) * np.linalg.norm(exact, axis=1)
    assert ((half * exact).sum(axis=1) / norms).min() > 0.9


@pytest.mark.parametrize(
    ("extractor", "message"),
    [
        (
            Embedding(pools=["median"]),
            "no pool 'median'; the pools are: avg, max, std",
        ),
        (Embedding(pools=()), "pools is .* at least one"),
        (Embedding(layers=(-2,)), "expected -1"),
        (Embedding(layers=(9,)), r"layers \[9\]; expected -1, or 0 to 4"),
        (Embedding(precision="float8"), "precision='float8'; expected one of"),
        (Embedding(device="tpu"), "device='tpu'"),
        (Embedding("resnet5", "random"), "no backbone 'resnet5'"),
        (Embedding("resnet50.bogus", "hub"), "no backbone 'resnet50.bogus'"),
        (Embedding("resnet18"), "'package' are those of"),
        (Embedding(sha256="0" * 16), "expected 0000000000000000"),
    ],
)
def test_wrong_parameters_are_refused(extractor: Embedding, message: str, pictures: Image) -> None:
    with pytest.raises(GliaboostError, match=message):
        extractor.transform(pictures[:1])


def test_cuda_is_refused_where_there_is_none(pictures: Image) -> None:
    if why_no_cuda() is None:
        pytest.skip("this machine has a GPU")
    with pytest.raises(UsageError, match="a network cannot run on cuda here: torch"):
        Embedding(device="cuda").transform(pictures[:1])


def test_the_road_through_the_store_resumes(make_images: Any, tmp_path: Path) -> None:
    manifest = Manifest.read(make_images(patients=4, per_patient=2))
    extractor = Embedding(SMALL, "random", pools=["avg"])
    store, preparation = FeatureStore(tmp_path / "store"), Preparation(size=64)
    first = extract(manifest, [extractor], preparation, store, jobs=2)
    again = extract(manifest, [extractor], preparation, store, jobs=2)
    assert (first.computed, again.computed, again.reused) == (8, 0, 8)
    keys = [str(k) for k in first.keys]
    stored = matrix(keys, [extractor], preparation, store)
    from gliaboost.datasets.decode import decode

    images = np.stack([preparation(decode(p)) for p in manifest.paths])
    np.testing.assert_allclose(stored, extractor.transform(images), atol=1e-5)


@pytest.mark.integration
def test_importing_and_other_features_stay_without_torch() -> None:
    code = (
        "import sys, numpy as np\n"
        "from gliaboost.features import Embedding, HOG, from_spec\n"
        "from_spec(HOG().spec()).transform(np.zeros((1, 64, 64), np.uint8)); Embedding().spec()\n"
        "heavy = {'torch', 'timm', 'torchvision'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
