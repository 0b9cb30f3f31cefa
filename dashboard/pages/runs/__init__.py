"""Runs: what was computed, when, and what is running now."""

from dashboard.pages.runs import page

PAGES = (page.PAGE,)
