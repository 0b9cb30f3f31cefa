"""Repair: what can be done about damage without the catalogue that the data came from. An ingestion does the rest."""

from store import logs, snapshot
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
    if not snapshot.numbers(root):
        snapshot.open_snapshot(root)  # says so
    lines, manifests = [], list[snapshot.Snapshot]()
    for number in snapshot.numbers(root):
        try:
            manifests.append(snapshot.read_manifest(root, number))
        except StoreError as error:
            lines.append(f"Set aside as {root.set_aside(snapshot.manifest_name(number))}: {error}")
    faults = {file.name: fault_of(root, file) for manifest in manifests for file in manifest.all_files()}
    damaged = {name for name, fault in faults.items() if fault}
    made_again = {file.name for file in manifests[-1].all_files()} if manifests else set()
    for manifest in manifests:
        names = sorted(damaged.intersection(file.name for file in manifest.all_files()))
        if names and not made_again.issuperset(names):
            aside = root.set_aside(snapshot.manifest_name(manifest.number))
            lines.append(f"Dropped snapshot {manifest.number}, set aside as {aside}: {names[0]} {faults[names[0]]}")
        elif names:
            lines.append(f"Snapshot {manifest.number} is left: {names[0]} {faults[names[0]]}")
    lines += logs.mend(root, every_byte=True)
    if fault := catalogue_fault(root):
        try:
            snapshot.write_catalogue(root)
            lines.append(f"Made {snapshot.CATALOGUE} anew, which {fault}.")
        except StoreError as error:
            lines.append(f"{snapshot.CATALOGUE} {fault}, and cannot be made anew: {error}")
    return lines
