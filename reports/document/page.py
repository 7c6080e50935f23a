"""One self-contained HTML file from a template: the reports' style, and pictures inside it."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliaboost.files import replacing
from gliaboost.reports.document import svg

# Where a name may be broken: after a slash, an underscore or a hyphen, before a bracket.
_PIECES = re.compile(r"(?<=[/_-])(?=[^/_-])|(?<=[^(])(?=\()")

TEMPLATES = Path(__file__).parent / "templates"


def page_text(template: str, **values: Any) -> str:
    """Fill a template.

    Parameters
    ----------
    template : str
        File in ``templates/`` that extends ``page.html``.
    **values
        What the template shows; text is escaped.

    Returns
    -------
    str
        HTML, with style and pictures inside it.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from gliaboost._version import __version__

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.filters["options_whole"] = options_whole
    return environment.get_template(template).render(
        version=__version__, light=svg.LIGHT, dark=svg.DARK, **values
    )


def write_page(template: str, out: Path | str, **values: Any) -> Path:
    """Fill a template and write it whole or not at all.

    Parameters
    ----------
    template, **values
        As for `page_text`.
    out : path-like
        The HTML file.

    Returns
    -------
    pathlib.Path
        The file.
    """
    text = page_text(template, **values)
    with replacing(out) as temporary:
        # A folder's name may be bytes that are no letters.
        temporary.write_text(text, "utf-8", "backslashreplace")
    return Path(out)


def breakable(name: str) -> str:
    """Let a browser break a name after its separators, so that it breaks no word.

    Parameters
    ----------
    name : str
        A path, a class, any name.

    Returns
    -------
    str
        HTML, escaped; a template shows it with ``|safe``.

    Examples
    --------
    >>> breakable("x<y/no_tumor(1).png")
    'x&lt;y/<wbr>no_<wbr>tumor<wbr>(1).png'
    """
    return "<wbr>".join(map(escape, _PIECES.split(name)))


def options_whole(sentence: str) -> str:
    """Keep a command's options from being broken at their hyphens: HTML, escaped.

    Examples
    --------
    >>> options_whole("try --against <it>")
    'try <span class="whole">--against</span> &lt;it&gt;'
    """
    return re.sub(r"(--[\w-]+)", r'<span class="whole">\1</span>', escape(sentence))


def picture_uri(image: NDArray[np.uint8], longest: int) -> str:
    """Shrink a picture so that its longer side fits, and encode it for an ``<img>``.

    Parameters
    ----------
    image : uint8 array [H, W] or [H, W, 3]
        A picture, grey or blue-green-red.
    longest : int
        Pixels of the longer side at most; smaller pictures stay as they are.

    Returns
    -------
    str
        A ``data:`` address.
    """
    import cv2

    scale = longest / max(image.shape[:2])
    if scale < 1:
        size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
