"""The benchmark protocol, statistics, figures and pages."""
