"""A trained segmenter as one file, and how it is opened."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from gliaboost import notebook
from gliaboost.datasets.modality import MODALITIES
from gliaboost.datasets.prepare import Preparation
from gliaboost.errors import UsageError
from gliaboost.models.bundle_file import (
    SEGMENTER,
    BundleFile,
    BundleKind,
    check_digest,
    damaged,
    read_fields,
    since,
)
from gliaboost.models.bundle_words import trained_on

if TYPE_CHECKING:
    from gliaboost.models.segmentation.base import Segmenter
    from gliaboost.models.segmentation.decision import Decision

FORMAT = 2


@dataclass
class SegmenterBundle(BundleFile):
    """A segmenter and all that finding a tumour needs, in plain values and bytes.

    Attributes
    ----------
    segmenter : str
        Registered name, e.g. ``"boosted-pixels"``.
    native : bytes
        What it learned, in its own form; nothing in it can run.
    sha256 : str
        `digest` of all the rest.
    classes : list of str
        Kinds of tumour that it tells apart, in the order of its maps.
    decision : dict
        ``least``, ``share`` and ``others`` of `gliaboost.models.segmentation.decision.Decision`.
    image_size : int
        Side of the prepared images, in pixels.
    preparation : dict
        `Preparation.to_dict`.
    parameters : dict
        The segmenter's.
    modality : str
        ``"MRI"``, ``"CT"``, or nothing where the training images were of both, or of an unknown
        one.
    device : str
        Where it was really fitted.
    manifest : str
        Fingerprint of the training manifest.
    metrics, versions : dict
        Facts about the training, versions of the libraries.
    created : str
        ISO 8601, UTC.
    package : str
        Distribution that brings the segmenter, to be installed where it is missing.
    familiarity : dict
        What is kept of the training pictures, as in a classifier's `Bundle`; empty: nothing.
    format : int
        Layout of this class.
    segmenter_version : int
        Of the segmenter's maths, as `Segmenter.version` was then; 0 where it is not known. From
        layout 2 on.

    Examples
    --------
    >>> decision = {"least": 0.5, "share": 0.5, "others": 0.9}
    >>> bundle = SegmenterBundle("otsu", b"", "", ["tumor"], decision, 256)
    >>> bundle.summary()["classes"], bundle.decision_.least
    (['tumor'], 0.5)
    """

    kind: ClassVar[BundleKind] = SEGMENTER
    layout: ClassVar[int] = FORMAT

    segmenter: str
    native: bytes
    sha256: str
    classes: list[str]
    decision: dict[str, Any]
    image_size: int
    preparation: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    modality: str = ""
    device: str = "cpu"
    manifest: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    created: str = ""
    package: str = ""
    familiarity: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT
    segmenter_version: int = since(2, 0)

    @property
    def preparation_(self) -> Preparation:
        """The preparation as a value that can be called."""
        return Preparation.from_dict(self.preparation)

    @property
    def decision_(self) -> Decision:
        """The decision from map to mask."""
        from gliaboost.models.segmentation.decision import Decision

        return Decision(**self.decision)

    def faults(self) -> list[str]:
        """List what keeps it from being used here: no such segmenter, or one of other maths."""
        from gliaboost.models.segmentation.registry import segmenter_class, segmenter_names

        if self.segmenter not in segmenter_names():
            return [
                f"this bundle's segmenter {self.segmenter!r} is of the package {self.package}, "
                f"which is not installed here: pip install {self.package}"
            ]
        here = segmenter_class(self.segmenter).version
        if self.segmenter_version in (0, here):
            return []
        made = self.versions.get(self.package or "gliaboost")
        return [
            f"this bundle's {self.segmenter} was trained by version {self.segmenter_version} of "
            f"its maths, here it has version {here}; train it again, or install the "
            f"{self.package or 'gliaboost'} that made it{f' ({made})' if made else ''}"
        ]

    def model(self, *, device: str = "auto", jobs: int | None = None) -> Segmenter:
        """Restore the fitted segmenter, ready to find tumours in prepared images.

        Parameters
        ----------
        device : {"auto", "cpu", "cuda"}
            Where to compute, for one that can.
        jobs : int, optional
            Threads; default: all cores.

        Raises
        ------
        UsageError
            If no such segmenter is known, as another package brought it, or it is one of other
            maths.
        NativeModelError
            If the bytes are not such a segmenter.
        """
        from gliaboost.models.segmentation.registry import segmenter_class, shared_by_segmenter

        if found := self.faults():
            raise UsageError(found[0])
        # What it was fitted on need not be here; how many threads is this machine's affair.
        here = shared_by_segmenter(self.segmenter, device=device, jobs=jobs)
        return segmenter_class(self.segmenter).from_bytes(
            self.native,
            self.classes,
            self.decision_,
            self.image_size,
            **{**self.parameters, **here},
        )

    def summary(self) -> dict[str, Any]:
        """Return all but the segmenter's bytes and what it keeps of pictures, ready for JSON."""
        values = asdict(self)
        values["bytes"] = len(values.pop("native"))
        values["knows_its_training_images"] = bool(values.pop("familiarity"))
        return values

    def __repr__(self) -> str:
        return notebook.two_lines(
            "SegmenterBundle",
            f"{notebook.cut(self.segmenter, notebook.LETTERS)}, for "
            f"{notebook.listed(self.classes)}{' on ' + self.modality if self.modality else ''}",
            trained_on(self.metrics, self.created, len(self.native)),
        )

    def _repr_html_(self) -> str:
        """Show a notebook what this is: segmenter, classes, training set, date."""
        known = [(k, v) for k, v in self.metrics.items() if not isinstance(v, (dict, list))]
        return notebook.facts(
            f"{self.segmenter}, fitted on {self.device}",
            [
                ("finds", ", ".join(self.classes)),
                ("images", f"prepared to {self.image_size} x {self.image_size} pixels"),
                ("modality", self.modality or "not known, or both"),
                *(
                    (f"training {name}", f"{value:,}" if type(value) is int else value)
                    for name, value in known
                ),
                ("training manifest", self.manifest[:12]),
                ("segmenter", f"{len(self.native):,} bytes"),
                ("created", self.created),
            ],
        )


def load_segmenter(path: Path | str) -> SegmenterBundle:
    """Open a segmenter's bundle without running anything that the file may hide.

    Parameters
    ----------
    path : path-like
        A file from ``gliaboost segment train``.

    Returns
    -------
    SegmenterBundle

    Raises
    ------
    UsageError
        If there is no such file.
    BundleError
        If the file is no segmenter's bundle, cut short, altered, of a newer layout, or names any
        code but the class; of a classifier's it says which command takes it.

    Examples
    --------
    >>> import tempfile
    >>> from gliaboost.models.bundle_file import save
    >>> decision = {"least": 0.5, "share": 0.5, "others": 0.9}
    >>> bundle = SegmenterBundle(
    ...     "otsu", b"", "", ["tumor"], decision, 256, Preparation().to_dict()
    ... )
    >>> load_segmenter(save(bundle, Path(tempfile.mkdtemp()) / "seg.joblib")).segmenter
    'otsu'
    """
    path = Path(path)
    state = read_fields(path, SegmenterBundle)
    _check(state, path)
    bundle = SegmenterBundle(**state)
    check_digest(bundle, path)
    # Its SHA-256 stays that of the file: features that were computed by it are known by that.
    bundle.format = FORMAT
    return bundle


def _check(state: dict[str, Any], path: Path) -> None:
    from gliaboost.models.segmentation.decision import Decision

    wrong = [] if state["classes"] else ["classes"]
    try:
        Decision(**state["decision"])
    except (TypeError, UsageError):
        wrong.append("decision")
    if state["preparation"].get("size", state["image_size"]) != state["image_size"]:
        wrong.append("image_size")
    if state["modality"] not in ("", *MODALITIES):
        wrong.append("modality")
    if state.get("segmenter_version", 0) < 0:
        wrong.append("segmenter_version")
    damaged(path, wrong)
