"""What `gliaboost` offers by name: a notebook, a page and a command call these and nothing else."""
