"""What Streamlit runs, from the top, whenever somebody opens the page or touches it."""

from __future__ import annotations

import sys

from gliaboost.web.page import show
from gliaboost.web.settings import AppSettings

show(AppSettings.of_words(sys.argv[1:]))
