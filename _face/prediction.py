"""What a model says of images, and what that rests on."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gliaboost.datasets.image_source import ImageLike
    from gliaboost.models.bundle import Bundle
    from gliaboost.models.explain.attribution import Explanation
    from gliaboost.models.prediction import Predictions


def predict(
    bundle: Bundle | Path | str,
    images: ImageLike | Iterable[ImageLike],
    *,
    position: int | None = None,
    plane: str = "axial",
    window: str | None = None,
    jobs: int | None = None,
) -> Predictions:
    """Say which class each image belongs to, with probabilities.

    Parameters
    ----------
    bundle : Bundle or path-like
        From `train` or `load`, or the file of one.
    images : path-like, ImageSource, or iterable of these
        Image files, DICOM files and series, NIfTI volumes, folders that are searched for them, or
        images in memory.
    position : int, optional
        Of a scan the one slice of this number, from 0; default: all that show the head.
    plane : {"axial", "coronal", "sagittal"}
        Across which NIfTI volumes are cut.
    window : str, optional
        For CT: ``brain``, ``subdural``, ``bone`` or ``CENTRE:WIDTH``; default: a DICOM file's own,
        failing that ``brain``.
    jobs : int, optional
        Threads; default: all cores.

    Returns
    -------
    Predictions
        One an image or slice, in order; unreadable ones are among them with their reason. Its
        ``warnings`` name pictures that are unlike those of the training, or were among them.

    Raises
    ------
    UsageError
        If there is no such bundle, or a folder holds no image.
    BundleError
        If the bundle's file is damaged, or no bundle.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    >>> for label, most in (("dark", 90), ("light", 250)):
    ...     (folder / label).mkdir()
    ...     for n in range(4):
    ...         image = rng.integers(0, most, (64, 64), np.uint8)
    ...         Image.fromarray(image).save(folder / label / f"{n}.png")
    >>> bundle = gliaboost.train(folder, features="glcm", store=folder / "store")
    >>> gliaboost.predict(bundle, folder / "dark").to_frame().columns.tolist()
    ['path', 'predicted', 'proba_dark', 'proba_light', 'error', 'typicality', 'seen']
    """
    from gliaboost.datasets.image_source import ImageSource
    from gliaboost.models.prediction import predict as ask

    given = [images] if isinstance(images, str | os.PathLike | ImageSource) else list(images)
    return ask(
        opened_bundle(bundle), given, position=position, plane=plane, window=window, jobs=jobs
    )


def explain(
    bundle: Bundle | Path | str,
    image: ImageLike,
    *,
    position: int | None = None,
    plane: str = "axial",
    window: str | None = None,
) -> Explanation:
    """Say what a decision rests on, and where on the image: SHAP values, or Grad-CAM of a network.

    Parameters
    ----------
    bundle : Bundle or path-like
        From `train` or `load`, or the file of one.
    image : path-like or ImageSource
        An image file, a DICOM file, a NIfTI volume, or an image in memory.
    position, plane, window
        Which slice of a scan, and how it is seen, as for `predict`; a scan of several needs
        `position`.

    Returns
    -------
    Explanation
        Its ``picture()`` is the image beside itself with what speaks for the predicted class in
        orange and against it in blue, with title, class, probabilities and key; ``save(path)``
        writes that. ``outside_head`` is the share of the evidence that lies on air or on burnt-in
        text, and ``notes()`` says so in words.

    Raises
    ------
    DecodeError
        If the image cannot be read.
    BundleError
        If the bundle's file is damaged, or no bundle.

    Examples
    --------
    >>> import tempfile, gliaboost, numpy as np
    >>> from pathlib import Path
    >>> from PIL import Image
    >>> folder, rng = Path(tempfile.mkdtemp()), np.random.default_rng(0)
    >>> for label, most in (("dark", 90), ("light", 250)):
    ...     (folder / label).mkdir()
    ...     for n in range(4):
    ...         image = rng.integers(0, most, (64, 64), np.uint8)
    ...         Image.fromarray(image).save(folder / label / f"{n}.png")
    >>> bundle = gliaboost.train(folder, features="hog", store=folder / "store")
    >>> found = gliaboost.explain(bundle, folder / "dark" / "0.png")
    >>> found.families, found.picture().shape[1:]
    ({'hog': 1.0}, (872, 3))
    """
    from gliaboost.datasets.scans import one_picture
    from gliaboost.models.explain.attribution import explain as attribute

    return attribute(
        opened_bundle(bundle), one_picture(image, position=position, plane=plane, window=window)
    )


def opened_bundle(bundle: Bundle | Path | str) -> Bundle:
    """Load a bundle, if it is not one already."""
    from gliaboost.models.bundle import load

    return load(bundle) if isinstance(bundle, str | os.PathLike) else bundle
