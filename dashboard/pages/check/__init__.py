"""To check: products that methods dispute, and duplicates, as a list and one at a time."""

from dashboard.pages.check import page, review

PAGES = (
    page.PAGE,
    review.PAGE,
)
