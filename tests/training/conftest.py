"""The encoders are run by their methods, with the methods' own fixtures."""

from tests.ingestion.features.conftest import make_inputs, run

__all__ = ["make_inputs", "run"]
