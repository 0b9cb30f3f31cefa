"""The commands of ingestion: ingest, look, sample, models, schedule."""

import logging
import signal
from pathlib import Path
from typing import Annotated, Literal

import typer

from store.errors import CatalogueError, ConfigError, MethodUnavailable
from store.terminal import printable

models = typer.Typer(help="The feature methods and the models they run.", no_args_is_help=True)
schedule = typer.Typer(help="Run the ingestion jobs of the configuration at their times, until stopped.")

Config = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration, aislemap.toml.")]
Methods = Annotated[str | None, typer.Option("--methods", "-m", help="Only these methods, as bert,sift.")]
Jobs = Annotated[Path, typer.Option("--config", "-c", help="The configuration with its [[jobs]].")]
Weights = Annotated[list[str] | None, typer.Option("--weights", "-w", help="Weights of a method, as cnn=PATH. Repeat.")]

Columns = Annotated[
    list[str] | None, typer.Option("--column", help="Which column holds what, as id=sku or name=title. Repeat.")
]
CATALOGUE = "The products: a CSV, TSV, JSON, JSONL, Excel, Parquet or XML feed file, or a folder of Parquet files."


class Terminated(SystemExit):
    """SIGTERM ended an ingestion; the text is written to the log of runs."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)

    def __str__(self) -> str:
        return "It was ended by SIGTERM."


def ingest(
    catalogue: Annotated[Path, typer.Argument(help=CATALOGUE)],
    store: Annotated[Path, typer.Option("--store", "-s", help="The store to publish into; made if it is not there.")],
    images: Annotated[Path | None, typer.Option("--images", "-i", help="The folder of the product images.")] = None,
    methods: Methods = None,
    weights: Weights = None,
    config: Config = None,
    columns: Columns = None,
    k: Annotated[
        int | None,
        typer.Option(
            "--k", min=2, help="Number of groups; that of the categories, up to study.most_groups, if not given."
        ),
    ] = None,
    engine: Annotated[
        Literal["local", "ray"] | None, typer.Option(help="Where steps run: this machine (local), or a Ray cluster.")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option(help="The head of the Ray cluster as host:port; one is started if not given.")
    ] = None,
) -> None:
    """Ingest a catalogue: embed it by every method, group it, score it, publish it as the store's newest snapshot.

    What did not change since the last run is not computed again. SIGTERM ends it with exit code 143; the next run
    continues from the steps that were finished.
    """
    from ingestion import console
    from ingestion.config import load
    from ingestion.pipeline import ingest as pipeline
    from ingestion.reading.look import opening

    settings = load(config).model_dump(exclude_unset=True)
    override(settings, methods, weights, columns, k)
    if engine:
        _table(settings, "engine")["runs_on"] = engine
    if ray_address:
        _table(settings, "engine")["address"] = ray_address
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    checked = _validated(settings)
    most_groups = None if checked.study.k else checked.study.most_groups
    for line in opening(catalogue, checked.catalogue, images is not None, most_groups):
        typer.echo(printable(line))
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with console.Progress() as listener:
            report = pipeline.ingest(catalogue, images, store, checked, listener)
    except Terminated as ended:
        typer.echo(f"aislemap: {ended} The next run continues from the steps that were finished.", err=True)
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    console.study(store, report)
    weighted = [name for name, _ in _pairs("--weights", weights)]  # who gives weights wants that method to run
    wanted = dict.fromkeys((*(checked.study.methods or ()), *weighted))
    asked = [name for name in wanted if name in report.missing]
    if asked:
        raise MethodUnavailable(f"The study lacks {', '.join(asked)}.", "The lines above say why.")


def look(
    catalogue: Annotated[Path, typer.Argument(help=CATALOGUE)],
    images: Annotated[Path | None, typer.Option("--images", "-i", help="The folder of the product images.")] = None,
    config: Config = None,
    columns: Columns = None,
) -> None:
    """Show how a catalogue is read: its columns, categories, images and issues, and how to fix or change that.

    Nothing is computed or written.
    """
    from ingestion.config import load
    from ingestion.reading.look import look as lines

    settings = load(config).model_dump(exclude_unset=True)
    override(settings, None, None, columns, None)
    if images and not images.is_dir():
        raise CatalogueError(f"There is no images folder {images}; check the path.")
    checked = _validated(settings)
    for line in lines(catalogue, images, checked.catalogue, None if checked.study.k else checked.study.most_groups):
        typer.echo(printable(line))


def sample(
    folder: Annotated[Path, typer.Argument(help="The folder to write it to; with --products, also a .parquet file.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same files; another changes all.")] = 0,
    products: Annotated[int | None, typer.Option(help="Of a large sample: up to 1,000,000.")] = None,
    categories: Annotated[int | None, typer.Option(help="Of a large sample: 2 to 2,000.")] = None,
    images: Annotated[
        bool | None, typer.Option("--images/--no-images", help="Of a large sample: none if not asked; up to 20,000.")
    ] = None,
) -> None:
    """Write the built-in sample catalogue: 420 made-up products in 7 categories, with drawn images.

    With --products and --categories a large one, of any size and without images.
    """
    from ingestion import console
    from ingestion.sample.catalogue import make
    from ingestion.sample.large import make_large

    if products is None and categories is None:
        if images is False:
            raise ConfigError("--no-images is for large samples; give --products and --categories with it.")
        with console.Bar("drawing the sample") as progress:
            made = make(folder, seed, progress)
    elif products is None or categories is None:
        have, lacks = ("--categories", "--products") if products is None else ("--products", "--categories")
        raise ConfigError(f"{have} {products or categories} needs {lacks} beside it; give both.")
    else:
        with console.Bar("writing the sample") as progress:
            made = make_large(folder, products, categories, seed, bool(images), progress)
    with_images = f", images in {made.images}" if images or products is None else ""
    typer.echo(f"{made.products} products in {made.catalogue}{with_images}.")


@models.command("list")
def list_models(weights: Weights = None, config: Config = None) -> None:
    """List what each method would run, from where, and how to change it; nothing is loaded."""
    from ingestion import console
    from ingestion.config import load

    settings = load(config).model_dump(exclude_unset=True)
    override(settings, None, weights, None, None)
    console.models(_validated(settings))


@schedule.callback(invoke_without_command=True)
def run_schedule(context: typer.Context, config: Jobs = Path("aislemap.toml")) -> None:
    """Run the ingestion jobs of the configuration at their times, until stopped."""
    from ingestion.schedule.scheduler import run

    if context.invoked_subcommand is None:
        run(config)


@schedule.command("export")
def export_schedule(
    to: Annotated[str, typer.Option("--to", help="The form: cron, systemd, kubernetes or airflow.")],
    config: Jobs = Path("aislemap.toml"),
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The folder to write to; printed if not.")] = None,
) -> None:
    """Write the jobs in the form of another scheduler, which then makes the runs instead of `aislemap schedule`."""
    from ingestion.config import load
    from ingestion.schedule.export import export

    for name, text in export(load(config), to, config).items():
        if out:
            out.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(text, encoding="utf-8")
        else:
            typer.echo(f"# {name}\n{text}")


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would cut the ending short
    raise Terminated


def names(methods: str | None) -> list[str]:
    """The names in 'bert,sift'."""
    return [name.strip() for name in (methods or "").split(",") if name.strip()]


def override(
    settings: dict[str, object],
    methods: str | None,
    weights: list[str] | None,
    columns: list[str] | None,
    k: int | None,
) -> None:
    """Override the settings of the file, in place, by the options.

    ConfigError for NAME=VALUE without '=', and for a field of a product that is none.
    """
    from ingestion.config import Columns as Fields
    from ingestion.config import nearest

    if methods:
        _table(settings, "study")["methods"] = names(methods)
    if k:
        _table(settings, "study")["k"] = k
    for option, value in _pairs("--weights", weights):
        _table(settings, "methods", option)["weights"] = str(Path(value).resolve())
    fields = list(Fields.model_fields)
    for option, value in _pairs("--column", columns):
        if option not in fields:
            turned = f"; did you mean --column {value}={option}?" if value in fields else nearest(option, fields)
            raise ConfigError(
                f"--column {option}={value}: there is no field {option!r}{turned} Fields are {', '.join(fields)}; "
                "write FIELD=COLUMN."
            )
        _table(settings, "catalogue", "columns")[option] = value


def _pairs(option: str, values: list[str] | None) -> list[tuple[str, str]]:
    for value in values or []:
        if "=" not in value:
            raise ConfigError(f"{option} {value} names nothing; write it as NAME=VALUE.")
    return [(name, rest) for name, _, rest in (value.partition("=") for value in values or [])]


def _table(settings: dict[str, object], *path: str) -> dict[str, object]:
    for name in path:
        settings = settings.setdefault(name, {})  # type: ignore[assignment]
    return settings


def _validated(settings: dict[str, object]):  # type: ignore[no-untyped-def]
    from pydantic import ValidationError

    from ingestion.config import Config as Model
    from ingestion.config import explain

    try:
        return Model.model_validate(settings)
    except ValidationError as error:
        raise ConfigError(f"The options do not fit:\n{explain(error)}") from error
