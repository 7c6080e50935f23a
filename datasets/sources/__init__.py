"""Layouts of data sets, one small module each, behind one registry."""

from gliaboost.datasets.sources.base import SOURCES, read_source, source

__all__ = ["SOURCES", "read_source", "source"]
