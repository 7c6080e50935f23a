from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gliaboost.datasets.image_files import image_files
from gliaboost.datasets.manifest import Manifest
from gliaboost.datasets.sources import find_source, names, options_of, read_source, source
from gliaboost.datasets.sources.base import (
    BUILT_IN,
    SOURCES,
    seen,
    targets,
    tumour_class,
)
from gliaboost.errors import PluginError, UsageError

PACKAGE = Path(__file__).parents[3] / "datasets" / "sources"

# Sources of a folder; the others take a file.
FOLDERS = [n for n in BUILT_IN if n not in ("csv", "edit")]
InstallPlugin = Callable[[str, str, str], None]
PLUGIN = """
import pandas as pd
from gliaboost.datasets.manifest import Manifest

def Thing(path, *, first=1):
    return Manifest.of(pd.DataFrame({"path": [f"{first}.png"], "label": ["seven"]}), path)
"""
REGISTERED = (
    PLUGIN
    + """
from gliaboost.datasets.sources import source
source("numbered")(Thing)
"""
)


def test_every_module_enters_a_source() -> None:
    modules = {f.stem for f in PACKAGE.glob("*.py") if "\n@source(" in f.read_text("utf-8")}
    entered = {find_source(name).__module__.rsplit(".", 1)[1] for name in BUILT_IN}
    # What makes a manifest of a manifest lies above the sources.
    assert modules | {"editing"} == entered


def test_unknown_source_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no source called 'nope'; the sources are: .*figshare"):
        read_source("nope", tmp_path)


def test_unknown_option_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="figshare takes no colour; its options are: images"):
        read_source("figshare", tmp_path, colour="red")
    with pytest.raises(UsageError, match="folder takes no images; its options are: none"):
        read_source("folder", tmp_path, images=tmp_path)
    assert options_of("folder") == []
    with pytest.raises(
        UsageError, match=r"takes no keep, rename; .* gliaboost manifest edit takes"
    ):
        read_source("folder", tmp_path, rename=["a=b"], keep="b")


def test_an_option_of_none_is_the_default(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").touch()
    assert len(read_source("folder", tmp_path, images=None)) == 1


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_missing_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="none does not exist; expected the folder of a"):
        read_source(name, tmp_path / "none")


@pytest.mark.parametrize("name", FOLDERS)
def test_another_layout_is_refused_with_what_was_seen(tmp_path: Path, name: str) -> None:
    for i in range(8):
        (tmp_path / f"notes{i}.txt").touch()
    with pytest.raises(UsageError, match=r"expected .*; seen notes0.txt, .* and 2 more"):
        read_source(name, tmp_path)


@pytest.mark.parametrize("name", FOLDERS)
def test_an_empty_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="seen an empty folder"):
        read_source(name, tmp_path)


def test_replacing_a_source_warns() -> None:
    def other(path: Path) -> Manifest:
        raise NotImplementedError

    before = find_source("folder")
    try:
        with pytest.warns(UserWarning, match="source 'folder' of .* replaces that of .*folder"):
            source("folder")(other)
        assert SOURCES["folder"] is other
    finally:
        SOURCES["folder"] = before


def test_a_source_is_imported_when_asked_for() -> None:
    code = (
        "import sys; from gliaboost.datasets.sources import names, options_of\n"
        "assert 'dicom' in names(); options_of('folder')\n"
        "sys.exit('gliaboost.datasets.sources.dicom' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_plugin_is_listed_unseen_and_read_when_asked_for(
    install_plugin: InstallPlugin, tmp_path: Path
) -> None:
    install_plugin("sources", "numbered", PLUGIN)
    assert "numbered" in names()
    assert "strange0" not in sys.modules
    assert options_of("numbered") == ["first"]
    found = read_source("numbered", tmp_path, first=7).table
    del SOURCES["numbered"]
    assert found[["path", "label"]].to_numpy().tolist() == [["7.png", "seven"]]


@pytest.mark.parametrize(
    ("declared", "code", "message"),
    [
        ("counted", REGISTERED, r"strange0 1.2 declares .*'counted' whose reader .*'numbered'"),
        ("numbered", "Thing = 3", r"strange0 1.2 declares .*'numbered' that is 3; expected a func"),
        ("numbered", "import nowhere", r"strange0 1.2, cannot be imported \(ModuleNotFoundError"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_refused_with_its_package(
    install_plugin: InstallPlugin, tmp_path: Path, declared: str, code: str, message: str
) -> None:
    install_plugin("sources", declared, code)
    with pytest.raises(PluginError, match=message):
        read_source(declared, tmp_path)
    assert not {"counted", "numbered"} & set(SOURCES)


def test_a_plugin_under_our_name_is_passed_over_with_a_warning(
    install_plugin: InstallPlugin,
) -> None:
    install_plugin("sources", "folder", PLUGIN)
    with pytest.warns(UserWarning, match=r"strange0 1\.2 declares a source 'folder', which is"):
        found = find_source("folder")
    assert found.__module__ == "gliaboost.datasets.sources.folder"


def test_hidden_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    for path in ("b.PNG", "a/x.jpeg", ".hidden/y.png", "a/.z.png", "a/notes.txt", "._c.png"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "folder.png").mkdir()
    assert [f.relative_to(tmp_path).as_posix() for f in image_files(tmp_path)] == [
        "a/x.jpeg",
        "b.PNG",
    ]
    assert seen(tmp_path) == "._c.png, .hidden/, a/, b.PNG, folder.png/"


@pytest.mark.parametrize(
    ("spellings", "label"),
    [
        ("glioma glioma_tumor gliomas Brain_Glioma GLIOMA-tumour", "glioma"),
        ("meningioma meningioma_tumor Brain_Menin brain_menin Meningioma", "meningioma"),
        ("pituitary pituitary_tumor Pituitary-tumour pituitary_tumors", "pituitary"),
        ("no notumor no_tumor No-Tumor healthy Normal mri_healthy", "no_tumor"),
        ("tumor Brain_Tumor extra 123 glioblastomas yes nope", None),
    ],
)
def test_spellings_of_classes(spellings: str, label: str | None) -> None:
    assert {tumour_class(s) for s in spellings.split()} == {label}
    assert {tumour_class(s.replace("_", " ")) for s in spellings.split()} == {label}


@pytest.mark.parametrize(
    ("label", "presence", "kind"),
    [
        ("glioma", "tumor", "glioma"),
        ("pituitary", "tumor", "pituitary"),
        ("tumor", "tumor", None),
        ("no_tumor", "no_tumor", None),
        ("abscess", None, None),
        (None, None, None),
    ],
)
def test_three_targets_of_a_class(
    label: str | None, presence: str | None, kind: str | None
) -> None:
    assert targets(label) == {"label": label, "presence": presence, "type": kind}
