"""Categories: what each one needs, and the groups that its products fall into. A module here is a tab."""

from dashboard.pages.categories import groups, verdicts
from dashboard.tabs import Tab, tabbed

PAGES = tabbed(
    "Categories",
    20,
    Tab(verdicts.ADDRESS.path, "Verdicts", verdicts.layout, verdicts.register),
    Tab(groups.ADDRESS.path, "Groups", groups.layout, groups.register),
)
