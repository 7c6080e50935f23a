"""Folds x experiments, and the record of a run."""
