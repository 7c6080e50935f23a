"""Pictures that explain a run's surest mistakes, for its report."""

from __future__ import annotations

from pathlib import Path

from gliaboost.errors import GliaboostError
from gliaboost.files import replacing
from gliaboost.reports.pages.mistakes import explanation_path, surest
from gliaboost.reports.protocol.parts import stem_of
from gliaboost.reports.protocol.results import read_results

SIDE = 300


def explain_mistakes(folder: Path, images: Path) -> list[Path]:
    """Draw what the leading models' surest mistakes rest on.

    Parameters
    ----------
    folder : pathlib.Path
        A run of ``gliaboost benchmark``, with its fold bundles.
    images : pathlib.Path
        What the images' paths are relative to.

    Returns
    -------
    list of pathlib.Path
        The pictures; images that cannot be read and bundles that are gone are passed over.
    """
    from PIL import Image

    from gliaboost.models.bundle import load
    from gliaboost.models.explain.attribution import explain
    from gliaboost.models.explain.overlay import overlay
    from gliaboost.models.explain.picture import PART, trace

    results = read_results(folder, images)
    leading = results.leading()
    if not leading:
        return []
    rows = surest(leading[0][1], results.classes)
    drawn = []
    for _, experiment in leading:
        for fold, wrong in rows.groupby("fold"):
            try:
                bundle = load(folder / "models" / f"{stem_of(experiment.name, str(fold))}.joblib")
            except GliaboostError:
                continue
            for row in wrong.to_dict("records"):
                picture = explanation_path(folder, experiment.name, str(row["key"]))
                try:
                    explained = explain(bundle, images / str(row["path"]))
                except GliaboostError:
                    continue
                with replacing(picture) as temporary:
                    # Few colours: a page carries dozens of these, and stays under 5 MB.
                    drawn_over = overlay(explained.image, explained.heat)
                    for outline in explained.outlines:
                        trace(drawn_over, outline.mask, PART)
                    small = Image.fromarray(drawn_over).resize((SIDE, SIDE)).quantize(64)
                    small.save(temporary, "PNG", optimize=True)
                drawn.append(picture)
    return drawn
