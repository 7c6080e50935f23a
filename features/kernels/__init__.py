"""The pixel loops: `cpu` (Numba) and `gpu` (torch, Triton) have the same functions.

What the two share (tables, names, checks) lies beside them and imports neither.
Both take ``uint8 [N, H, W]`` and give ``float32 [N, D]`` where they run, with the same numbers.
"""
