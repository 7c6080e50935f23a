"""DICOM files to grey slices: opened, told apart from what is no picture, windowed, placed."""
