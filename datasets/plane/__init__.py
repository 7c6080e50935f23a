"""The plane that a slice was cut in: axial, coronal or sagittal, as the picture tells."""
