"""What one visitor handed over: decoded slices in memory, and what was said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from gliaboost._face.samples import samples_beside
from gliaboost.datasets.uploads import Upload, UploadLimits, beyond, open_upload, plain_name
from gliaboost.web.words import plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from gliaboost._face.answers import Answer
    from gliaboost.datasets.scans import Looked
    from gliaboost.models.segmentation.segmentations import SegmentedPicture

LIMITS = UploadLimits()
# Pictures whose explanations and maps are kept; the others' are made again.
KEPT = 12
WINDOWS = ("the file's own, else brain", "brain", "subdural", "bone")
PLANES = ("axial", "coronal", "sagittal")


@dataclass
class Holding:
    """One session's pictures.

    Attributes
    ----------
    uploads : dict of int to Upload
        By number, in the order in which they came.
    faults : list of (name, reason)
        What could not be read.
    received : int
        Bytes that were handed over.
    taken : int
        Files that were handed over.
    round : int
        Renewed with each upload, so that the uploader begins empty.
    answers, drawn, outlined : dict
        What was computed, by model, picture and slice.
    """

    uploads: dict[int, Upload] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    received: int = 0
    taken: int = 0
    round: int = 0
    answers: dict[tuple[str, int, int], Answer] = field(default_factory=dict)
    drawn: dict[tuple[str, int, int], Any] = field(default_factory=dict)
    outlined: dict[tuple[str, int, int], SegmentedPicture] = field(default_factory=dict)

    @property
    def kept(self) -> int:
        """Bytes of the decoded slices."""
        return sum(one.size for one in self.uploads.values())

    def add(self, uploads: Sequence[Upload]) -> None:
        """Keep what could be read, and why the rest could not."""
        for one in uploads:
            if one.error is not None:
                self.faults.append((one.name, one.error))
            elif self.kept + one.size > LIMITS.size:
                self.faults.append((one.name, "there is no room left for it; clear the page first"))
            else:
                self.uploads[max(self.uploads, default=-1) + 1] = one

    def remember(self, place: tuple[str, int, int], value: Any) -> Any:
        """Keep what was drawn last, and let go what was drawn long ago."""
        self.drawn[place] = value
        while len(self.drawn) > KEPT:
            self.drawn.pop(next(iter(self.drawn)))
        return value


def holding() -> Holding:
    """Give this session's."""
    found = st.session_state.setdefault("holding", Holding())
    assert isinstance(found, Holding)
    return found


def chosen_slice(number: int, upload: Upload) -> Looked:
    """Give the slice that the visitor looks at: the middle one until another is chosen."""
    return upload.slices[slice_number(number, upload)]


def slice_number(number: int, upload: Upload) -> int:
    """Give its number, from 0."""
    at = st.session_state.get(f"slice-{number}", len(upload.slices) // 2 + 1)
    return min(max(int(at) - 1, 0), len(upload.slices) - 1)


def uploader(label: str) -> None:
    """Show where pictures are dropped, and take in what was."""
    with st.expander("Scans: plane and window"):
        plane = st.radio("Cut NIfTI volumes", PLANES, horizontal=True, key="plane")
        window = st.selectbox("Window of CT", WINDOWS, key="window")
    slot = st.empty()
    key = _uploader_key()
    files = _uploader(slot, label)
    if files:
        take_in(files, plane, None if window == WINDOWS[0] else window)
        # Else the session holds the bytes until the page is drawn again.
        del files, st.session_state[key]
        _uploader(slot, label)


def _uploader_key() -> str:
    return f"upload-{holding().round}"


def _uploader(slot: DeltaGenerator, label: str) -> list[UploadedFile]:
    """Show it in its place, empty after each upload."""
    return slot.file_uploader(
        label,
        accept_multiple_files=True,
        key=_uploader_key(),
        help="PNG, JPEG, TIFF, BMP, a DICOM file, a ZIP of a DICOM series, NIfTI; told by content. "
        f"At most {LIMITS.files} files and {LIMITS.size // 1_000_000} MB until you clear the page.",
    )


def show_samples(bundle: Path) -> None:
    """Offer the pictures that lie beside a bundle, one click each."""
    samples = samples_beside(bundle)
    if not samples:
        return
    st.markdown("Or try a picture that the model has not seen:")
    for column, file in zip(st.columns(len(samples)), samples, strict=True):
        if column.button(plain(file.stem), key=f"sample-{file.stem}", width="stretch"):
            own = holding()
            own.faults.clear()
            own.add(open_upload(file.name, file.read_bytes()))
            st.session_state["picture"] = max(own.uploads, default=0)


def take_in(files: Sequence[UploadedFile], plane: str, window: str | None) -> None:
    """Decode what was dropped and let go its bytes; the uploader is new and empty then."""
    own = holding()
    own.faults.clear()
    refused = beyond(LIMITS, [file.size for file in files], files=own.taken, size=own.received)
    if refused is not None:
        own.faults.append((f"{len(files)} files", f"{refused}; clear the page first"))
    else:
        bar = st.progress(0.0, "Reading")
        for done, file in enumerate(files, 1):
            rest = replace(LIMITS, files=max(1, LIMITS.files - len(own.uploads)))
            data = file.getvalue()
            own.add(open_upload(file.name, data, plane=plane, window=window, limits=rest))
            own.received += len(data)
            own.taken += 1
            bar.progress(done / len(files), f"Read {done} of {len(files)}")
        bar.empty()
    own.round += 1
    _forget(files)


def _forget(files: Sequence[UploadedFile]) -> None:
    """Drop the bytes from the server too, which would keep them as long as the page is open."""
    context = get_script_run_ctx()
    remove = getattr(context and context.uploaded_file_mgr, "remove_file", None)
    if context is None or remove is None:
        return
    for file in files:
        remove(context.session_id, file.file_id)


def show_faults() -> None:
    """Say in a red line each what could not be read."""
    for name, reason in holding().faults:
        st.error(f"**{plain(plain_name(name))}**: {plain(reason)}")


def clear() -> None:
    """Forget all pictures and what was said of them."""
    own = holding()
    fresh = Holding(round=own.round + 1)
    for name in [str(k) for k in st.session_state if str(k).startswith(("slice-", "outline-"))]:
        del st.session_state[name]
    st.session_state["holding"] = fresh
