"""Libraries that are imported when something of them is asked for: themselves, whoever asks how."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gliaboost.deferred import SELDOM_USED


def said(code: str) -> str:
    """Run code in a process of its own, in which nothing is imported yet."""
    begin = "import sys; from gliaboost.deferred import Deferred, defer; defer()\n"
    done = subprocess.run([sys.executable, "-c", begin + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# Of each of them what only the library itself has.
INSIDE = (
    *("pandas._libs", "scipy.stats._stats_py", "scipy.special._ufuncs", "narwhals._utils"),
    *("numpy.f2py.f2py2e", "numpy.testing._private", "asyncio.events", "yaml.nodes"),
)
ABSENT = f"print([n for n in {INSIDE} if n in sys.modules])"


def test_scikit_learn_and_numba_import_none() -> None:
    assert said(f"import sklearn.base, numba; {ABSENT}") == "[]"


@pytest.mark.integration
@pytest.mark.parametrize(
    "use",
    [
        "import pandas as pd; assert pd.DataFrame({'a': [1]}).shape == (1, 1)",
        "from pandas import DataFrame; assert DataFrame({'a': [1]}).shape == (1, 1)",
        "import pandas.api.types as t; assert t.is_float_dtype(float)",
        "from pandas.api import types as t; assert t.is_float_dtype(float)",
        "import pandas; assert pandas.__version__[0].isdigit()",
        "import scipy.stats; assert scipy.stats.norm.cdf(0) == 0.5",
        "import scipy; assert scipy.stats.norm.cdf(0) == 0.5",
        "from scipy import stats; assert stats.norm.cdf(0) == 0.5",
        "from scipy.stats import distributions; assert distributions.norm.cdf(0) == 0.5",
        "import importlib; assert importlib.import_module('scipy.stats.mstats').gmean([1, 4]) == 2",
        "import scipy; assert scipy.special.expit(0) == 0.5",
        "from scipy.special import expit; assert expit(0) == 0.5",
        "import scipy.special as s; assert s.gamma(4) == 6",
        "import narwhals.stable.v2 as nw; assert nw.dependencies.is_into_dataframe(1) is False",
        "import narwhals; assert narwhals.stable.v2.from_native",
        "from narwhals.stable import v2; assert v2.from_native",
        "import numpy; numpy.testing.assert_allclose(1, 1)",
        "from numpy.testing import assert_allclose; assert_allclose(1, 1)",
        "import numpy; assert numpy.f2py.run_main",
        "import yaml; assert yaml.safe_load('a: 1') == {'a': 1}",
        "import asyncio\nasync def one(): return 1\nassert asyncio.run(one()) == 1",
    ],
)
def test_what_is_used_is_there(use: str) -> None:
    names = sorted(SELDOM_USED, key=len, reverse=True)
    name = next(n for n in names if n in use.replace("scipy import stats", "scipy.stats"))
    # Before scikit-learn, and after it has taken hold of what stands for it.
    for first in ("", "import sklearn.base\n"):
        after = f"print(type(sys.modules[{name!r}]).__name__, isinstance({name!r}, Deferred))"
        assert said(f"{first}{use}\n{after}") == "module False"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("child", "inside"), [("pandas.io", "parsers"), ("scipy.stats.mstats", "gmean")]
)
def test_a_child_that_is_asked_for_first_runs_once(child: str, inside: str) -> None:
    code = f"""
import {child} as first, {child.partition(".")[0]}
again = sys.modules[{child!r}]
print(first is again, hasattr({child}, {inside!r}), again.__spec__.origin == again.__file__)
"""
    assert said(code) == "True True True"


def test_the_classes_of_a_child_are_the_packages() -> None:
    code = """
from pandas.core.frame import DataFrame
import pandas
print(DataFrame is pandas.DataFrame, isinstance(pandas.DataFrame(), DataFrame))
"""
    assert said(code) == "True True"


@pytest.mark.integration
def test_frames_are_known_by_who_took_hold_before() -> None:
    code = """
import sklearn.utils.fixes as fixes, sklearn.preprocessing as p
import numpy as np, pandas as pd
frame = pd.DataFrame({"a": [1.0, 3.0], "b": [0.0, 4.0]})
scaled = p.StandardScaler().set_output(transform="pandas").fit_transform(frame)
print(type(scaled) is pd.DataFrame, fixes.pd.DataFrame is pd.DataFrame, list(scaled.columns))
"""
    assert said(code) == "True True ['a', 'b']"


def test_threads_may_ask_at_once() -> None:
    code = """
import threading
import pandas as pd
found = []
def ask():
    found.append(pd.DataFrame({"a": [1]}).shape)
several = [threading.Thread(target=ask) for _ in range(8)]
[t.start() for t in several]; [t.join() for t in several]
print(found == [(1, 1)] * 8)
"""
    assert said(code) == "True"


def test_what_looks_at_all_modules_imports_none() -> None:
    code = f"""
import inspect
[getattr(m, "__file__", None) for m in list(sys.modules.values())]
inspect.getmodule(inspect.currentframe())
{ABSENT}
"""
    assert said(code) == "[]"


def test_what_is_imported_stays() -> None:
    code = "import json; defer(['json']); print(isinstance(sys.modules['json'], Deferred))"
    assert said(code) == "False"


def test_what_is_below_another_stands_after_it() -> None:
    assert len(set(SELDOM_USED)) == len(SELDOM_USED)
    for place, name in enumerate(SELDOM_USED):
        assert not [after for after in SELDOM_USED[place:] if name.startswith(f"{after}.")]


def test_an_absent_library_is_absent_when_it_is_asked() -> None:
    code = """
defer(["no_such_library"])
import no_such_library
try:
    no_such_library.x
except ModuleNotFoundError as error:
    print(error.name)
"""
    assert said(code) == "no_such_library"


@pytest.mark.integration
@pytest.mark.parametrize("model", ["lightgbm", "xgboost"])
def test_a_prediction_imports_no_more_than_it_uses(model: str, tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64), 90, np.uint8)).save(tmp_path / "a.png")
    bundle = Path(__file__).parent / "models" / "layouts" / f"format-4-{model}.joblib"
    code = f"""
from gliaboost.cli import main
main(["predict", {str(bundle)!r}, {str(tmp_path / "a.png")!r}])
"""
    libraries = ("xgboost", "lightgbm", "torch", "matplotlib", "rich.console", "pyarrow", "h5py")
    ours = ("gliaboost.reports.pages.alarms", "gliaboost.reports.protocol.results")
    heavy = (*INSIDE, *libraries, *ours, "sklearn.utils._test_common", "skimage", "nibabel")
    end = f"print([n for n in {heavy} if n in sys.modules])"
    code = f"import atexit, sys; atexit.register(lambda: {end}){code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
