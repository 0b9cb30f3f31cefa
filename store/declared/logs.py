"""The logs: runs, their steps, the schedule, reviews. They grow with every event and belong to no snapshot."""

from store.columns import Column, Table

TABLES = (
    Table(
        "runs",
        "The log of ingestions, one row per run that ended.",
        (
            Column("run_id", "VARCHAR", "UTC start time and a random suffix; sorts by time."),
            Column("started", "TIMESTAMPTZ", "When it began."),
            Column("seconds", "DOUBLE", "How long it took.", "s"),
            Column("status", "VARCHAR", "published, unchanged or failed."),
            Column("snapshot", "INTEGER", "The snapshot that was the newest at its end; NULL if there is none."),
            Column("catalogue", "VARCHAR", "The catalogue file."),
            Column("products", "INTEGER", "Products read."),
            Column("steps_computed", "INTEGER", "Steps that were computed."),
            Column("steps_cached", "INTEGER", "Steps whose result was stored already."),
            Column("steps_failed", "INTEGER", "Steps that failed."),
            Column("peak_mb", "DOUBLE", "Highest resident memory of any of its processes.", "MB"),
            Column("detail", "VARCHAR", "Why it failed; NULL otherwise."),
            Column("version", "VARCHAR", "The version of aislemap."),
        ),
        log=True,
    ),
    Table(
        "steps",
        "The log of steps: one row per step of each run.",
        (
            Column("run_id", "VARCHAR", "The run."),
            Column("step", "VARCHAR", "The step, such as 'features:bert' or 'projection:bert'."),
            Column("key", "VARCHAR", "The hash of its inputs, parameters, code and model."),
            Column("status", "VARCHAR", "computed, cached, unavailable, failed or skipped (what it needs is missing)."),
            Column("seconds", "DOUBLE", "Time of the computation; of the original one where it is cached.", "s"),
            Column(
                "peak_mb",
                "DOUBLE",
                "Highest resident memory of its process during the step, with what steps before left in it.",
                "MB",
            ),
            Column("rows", "BIGINT", "Rows it wrote, over all its tables."),
            Column("detail", "VARCHAR", "Why it failed or was skipped."),
        ),
        log=True,
    ),
    Table(
        "schedule",
        "The log of the scheduler, one row per event of a job.",
        (
            Column("happened", "TIMESTAMPTZ", "When."),
            Column("job", "VARCHAR", "The job's name in aislemap.toml."),
            Column(
                "event",
                "VARCHAR",
                "scheduled, started, published, unchanged, retrying, failed, missed, interrupted or stopped.",
            ),
            Column("next_run", "TIMESTAMPTZ", "The next run of the job, as planned at that time."),
            Column("run_id", "VARCHAR", "The run, for an ended one."),
            Column("detail", "VARCHAR", "The event in a sentence."),
        ),
        log=True,
    ),
    Table(
        "reviews",
        "The log of reviews: what people decided on suspects and duplicates, one row per decision or note. Of each "
        "product, or pair, the newest decision counts.",
        (
            Column("happened", "TIMESTAMPTZ", "When."),
            Column("finding", "VARCHAR", "suspect or duplicate: what was reviewed."),
            Column("product_id", "VARCHAR", "The product; of duplicates the later one."),
            Column("other_product_id", "VARCHAR", "The product that it duplicates; NULL for a suspect."),
            Column(
                "decision",
                "VARCHAR",
                "accept (the suggested category is right; the two are one product), reject (its own category is right; "
                "they are two products), reopen (undecided again) or note (a note alone, which decides nothing).",
            ),
            Column("note", "VARCHAR", "A note; '' removes the one before, NULL leaves it."),
            Column("category", "VARCHAR", "The product's category at that time."),
            Column("suggested_category", "VARCHAR", "The category suggested at that time; NULL for duplicates."),
            Column("snapshot", "INTEGER", "The snapshot that the person saw."),
            Column("person", "VARCHAR", "Who; NULL where nobody has to log in."),
        ),
        log=True,
    ),
)
