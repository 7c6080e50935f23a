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


ABSENT = "print([n for n in ('pandas._libs', 'scipy.stats._stats_py') if n in sys.modules])"


def test_scikit_learn_imports_neither() -> None:
    assert said(f"import sklearn.base; {ABSENT}") == "[]"


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
    ],
)
def test_what_is_used_is_there(use: str) -> None:
    name = "pandas" if "pandas" in use else "scipy.stats"
    # Before scikit-learn, and after it has taken hold of what stands for it.
    for first in ("", "import sklearn.base\n"):
        after = f"print(type(sys.modules[{name!r}]).__name__, isinstance({name!r}, Deferred))"
        assert said(f"{first}{use}\n{after}") == "module False"


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
    assert SELDOM_USED == ("pandas", "scipy.stats")


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


@pytest.mark.parametrize("model", ["lightgbm", "xgboost"])
def test_a_prediction_imports_no_more_than_it_uses(model: str, tmp_path: Path) -> None:
    Image.fromarray(np.full((64, 64), 90, np.uint8)).save(tmp_path / "a.png")
    bundle = Path(__file__).parent / "models" / "layouts" / f"format-4-{model}.joblib"
    code = f"""
from gliaboost.cli import main
main(["predict", {str(bundle)!r}, {str(tmp_path / "a.png")!r}])
"""
    heavy = ("pandas._libs", "scipy.stats._stats_py", "xgboost", "lightgbm", "torch", "matplotlib")
    end = f"print([n for n in {heavy} if n in sys.modules])"
    code = f"import atexit, sys; atexit.register(lambda: {end}){code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
