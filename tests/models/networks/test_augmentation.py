from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gliaboost.errors import UsageError

torch = pytest.importorskip("torch")

from gliaboost.models.networks.augmentation import Augmentation  # noqa: E402

STILL = Augmentation(flip=False, rotation=0, scale=0, shift=0, intensity=0, noise=0)


def drawn(seed: int = 0) -> Any:
    return torch.Generator().manual_seed(seed)


def heads(count: int = 6, side: int = 24) -> Any:
    y, x = np.mgrid[:side, :side] / side - 0.5
    head = np.where(x**2 + y**2 < 0.15, 0.3 + 0.4 * (x > 0.1), 0)
    return torch.from_numpy(np.repeat(head[None, None], count, axis=0).astype(np.float32))


def test_nothing_asked_for_changes_nothing() -> None:
    images = heads()
    torch.testing.assert_close(STILL(images, drawn()), images, atol=1e-6, rtol=0)


def test_each_image_changes_in_its_own_way_and_again_alike() -> None:
    images = heads()
    changed = Augmentation()(images, drawn())
    assert len(torch.unique(changed.flatten(1), dim=0)) == len(images)
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1
    assert torch.equal(changed, Augmentation()(images, drawn()))
    assert not torch.equal(changed, Augmentation()(images, drawn(1)))
    assert torch.equal(images, heads())


@pytest.mark.parametrize(("vertical", "dims"), [(False, (3,)), (True, (2,))])
def test_flips_are_exact_mirrors(vertical: bool, dims: tuple[int, ...]) -> None:
    images = heads(40)
    images[:, :, 3:9, 5:8] = 1
    flip = Augmentation(not vertical, vertical, rotation=0, scale=0, shift=0, intensity=0, noise=0)
    for before, after in zip(images, flip(images, drawn()), strict=True):
        same = torch.allclose(after, before, atol=1e-5)
        assert same != torch.allclose(after, before.flip([d - 1 for d in dims]), atol=1e-5)
    mirrored = [
        not torch.allclose(a, b, atol=1e-5)
        for a, b in zip(images, flip(images, drawn()), strict=True)
    ]
    assert 10 < sum(mirrored) < 30


def test_a_rotation_turns_without_shearing() -> None:
    image = torch.zeros(1, 1, 41, 41)
    image[..., 10:31, 15:26] = 1
    turn = Augmentation(flip=False, rotation=30, scale=0, shift=0, intensity=0, noise=0)
    for seed in range(5):
        turned = turn(image, drawn(seed))[0, 0]
        assert float(turned.sum()) == pytest.approx(float(image.sum()), rel=0.02)
        points = torch.nonzero(turned > 0.5).float()
        spread = np.linalg.eigvalsh(np.cov(points.T.numpy()))
        upright = np.linalg.eigvalsh(np.cov(torch.nonzero(image[0, 0]).float().T.numpy()))
        np.testing.assert_allclose(spread, upright, rtol=0.1)


def test_mixup_and_cutmix_blend_labels_as_they_blend_images() -> None:
    images = torch.zeros(8, 1, 32, 32)
    images[4:] = 1
    targets = torch.eye(2)[[0] * 4 + [1] * 4]
    for mix in ("mixup", "cutmix"):
        for seed in range(6):
            blended, soft = Augmentation(mix=mix, mix_alpha=1.0).mixed(images, targets, drawn(seed))
            torch.testing.assert_close(soft.sum(dim=1), torch.ones(8))
            # White images are class 1: what is white of an image is its share of class 1.
            torch.testing.assert_close(blended.mean(dim=(1, 2, 3)), soft[:, 1], atol=1e-5, rtol=0)
    same = Augmentation().mixed(images, targets, drawn())
    assert same[0] is images
    assert same[1] is targets


def test_a_mask_moves_with_its_image_and_stays_a_mask() -> None:
    images = torch.zeros(24, 1, 48, 48)
    images[:, :, 8:20, 6:15] = 1
    masks = (images > 0).to(torch.uint8)
    change = Augmentation(intensity=0, noise=0, flip_vertical=True)
    moved, beside = change.with_masks(images, masks, drawn(3))
    torch.testing.assert_close(moved, change(images, drawn(3)))
    assert beside.dtype == torch.uint8
    assert set(beside.flatten().tolist()) == {0, 1}
    # A pixel of a mask is the nearest one's: it may differ from the image's along the edge alone.
    differ = (moved > 0.5) != beside.bool()
    assert float(differ.float().mean()) < 0.01
    assert len({tuple(row) for row in beside.flatten(1).tolist()}) > 20


@pytest.mark.parametrize(
    "wrong", [{"scale": 1.0}, {"rotation": -1}, {"noise": float("nan")}, {"mix_alpha": 0}]
)
def test_illegal_changes_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Augmentation(**wrong)  # type: ignore[arg-type]
