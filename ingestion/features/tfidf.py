"""`tfidf`: word counts weighted by how rare a word is in the catalogue (Sparck Jones 1972)."""

from collections.abc import Iterator

from ingestion.features import bag_of_words
from ingestion.features.base import Batch, Inputs, Method, Model
from ingestion.task import Progress


class TfidfSettings(bag_of_words.BagSettings):
    """Settings of `tfidf`."""

    sublinear: bool = True
    """1 + log(count) in place of the count: a word that is repeated ten times is not ten times as distinctive (Manning
    et al. 2008, 6.4.1). Product descriptions repeat their key words for search engines."""


class Tfidf(Method):
    """TF-IDF weights of the clean text, rows L2-normalised, then LSA: see `bag_of_words`."""

    name = "tfidf"
    modality = "text"
    runtime = "plain"
    fits = True
    Settings = TfidfSettings
    settings: TfidfSettings

    def resolve(self) -> Model:
        """Fitted on the catalogue: always there."""
        return bag_of_words.fitted("TF-IDF", self.settings)

    def embed(self, model: Model, inputs: Inputs, progress: Progress) -> Iterator[Batch]:
        """Yield (rows, d) LSA vectors with the TF-IDF weights as terms."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(sublinear_tf=self.settings.sublinear)
        return bag_of_words.embed(self.name, vectorizer, self.settings, inputs, progress)
