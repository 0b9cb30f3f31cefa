"""The scheduler: the jobs of aislemap.toml at their times or on changes of a folder, each run a process of its own."""
