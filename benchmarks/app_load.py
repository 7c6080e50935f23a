"""How long ten people wait for the page's answer when they ask at once, and what memory it takes.

Ten sessions of a real Chromium, each a context of its own, drop a slice at the same moment,
several times; before that one does alone. The server is the command ``gliaboost app`` on a
bundle of a preset that is trained here, on simulated patients. Browser and server share the
machine's cores, so that what is measured is more than what the server needs.

    python -m benchmarks.app_load
    python -m benchmarks.app_load --preset good --people 1

Prints a table and writes it, with machine and versions, to ``benchmarks/results/app-load.*``, of
another preset than ``fast`` to ``app-load-PRESET.*``. With ``--bundle`` nothing is trained, with
``--dry`` nothing written: to measure two versions side by side.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gliaboost
from benchmarks.measure import machine, table, versions, write
from gliaboost.datasets.phantom.sample import make_phantom
from gliaboost.web.launch import free_port

PEOPLE, ROUNDS, PATIENTS = 10, 3, 24
# What the page is to keep to, in seconds and bytes.
UP, AT_ONCE, MEMORY = 5.0, 3.0, 2e9
ALONE = {"fast": 1.0, "good": 2.0, "best": 2.0}
PATIENCE = 120_000


def prepared(place: Path, preset: str, bundle: Path | None) -> tuple[Path, list[Path]]:
    """Train a bundle if none is given; return it, and slices of patients that it does not know."""
    data = make_phantom(place / "phantom", patients=PATIENTS, slices=1)
    aside = data.table["patient"].isin(data.table.groupby("label")["patient"].max())
    slices = [path for path, is_aside in zip(data.paths, aside, strict=True) if is_aside]
    if bundle is not None:
        return bundle.resolve(), slices
    training = gliaboost.Manifest.of(data.table[~aside], data.root, "phantom")
    out = place / "model.joblib"
    gliaboost.train(training, preset=preset, store=place / "store", out=out)
    return out, slices


@contextmanager
def serving(bundle: Path) -> Iterator[tuple[str, int, float]]:
    """Serve the page; yield its address, the process, and the seconds until it answers."""
    port = free_port("127.0.0.1", 8700)
    command = [sys.executable, "-m", "gliaboost", "app", str(bundle), "--port", str(port)]
    begun = time.perf_counter()
    with subprocess.Popen(
        [*command, "--no-open"], cwd=bundle.parent, stdout=subprocess.DEVNULL
    ) as server:
        try:
            url = f"http://127.0.0.1:{port}/"
            while server.poll() is None:
                try:
                    with urllib.request.urlopen(f"{url}_stcore/health", timeout=1):
                        break
                except OSError:
                    time.sleep(0.05)
            yield url, server.pid, time.perf_counter() - begun
        finally:
            server.terminate()


def memory(pid: int) -> dict[str, int]:
    """Read what a process holds, and the most that it ever held, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    read = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}
    return {"now": 1024 * int(read["VmRSS"]), "peak": 1024 * int(read["VmHWM"])}


def worked(pid: int) -> float:
    """Read the seconds that a process has worked on all cores, whatever else they did."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def dropped(page: Any, path: Path) -> tuple[float, float]:
    """Drop a slice on an empty page; return the seconds until its answer is there, and its map."""
    begun = time.perf_counter()
    await page.locator("input[type=file]").set_input_files(path)
    await page.get_by_role("heading", level=3).first.wait_for()
    waited = time.perf_counter() - begun
    await page.locator("[data-testid=stImage] img").first.wait_for()
    explained = time.perf_counter() - begun
    await page.get_by_role("button", name="Clear the page").click()
    await page.get_by_role("heading", level=3).first.wait_for(state="detached")
    return waited, explained


async def sessions(url: str, pid: int, slices: Sequence[Path], people: int) -> dict[str, Any]:
    """Open sessions one after the other, then let one ask, then all at once."""
    from playwright.async_api import async_playwright

    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        pages, opened = [], []
        for _ in range(people):
            context = await browser.new_context()
            context.set_default_timeout(PATIENCE)
            page = await context.new_page()
            begun = time.perf_counter()
            await page.goto(url)
            await page.get_by_text("Drop brain slices here").wait_for()
            opened.append(time.perf_counter() - begun)
            pages.append(page)
        first = await dropped(pages[0], slices[0])
        alone = [await dropped(pages[0], slices[n % len(slices)]) for n in range(1, ROUNDS + 1)]
        at_once: list[tuple[float, float]] = []
        before = worked(pid)
        for turn in range(ROUNDS if people > 1 else 0):
            asked = [
                dropped(page, slices[(turn + n) % len(slices)]) for n, page in enumerate(pages)
            ]
            at_once += await asyncio.gather(*asked)
        after = worked(pid)
        await browser.close()
    return {
        "worked": (after - before) / max(1, len(at_once)),
        "opened": opened,
        "first": first[0],
        "alone": [answer for answer, _ in alone],
        "alone_explained": [explained for _, explained in alone],
        "at_once": [answer for answer, _ in at_once],
        "at_once_explained": [explained for _, explained in at_once],
    }


def report(results: dict[str, Any]) -> str:
    """Set what was measured beside what the page is to keep to."""
    waited, m = results["seconds"], results["machine"]
    up = results["up"] + waited["opened"][0]
    alone, at_once = statistics.median(waited["alone"]), waited["at_once"]
    gigabytes = results["memory"]["peak"] / 1e9
    limit = ALONE[results["preset"]]
    rows = [
        ["command to page, the first time", f"{up:.1f} s", f"{UP:.0f} s", _met(up < UP)],
        ["the first answer of all", _seconds(waited["first"]), "", ""],
        ["an answer, alone", _seconds(alone), f"{limit:.0f} s", _met(alone < limit)],
        ["its map", _seconds(statistics.median(waited["alone_explained"])), "", ""],
    ]
    people = results["people"]
    for name, how in (("median", statistics.median), ("slowest", max)):
        if at_once:
            seen = how(at_once)
            words = f"{people} at once, {name} of {len(at_once)} answers"
            rows.append([words, _seconds(seen), f"{AT_ONCE:.0f} s", _met(seen < AT_ONCE)])
            explained = how(waited["at_once_explained"])
            rows.append([f"{people} at once, {name} of the maps", _seconds(explained), "", ""])
    if at_once:
        words = "the server's own work, an answer with its map"
        rows.append([words, _seconds(waited["worked"]), "", ""])
    rows.append(["server's memory at its peak", f"{gigabytes:.2f} GB", "2 GB", _met(gigabytes < 2)])
    return (
        f"# {_NAMES.get(people, str(people))} at the page\n\n"
        f"{table(['what', 'measured', 'to be below', ''], rows)}\n\n"
        f"{people} session{'s' * (people > 1)} of a real browser on the server's own machine, "
        f"{results['images']}; {m['processor']}, {m['cores']} cores, load before "
        f"{results['load_average']:.1f}; `{results['command']}`.\n"
    )


_NAMES = {1: "One person", 10: "Ten people"}


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _met(kept: bool) -> str:
    return "met" if kept else "**missed**"


def main() -> None:
    """Train, serve, ask, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--preset", choices=list(ALONE), default="fast")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--dry", action="store_true")
    given = parser.parse_args()
    people: int = given.people
    with tempfile.TemporaryDirectory() as folder:
        bundle, slices = prepared(Path(folder), given.preset, given.bundle)
        load = os.getloadavg()[0]
        with serving(bundle) as (url, pid, up):
            waited = asyncio.run(sessions(url, pid, slices, people))
            held = memory(pid)
    results: dict[str, Any] = {
        "command": " ".join(["python -m benchmarks.app_load", *sys.argv[1:]]),
        "preset": given.preset,
        "machine": machine(),
        "versions": versions(["gliaboost", "streamlit", "playwright", "lightgbm"]),
        "load_average": load,
        "people": people,
        "images": f"a bundle of preset {given.preset} on simulated patients, slices of others",
        "up": up,
        "seconds": waited,
        "memory": held,
    }
    text = report(results)
    print(text)
    if given.dry:
        return
    name = "app-load" if given.preset == "fast" else f"app-load-{given.preset}"
    for path in write(name, results, text):
        print(path.name)


if __name__ == "__main__":
    main()
