"""Experiments on engines, weight formats and settings: a plan, a row per take, and a report made from those rows."""
