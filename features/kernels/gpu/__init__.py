"""Texture kernels for the GPU: the functions of `cpu`, on torch tensors where they lie.

Plain torch runs them on any device; on CUDA, Triton's kernels do what torch does badly: counting.
Both give the numbers of `cpu` within 1e-5, codes and counts exactly.
"""
