"""The documentation of the tables: docs/tables.md and `aislemap store tables`, both made from store/tables.py."""

from store.tables import TABLES, Table, embedding_table

HEAD = """# The tables of the store

Made from store/tables.py by `make docs`; a test fails when the two differ. Every table below is a view in
`catalog.duckdb`, with the same comments.

There is one embedding table per method that ran: `embedding_count`, `embedding_tfidf`, ..., with the
vector length of that method's model. `runs`, `steps` and `schedule` are logs: they grow with every event and
belong to no snapshot.
"""


def documented() -> list[Table]:
    """Every declared table, and one embedding table as the example of all."""
    return [*TABLES, embedding_table("bert", 384)]


def as_markdown() -> str:
    """The whole of docs/tables.md."""
    parts = [HEAD]
    for table in documented():
        rows = [f"| `{c.name}` | {c.type} | {c.comment.replace('|', '&#124;')} |" for c in table.columns]
        parts.append(
            "\n".join(
                [f"## {table.name}\n", f"{table.meaning}\n", "| column | type | meaning |", "|---|---|---|", *rows, ""]
            )
        )
    return "\n".join(parts)


def as_text() -> str:
    """The same for a terminal."""
    parts = []
    for table in documented():
        columns = (f"    {c.name:20} {c.type:12} {c.comment}" for c in table.columns)
        parts.append("\n".join([f"{table.name}: {table.meaning}", *columns]))
    return "\n\n".join(parts)


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201  # `make docs` redirects it
