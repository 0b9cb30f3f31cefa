"""The made-up logs of a factory's store: runs, their steps, the scheduler's events, and reviews."""

from datetime import UTC, datetime, timedelta

from store import logs
from store.root import Root


def write_logs(root: Root, number: int, products: int) -> None:
    """A failed run, a published one with its steps, the two events of a scheduled job, and a review of a pair."""
    start = datetime(2026, 11, 20, 6, 0, tzinfo=UTC) + timedelta(days=number)
    run = {"catalogue": "catalogue.csv", "products": products, "steps_cached": 0, "peak_mb": 812.0, "version": "test"}
    failed, good = f"{start:%Y%m%dT%H%M%S}-a", f"{start:%Y%m%dT%H%M%S}-b"
    logs.append(root, "runs", [
        {**run, "run_id": failed, "started": start, "seconds": 3.5, "status": "failed", "snapshot": None,
         "steps_computed": 0, "steps_failed": 1, "detail": "The catalogue catalogue.csv has no column for names."},
        {**run, "run_id": good, "started": start + timedelta(minutes=5), "seconds": 74.2, "status": "published",
         "snapshot": number, "steps_computed": 3, "steps_failed": 1, "detail": None},
    ])  # fmt: skip
    logs.append(root, "steps", [
        {"run_id": good, "step": step, "key": "0" * 16, "status": status, "seconds": seconds, "peak_mb": memory,
         "rows": products, "detail": detail}
        for step, status, seconds, memory, detail in (
            ("features:bert", "computed", 31.0, 812.0, None), ("features:cnn", "computed", 22.4, 640.0, None),
            ("features:count", "computed", 0.9, 210.0, None), ("features:tfidf", "computed", 1.1, 215.0, None),
            ("features:sift", "computed", 12.5, 330.0, None), ("features:fusion", "computed", 0.4, 180.0, None),
            ("projection:bert", "cached", 9.3, 240.0, None), ("clustering:bert", "computed", 7.7, 300.0, None),
            ("clustering:cnn", "computed", 8.1, 310.0, None), ("clustering:tfidf", "computed", 6.0, 290.0, None),
            ("features:glove", "failed", 4.0, 4096.0, "The step was stopped at 4,096 MB."),
            ("neighbours:bert", "computed", 0.3, 150.0, None), ("neighbours:cnn", "computed", 0.2, 150.0, None),
            ("neighbours:tfidf", "cached", 0.4, 150.0, None), ("clustering:joint", "computed", 5.2, 280.0, None),
            ("clustering:joint-text", "computed", 4.8, 280.0, None),
            ("features:use", "unavailable", None, None, "No weights found for use."),
        )
    ])  # fmt: skip
    logs.append(root, "schedule", [
        {"happened": start, "job": "nightly", "event": "scheduled", "next_run": start + timedelta(hours=1),
         "run_id": None, "detail": "every day at 07:00"},
        {"happened": start + timedelta(hours=1), "job": "nightly", "event": "published",
         "next_run": start + timedelta(days=1, hours=1), "run_id": good, "detail": f"snapshot {number}"},
    ])  # fmt: skip
    logs.append(root, "reviews", [
        {"happened": start + timedelta(hours=2), "finding": "duplicate", "product_id": "P0010",
         "other_product_id": "P0003", "decision": "reject", "note": "The same image for two products.",
         "category": "Home Decor", "snapshot": number, "person": "ann"},
    ])  # fmt: skip
