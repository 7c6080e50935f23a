"""Frozen, pretrained networks as extractors."""
