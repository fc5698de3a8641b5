"""Experiments on engines, formats and settings: a plan, rows of takes, a report that reads only the rows."""
