"""Work on several processes or machines, by way of dask.distributed: opened, checked, closed."""
