"""Segmenters: where a tumour is and how large, behind one contract as classifiers are."""
