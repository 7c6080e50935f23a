"""Layouts of data sets, one small module each, behind one registry."""

from gliaboost.datasets.sources.base import SOURCES, names, options_of, read_source, source

__all__ = ["SOURCES", "names", "options_of", "read_source", "source"]
