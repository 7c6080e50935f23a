"""Speed against other libraries, side by side in one run; `results/README.md` says how."""
