"""Answer: whether the products can be grouped automatically, by what, and what comes next."""

from dashboard.pages.answer import page

PAGES = (page.PAGE,)
