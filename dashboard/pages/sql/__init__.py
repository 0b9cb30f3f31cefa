"""SQL: questions that people write themselves."""

from dashboard.pages.sql import page

PAGES = (page.PAGE,)
