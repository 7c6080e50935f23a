"""Public data sets: what there is, downloaded, checked, unpacked."""
