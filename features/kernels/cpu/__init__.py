"""Texture kernels for the CPU: compiled loops that release the GIL, over a batch of images.

No function keeps anything between calls, and no image sees another: results do not depend on
batch, chunk, thread count or order.
"""
