"""What many tests share: small image folders that are made on the spot."""

from __future__ import annotations

import os

# Tests run side by side, each with as many threads as there are cores: threads that wait for each
# other by spinning keep the cores from those that work, and made tests of networks six times, small
# eigenproblems five times as long. OpenBLAS cannot wait otherwise, so it gets one. Both are read
# when a library is loaded, so they come before all that follows.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gc
import io
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

# A busy machine is no fault of the code: what is slow is marked, not timed.
settings.register_profile("gliaboost", deadline=None)
settings.load_profile("gliaboost")
# What imports leave is no garbage; to look it through every 700 objects took a tenth of the time.
gc.set_threshold(50_000, 20, 20)

SHARED = Path(__file__).parents[2] / "shared" / "data"

MakeImages = Callable[..., Path]
InstallPlugin = Callable[[str, str, str], None]
RunCommand = Callable[..., str]


# Fixtures that train or run something for seconds, in each process that has a test of theirs.
LONG = {"made", "real_run"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is long for the fixtures it takes, and as slow what breaks things by the thousand.

    So ``-m "not slow"`` passes the latter over.
    """
    for item in items:
        if item.get_closest_marker("fire"):
            item.add_marker(pytest.mark.slow)
        if LONG.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.integration)


class Outcome(NamedTuple):
    """How one hostile file was taken.

    Attributes
    ----------
    error : str
        Name of the typed error; "" where the file was read, "untyped ..." where none was typed.
    message : str
        What it said.
    seconds : float
        Of the process's own time: another process on the machine is no fault of the file.
    grown : int
        Bytes by which the process's peak has grown.
    """

    error: str
    message: str
    seconds: float
    grown: int


# Of address space, beside what libraries reserve: what would take more fails and is seen.
_SPACE = 6 * 2**30
# Twice the seconds that are promised: a machine may be half as fast as those that were measured.
MOST_GROWN, MOST_SECONDS, MOST_SAID = 10**9, 10.0, 4000
_CHILD = """
import json, resource, sys, time, warnings
space, setup, files = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_AS, (space, space))
warnings.simplefilter("ignore")
from gliaboost.errors import GliaboostError
names = {}
exec(setup, names)
read = names["read"]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
for file in files:
    print(json.dumps(["start", file]), flush=True)
    before, started = peak(), time.process_time()
    try:
        read(file)
        error, message = "", ""
    except GliaboostError as typed:
        error, message = type(typed).__name__, str(typed)
    except BaseException as other:
        error, message = f"untyped {type(other).__name__}", str(other)[:500]
    seconds = time.process_time() - started
    print(json.dumps(["end", error, message, seconds, peak() - before]), flush=True)
"""


class Trial:
    """Reads hostile files in a process that may not take much."""

    def read(self, setup: str, files: Sequence[Path], wait: float = 120.0) -> list[Outcome]:
        """Run code that defines ``read(path)`` on each file; fails if the process ends or waits."""
        done = subprocess.run(
            [sys.executable, "-c", _CHILD],
            input=json.dumps([_SPACE, setup, [str(f) for f in files]]),
            capture_output=True,
            text=True,
            timeout=wait,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        said = [json.loads(line) for line in done.stdout.splitlines()]
        ended = [Outcome(*line[1:]) for line in said if line[0] == "end"]
        where = files[len(ended)].name if len(ended) < len(files) else "the end"
        assert done.returncode == 0, f"at {where}: {done.returncode} {done.stderr[-2000:]}"
        assert len(ended) == len(files)
        return ended

    def faults(self, setup: str, files: Sequence[Path], *errors: str) -> list[str]:
        """Tell which files did not end in one of these errors ("": read), within the limits."""
        return [
            f"{file.name}: {outcome}"
            for file, outcome in zip(files, self.read(setup, files), strict=True)
            if outcome.error not in errors
            or outcome.seconds > MOST_SECONDS
            or outcome.grown > MOST_GROWN
            or len(outcome.message) > MOST_SAID
        ]


@pytest.fixture(scope="session")
def trial() -> Trial:
    """Return what reads hostile files, and tells which were not refused as they should be."""
    return Trial()


@pytest.fixture(scope="session")
def figshare_folder() -> Path:
    """The real figshare slices, where they are at hand."""
    folder = SHARED / "figshare"
    if not folder.is_dir():
        pytest.skip(f"the figshare slices are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 on this machine, where everything is allowed."""
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_folder(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty folder in a bucket of the server that the environment names."""
    fsspec = pytest.importorskip("fsspec")
    pytest.importorskip("s3fs")
    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"bucket-{os.urandom(4).hex()}"
    fsspec.filesystem("s3", use_listings_cache=False).mkdir(bucket)
    return f"s3://{bucket}/data"


class Far:
    """An executor of another process, as far as what it gets and what it gives is concerned."""

    def __init__(self) -> None:
        self.tasks = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future[Any]:
        self.tasks += 1
        there, given = pickle.loads(pickle.dumps((fn, args)))
        future: Future[Any] = Future()
        future.set_result(pickle.loads(pickle.dumps(there(*given))))
        return future


@pytest.fixture
def far() -> Far:
    """Return an executor that pickles what goes in and what comes out."""
    return Far()


class Heard:
    """A `Progress` that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int | None]] = []
        self.lines: list[str] = []

    def step(self, stage: str, done: int, total: int | None) -> None:
        self.steps.append((stage, done, total))

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def heard() -> Heard:
    """Return a listener that remembers."""
    return Heard()


@pytest.fixture(scope="session")
def write_images() -> MakeImages:
    """Return a function that writes textured images and their manifest into a folder."""

    def write(
        folder: Path,
        patients: int = 10,
        per_patient: int = 3,
        classes: tuple[str, ...] = ("fine", "coarse"),
        size: int = 48,
        seed: int = 0,
    ) -> Path:
        rng = np.random.default_rng(seed)
        rows = []
        folder.mkdir()
        for p in range(patients):
            label = classes[p % len(classes)]
            sigma = 0.5 + 1.5 * classes.index(label)
            for s in range(per_patient):
                noise = rng.normal(128, 60, (size, size)).astype(np.float32)
                image = cv2.GaussianBlur(noise, (0, 0), sigma)
                image = np.clip((image - image.mean()) / image.std() * 40 + 128, 0, 255)
                path = f"p{p:02}-{s}.png"
                assert cv2.imwrite(str(folder / path), image.astype(np.uint8))
                rows.append({"path": path, "label": label, "patient": f"p{p:02}"})
        manifest = folder / "manifest.csv"
        pd.DataFrame(rows).to_csv(manifest, index=False)
        return manifest

    return write


@pytest.fixture
def make_images(tmp_path: Path, write_images: MakeImages) -> MakeImages:
    """Return a function that writes textured images of two or more classes and their manifest."""

    def make(*args: Any, name: str = "data", **kwargs: Any) -> Path:
        return write_images(tmp_path / name, *args, **kwargs)

    return make


@pytest.fixture(scope="session")
def dicom_slice() -> Callable[..., bytes]:
    """Return a function that encodes a slice, uint16 [H, W], as DICOM with a patient in it."""

    def encode(pixels: np.typing.NDArray[np.uint16], **tags: Any) -> bytes:
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import ExplicitVRLittleEndian, generate_uid

        data: Any = Dataset()
        data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", generate_uid()
        data.SeriesInstanceUID = "1.2.3"
        data.PatientID, data.PatientName, data.Modality = "4711", "Doe^John", "MR"
        data.Rows, data.Columns = pixels.shape
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
        data.PixelRepresentation, data.PixelSpacing = 0, [0.5, 0.5]
        data.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        data.ImagePositionPatient = [0, 0, 0]
        data.PixelData = pixels.astype("<u2").tobytes()
        for name, value in tags.items():
            setattr(data, name, value)
        data.file_meta = FileMetaDataset()
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID
        data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
        stream = io.BytesIO()
        data.save_as(stream, enforce_file_format=True)
        return stream.getvalue()

    return encode


@pytest.fixture
def install_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InstallPlugin]:
    """Return a function that installs a package with one plug-in, for this test and process alone.

    It takes the kind, the declared name, and the package's code, in which the plug-in is ``Thing``.
    """
    from gliaboost.plugins import plugins

    made: list[str] = []

    def install(kind: str, name: str, code: str) -> None:
        package = f"strange{len(made)}"
        made.append(package)
        site = tmp_path / "site"
        about = site / f"{package}-1.2.dist-info"
        about.mkdir(parents=True)
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.2\n")
        (about / "entry_points.txt").write_text(f"[gliaboost.{kind}]\n{name} = {package}:Thing\n")
        (site / f"{package}.py").write_text(code)
        monkeypatch.syspath_prepend(site)
        plugins.cache_clear()

    yield install
    plugins.cache_clear()
    for package in made:
        sys.modules.pop(package, None)


@pytest.fixture(scope="session")
def example_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the example package of ``tests/plugin``, as pip installs it."""
    work = tmp_path_factory.mktemp("example")
    # A copy, because a build leaves its traces in the source folder.
    ignore = shutil.ignore_patterns("test_*", "conftest.py", "__pycache__")
    shutil.copytree(Path(__file__).parent / "plugin", work / "source", ignore=ignore)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-index", "--no-build-isolation"),
            *("--target", work / "site", work / "source"),
        ],
        check=True,
    )
    return work / "site"


@pytest.fixture
def run_with_example(
    example_site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RunCommand:
    """Return a function that runs a gliaboost command where the example package is installed."""
    paths = [str(example_site), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))

    def run(*words: str | Path) -> str:
        command = [sys.executable, "-m", "gliaboost", *map(str, words)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
