"""Methods: how well each does by every metric, why one map misleads, and how many labels would be enough.

A module here is a tab.
"""

from dashboard.pages.methods import labels, maps, metrics
from dashboard.tabs import Tab, tabbed

PAGES = tabbed(
    "Methods",
    60,
    Tab(metrics.ADDRESS.path, "Metrics", metrics.layout, metrics.register),
    Tab(maps.ADDRESS.path, "One map misleads", maps.layout, maps.register),
    Tab(labels.ADDRESS.path, "Labels", labels.layout, labels.register),
)
