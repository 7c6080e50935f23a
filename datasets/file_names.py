"""Names that are no text: on Linux any bytes are a name, and tables hold UTF-8 alone."""

from __future__ import annotations


def is_text(name: str) -> bool:
    """Whether a name can be written: Python gives bytes that are not UTF-8 as lone surrogates.

    Examples
    --------
    >>> is_text("scan.png"), is_text(chr(0xDCE9) + ".png")
    (True, False)
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def spoken(name: str) -> str:
    r"""Show a name in letters that can be written; bytes that are not UTF-8 as ``\xe9``.

    Examples
    --------
    >>> print(spoken("scan.png"), spoken("caf" + chr(0xDCE9)))
    scan.png caf\xe9
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a letter, as Windows allows
        return name.encode("utf-8", "backslashreplace").decode()
