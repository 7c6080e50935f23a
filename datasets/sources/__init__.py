"""Layouts of data sets, one small module each, behind one registry."""

from gliaboost.datasets.sources.base import find_source, names, options_of, read_source, source

__all__ = ["find_source", "names", "options_of", "read_source", "source"]
