"""Repair: what can be done about damage without the catalogue that the data came from. An ingestion does the rest."""

from store import logs, manifest, snapshot
from store.errors import StoreError
from store.root import Root
from store.upkeep import catalogue_fault, fault_of


def repair(root: Root) -> list[str]:
    """Set aside what cannot be read, drop older snapshots that are not whole, make `catalog.duckdb` anew if need be.

    The newest snapshot stays even if files of it are damaged, for an ingestion computes them again. So do older ones
    whose damaged files it shares. One sentence for each thing done or left to do; none if the store is sound. What was
    set aside stays beside its place, under a name that ends in `.damaged`, until `vacuum`. Only the holder of the
    store's lock may call this. StoreMissing if nothing was published.
    """
    if not manifest.numbers(root):
        snapshot.open_snapshot(root)  # says so
    lines, snapshots = [], list[manifest.Snapshot]()
    for number in manifest.numbers(root):
        try:
            snapshots.append(manifest.read(root, number))
        except StoreError as error:
            lines.append(f"Set aside as {root.set_aside(manifest.path(number))}: {error}")
    faults = {file.name: fault_of(root, file) for found in snapshots for file in found.all_files()}
    damaged = {name for name, fault in faults.items() if fault}
    made_again = {file.name for file in snapshots[-1].all_files()} if snapshots else set()
    for found in snapshots:
        names = sorted(damaged.intersection(file.name for file in found.all_files()))
        if names and not made_again.issuperset(names):
            aside = root.set_aside(manifest.path(found.number))
            lines.append(f"Dropped snapshot {found.number}, set aside as {aside}: {names[0]} {faults[names[0]]}")
        elif names:
            lines.append(f"Snapshot {found.number} is left: {names[0]} {faults[names[0]]}")
    lines += logs.mend(root, every_byte=True)
    if fault := catalogue_fault(root):
        try:
            snapshot.write_catalogue(root)
            lines.append(f"Made {snapshot.CATALOGUE} anew, which {fault}.")
        except StoreError as error:
            lines.append(f"{snapshot.CATALOGUE} {fault}, and cannot be made anew: {error}")
    return lines
