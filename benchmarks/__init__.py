"""Measurements of lossbook, as ratios within one run: ``make bench``."""
