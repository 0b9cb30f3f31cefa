"""Products: the list, and one of them with all that is known of it."""

from dashboard.pages.products import page, product

PAGES = (
    page.PAGE,
    product.PAGE,
)
