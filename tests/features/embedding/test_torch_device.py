from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from gliaboost.errors import UsageError  # noqa: E402
from gliaboost.features.embedding import torch_device  # noqa: E402
from gliaboost.features.embedding.torch_device import (  # noqa: E402
    choose_precision,
    choose_torch_device,
    resized,
    take_one_core,
    torch_threads,
    without_tf32,
)

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 24, 36), dtype=np.uint8)


def test_images_of_the_right_size_are_only_scaled() -> None:
    square = np.ascontiguousarray(IMAGES[:, :, :24])
    got = resized(square, 24, "bicubic", "cpu")
    assert got.shape == (2, 1, 24, 24)
    np.testing.assert_allclose(got[:, 0].numpy(), square / 255, atol=1e-6)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [12, 50])
def test_other_sizes_are_interpolated_with_antialiasing(interpolation: str, size: int) -> None:
    smooth = np.stack([cv2.GaussianBlur(i, (0, 0), 3) for i in IMAGES]).astype(np.uint8)
    got = resized(smooth, size, interpolation, "cpu")
    assert got.shape == (2, 1, size, size)
    assert got.min() >= 0
    assert got.max() <= 1
    flag = cv2.INTER_AREA if size == 12 else cv2.INTER_CUBIC
    want = np.stack([cv2.resize(i, (size, size), interpolation=flag) for i in smooth]) / 255
    assert np.abs(got[:, 0].numpy() - want).max() < 0.05
    # Checkers average to grey where every other pixel would be all black.
    checkers = (np.indices((48, 48)).sum(0) % 2 * 255).astype(np.uint8)
    assert resized(checkers[None], 12, interpolation, "cpu").std() < 0.05


def test_tensors_will_do() -> None:
    got = resized(torch.from_numpy(IMAGES), 12, "bilinear", "cpu")
    torch.testing.assert_close(got, resized(IMAGES, 12, "bilinear", "cpu"))


def test_images_that_lie_mirrored_in_memory_are_taken_too() -> None:
    mirrored = IMAGES[:, ::-1, ::-1]
    want = resized(mirrored.copy(), 12, "bilinear", "cpu")
    torch.testing.assert_close(resized(mirrored, 12, "bilinear", "cpu"), want)


def test_a_named_precision_is_kept_and_an_unknown_one_refused() -> None:
    for precision in ("float32", "bfloat16", "float16"):
        assert choose_precision(precision, "cpu") == precision
    assert choose_precision("auto", "cuda") == "float16"
    with pytest.raises(UsageError, match="precision='double'; expected one of auto, float32"):
        choose_precision("double", "cpu")


@pytest.mark.parametrize(("gains", "want"), [(True, "bfloat16"), (False, "float32")])
def test_a_cpu_takes_half_precision_where_it_gains(
    monkeypatch: pytest.MonkeyPatch, gains: bool, want: str
) -> None:
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: gains, raising=False)
    assert choose_precision("auto", "cpu") == want
    monkeypatch.delattr(torch.cpu, "_is_amx_tile_supported")
    assert choose_precision("auto", "cpu") == want


def test_without_a_gpu_auto_is_the_cpu_and_cuda_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_device, "why_no_cuda", lambda: "torch sees no NVIDIA GPU")
    assert choose_torch_device("auto") == "cpu"
    with pytest.raises(UsageError, match="torch sees no NVIDIA GPU"):
        choose_torch_device("cuda")
    monkeypatch.setattr(torch_device, "why_no_cuda", lambda: None)
    assert choose_torch_device("auto") == "cuda"


def test_a_pools_thread_takes_one_core_and_the_main_thread_keeps_its_own() -> None:
    before = torch.get_num_threads()
    take_one_core()
    assert torch.get_num_threads() == before
    seen: list[int] = []

    def work() -> None:
        take_one_core()
        seen.append(torch.get_num_threads())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [1]
    assert torch.get_num_threads() == before


def test_so_many_threads_are_used_and_the_process_is_left_as_it_was() -> None:
    before = torch.get_num_threads()
    other = before + 1
    with pytest.raises(ValueError, match="stop"), torch_threads(other):
        assert torch.get_num_threads() == other
        raise ValueError("stop")
    assert torch.get_num_threads() == before
    with torch_threads(None):
        assert torch.get_num_threads() == before
    seen: list[int] = []

    def work() -> None:
        take_one_core()
        with torch_threads(3):
            seen.append(torch.get_num_threads())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [1]


def test_a_gpu_is_kept_from_tf32_and_from_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    cudnn = torch.backends.cudnn
    for tf32, benchmark in ((True, True), (False, False)):
        monkeypatch.setattr(cudnn, "allow_tf32", tf32)
        monkeypatch.setattr(cudnn, "benchmark", benchmark)
        with without_tf32("cuda"):
            assert (cudnn.allow_tf32, cudnn.enabled) == (False, True)
            assert cudnn.benchmark == benchmark
            with without_tf32("cuda"):  # the same thread may ask again
                pass
            assert not cudnn.allow_tf32
        assert (cudnn.allow_tf32, cudnn.enabled, cudnn.benchmark) == (tf32, True, benchmark)
    monkeypatch.setattr(cudnn, "allow_tf32", True)
    with pytest.raises(ZeroDivisionError), without_tf32("cuda"):
        raise ZeroDivisionError
    with without_tf32("cpu"):
        assert cudnn.allow_tf32
