"""Gradient-boosted trees on feature columns."""
