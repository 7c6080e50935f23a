"""Heads on whole feature families, and a booster on their log-odds beside plain columns."""
