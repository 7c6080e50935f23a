"""Boosted trees as plain arrays: checked, walked and explained by code of our own."""
