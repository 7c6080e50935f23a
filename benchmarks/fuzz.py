"""Altered files by the thousand through every reader: errors, seconds and bytes are counted.

``python -m benchmarks.fuzz --seconds 300 --seed 1 --out FILE.json`` adds what it did to a file.
Each input is one of a few small good files, altered in one to six places: bits, bytes, numbers,
cuts, repeats. Anything but an answer or a typed error, more than five seconds or a GB is a fault,
and the input is kept beside the file.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import pickle
import random
import resource
import struct
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

MOST_SECONDS, MOST_BYTES = 5.0, 10**9
_EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def altered(data: bytes, rng: random.Random) -> bytes:
    """Alter some bytes in one to six places.

    Examples
    --------
    >>> altered(b"abcdef", random.Random(0)) != b"abcdef"
    True
    """
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        if not out:
            break
        # The beginning says most of what a file is.
        at = rng.randrange(min(len(out), 512) if rng.random() < 0.5 else len(out))
        kind = rng.randrange(7)
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
        elif kind == 2:
            form = rng.choice(("<H", ">H", "<I", ">I"))
            value = rng.choice(_EXTREMES) & (0xFFFF if form[1] == "H" else 0xFFFFFFFF)
            packed = struct.pack(form, value)
            out[at : at + len(packed)] = packed
        elif kind == 3:
            del out[at : at + rng.randint(1, 64)]
        elif kind == 4:
            out[at:at] = out[at : at + rng.randint(1, 64)] * rng.choice((1, 2, 50))
        elif kind == 5:
            out[at:at] = rng.randbytes(rng.randint(1, 16))
        else:
            del out[at:]
    return bytes(out)


def _pictures() -> list[bytes]:
    import cv2
    import numpy as np
    from PIL import Image

    grey = (np.add.outer(np.arange(24), np.arange(20)) * 5).astype(np.uint8)
    colour = np.dstack([grey, grey[::-1], grey[:, ::-1]])
    made = []
    for array in (grey, colour):
        image = Image.fromarray(array)
        for kind, how in (
            ("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("BMP", {}),
            ("TIFF", {"compression": "tiff_lzw"}), ("TIFF", {}),
        ):  # fmt: skip
            file = io.BytesIO()
            image.save(file, kind, **how)
            made.append(file.getvalue())
        made.append(cv2.imencode(".png", array.astype(np.uint16) * 200)[1].tobytes())
        made.append(cv2.imencode(".tif", array.astype(np.float32))[1].tobytes())
    rgba = io.BytesIO()
    Image.fromarray(colour).convert("RGBA").quantize(9).save(rgba, "PNG", transparency=2)
    return [*made, rgba.getvalue()]


def _dicom() -> list[bytes]:
    import numpy as np
    import pydicom
    from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless

    made = []
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless):
        data: Any = pydicom.dataset.Dataset()
        data.file_meta = pydicom.dataset.FileMetaDataset()
        data.file_meta.TransferSyntaxUID = (
            ExplicitVRLittleEndian if syntax == RLELossless else syntax
        )
        data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
        data.Modality, data.Rows, data.Columns, data.NumberOfFrames = "MR", 16, 16, 2
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated = data.BitsStored = 16
        data.HighBit, data.PixelRepresentation = 15, 0
        data.PixelSpacing, data.WindowCenter, data.WindowWidth = [1, 2], 400, 800
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        pixels = np.arange(512, dtype=np.uint16).reshape(2, 16, 16)
        data.PixelData = pixels.tobytes()
        if syntax == RLELossless:
            data.compress(RLELossless, pixels, generate_instance_uid=False)
        file = io.BytesIO()
        data.save_as(file, enforce_file_format=True)
        made.append(file.getvalue())
    return made


def _nifti() -> list[bytes]:
    import nibabel
    import numpy as np

    library: Any = nibabel
    values = np.arange(1000).reshape(10, 10, 10)
    made = []
    for kind in (library.Nifti1Image, library.Nifti2Image):
        for dtype in (np.int16, np.float32):
            data = kind(values.astype(dtype), np.diag([1, 1, 2, 1])).to_bytes()
            made += [data, gzip.compress(data)]
    return made


def _manifests() -> list[bytes]:
    import pandas as pd

    table = pd.DataFrame(
        {"path": [f"{n}.png" for n in range(9)], "label": ["a", "b", "c"] * 3, "patient": range(9)}
    )
    file = io.BytesIO()
    table.to_parquet(file)
    return [file.getvalue(), table.to_csv().encode(), table.to_csv(sep=";").encode("utf-16")]


def _bundles() -> list[bytes]:
    from gliaboost.models.bundle import Bundle

    facts: Any = ("lightgbm", b"native", "", ["glioma", "healthy"], 1, {}, [], {}, "cpu", "")
    more: Any = {"takes": "columns", "metrics": {"a": [1, 2.5, None, True], "b": {"c": "d"}}}
    bundle: Any = Bundle(*facts, **more)
    bundle.sha256 = bundle.digest()
    return [pickle.dumps(bundle, protocol) for protocol in (3, 4, 5)]


def _records() -> list[bytes]:
    file = Path(__file__).parent / "results" / "figshare" / "results.json"
    found = json.loads(file.read_text("utf-8"))
    found["experiments"] = found["experiments"][:1]
    return [json.dumps(found).encode()]


def readers() -> dict[str, tuple[list[bytes], str, Callable[[Path], object]]]:
    """Name each reader with good files, their ending, and what reads one."""
    from itertools import islice

    from gliaboost.datasets.decode import decode, decode_mask
    from gliaboost.datasets.dicom.slices import read_slices
    from gliaboost.datasets.manifest import Manifest
    from gliaboost.datasets.volumes import read_volume
    from gliaboost.models.bundle import load
    from gliaboost.parquet_file import read_frame
    from gliaboost.reports.protocol.record_file import read_record

    pictures, manifests = _pictures(), _manifests()

    def results(path: Path) -> object:
        path.replace(path.with_name("results.json"))
        return read_record(path.parent)

    return {
        "decode": (pictures, "png", decode),
        "mask": (pictures, "png", decode_mask),
        "dicom": (_dicom(), "dcm", lambda path: list(islice(read_slices(path), 4))),
        "nifti": (_nifti(), "nii", read_volume),
        "manifest": (manifests[:1], "parquet", Manifest.read),
        "csv": (manifests[1:], "csv", Manifest.read),
        "predictions": (manifests[:1], "parquet", read_frame),
        "bundle": (_bundles(), "joblib", load),
        "results": (_records(), "json", results),
    }


def run(seconds: float, seed: int, kept: Path, only: str = "") -> dict[str, dict[str, Any]]:
    """Read altered files for some seconds, each reader in turn, and count.

    Returns
    -------
    dict
        By reader: inputs, read, refused, faults, and the slowest in seconds.
    """
    from gliaboost.errors import GliaboostError

    warnings.simplefilter("ignore")
    chosen = {name: r for name, r in readers().items() if not only or name == only}
    counts: dict[str, dict[str, Any]] = {
        name: {"inputs": 0, "read": 0, "refused": 0, "faults": 0, "slowest": 0.0} for name in chosen
    }
    rng = random.Random(seed)
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < ends:
            for name, (good, ending, read) in chosen.items():
                count = counts[name]
                for _ in range(50):
                    data = altered(rng.choice(good), rng)
                    path = Path(folder) / f"f.{ending}"
                    path.write_bytes(data)
                    fault, before, started = "", _peak(), time.process_time()
                    try:
                        read(path)
                        count["read"] += 1
                    except GliaboostError:
                        count["refused"] += 1
                    except BaseException as error:
                        fault = f"{type(error).__name__}: {error}"[:200]
                    took = time.process_time() - started
                    if took > MOST_SECONDS or _peak() - before > MOST_BYTES:
                        fault = f"{took:.1f} s, {_peak() - before:,} bytes"
                    count["inputs"] += 1
                    count["slowest"] = round(max(count["slowest"], took), 2)
                    if fault:
                        count["faults"] += 1
                        kept.mkdir(parents=True, exist_ok=True)
                        file = kept / f"{name}-{seed}-{count['inputs']}.{ending}"
                        file.write_bytes(data)
                        print(f"{file.name}: {fault}", flush=True)
    return counts


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Run, print the counts, and add them to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    kept = (asked.out or Path("fuzz.json")).with_suffix("")
    kept.parent.mkdir(parents=True, exist_ok=True)
    counts = run(asked.seconds, asked.seed, kept, asked.only)
    print(json.dumps(counts, indent=1))
    if asked.out:
        before = json.loads(asked.out.read_text("utf-8")) if asked.out.exists() else {"runs": []}
        before["runs"].append({"seed": asked.seed, "readers": counts})
        whole = sum(c["inputs"] for run in before["runs"] for c in run["readers"].values())
        before["inputs"] = whole
        asked.out.write_text(json.dumps(before, indent=1) + "\n", "utf-8")
    raise SystemExit(any(count["faults"] for count in counts.values()))


if __name__ == "__main__":
    main()
