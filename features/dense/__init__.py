"""Columns by pixel: what a slice looks like at every place, at several strides."""
