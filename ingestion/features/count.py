"""`count`: how often each word stands in a product's text, the simplest bag of words."""

from collections.abc import Iterator

from ingestion.features import bag_of_words
from ingestion.features.base import Batch, Inputs, Method, Model
from ingestion.task import Progress


class Count(Method):
    """Word counts of the clean text, then LSA: see `bag_of_words`."""

    name = "count"
    modality = "text"
    runtime = "plain"
    fits = True
    Settings = bag_of_words.BagSettings
    settings: bag_of_words.BagSettings

    def resolve(self) -> Model:
        """Fitted on the catalogue: always there."""
        return bag_of_words.fitted("word counts", self.settings)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) LSA vectors with the counts as terms."""
        from sklearn.feature_extraction.text import CountVectorizer

        return bag_of_words.embed(self.name, CountVectorizer(), self.settings, inputs, progress)
