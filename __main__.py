"""Run the command line as ``python -m gliaboost``."""

from gliaboost.cli import main

if __name__ == "__main__":
    main()
