"""What things are called on the pages; a name that is not here is shown as the store has it."""

from datetime import UTC, datetime

METHODS = {
    "count": "Bag of words",
    "tfidf": "TF-IDF",
    "word2vec": "Word2Vec",
    "fasttext": "FastText",
    "glove": "GloVe",
    "bert": "BERT",
    "use": "USE",
    "sift": "SIFT",
    "cnn": "CNN",
    "fusion": "Fusion",
}
REDUCERS = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA"}
ALGORITHMS = {"kmeans": "k-means", "ward": "Ward"}
SPACES = {"manifold": "10-D manifold", "full": "full embedding", "map": "2-D map"}
SCOPES = {"text": "From text", "image": "From pictures", "text+image": "From both together"}
METRICS = {
    "ari": "ARI",
    "ami": "AMI",
    "nmi": "NMI",
    "v_measure": "V-measure",
    "homogeneity": "Homogeneity",
    "completeness": "Completeness",
    "accuracy": "Accuracy",
    "silhouette": "Silhouette",
}
METRIC_MEANINGS = {
    "ari": "Adjusted Rand index: 1 is the catalogue's own grouping, 0 is what chance reaches.",
    "ami": "Adjusted mutual information: 1 is the catalogue's own grouping, 0 is chance; for unequal categories.",
    "nmi": "Normalised mutual information; not adjusted for chance.",
    "v_measure": "Harmonic mean of homogeneity and completeness; not adjusted for chance.",
    "homogeneity": "1 when each group holds products of one category only.",
    "completeness": "1 when each category's products are all in one group.",
    "accuracy": "Share of products in the group matched to their category.",
    "silhouette": "How separate the groups are, from -1 to 1; it does not look at the categories.",
}


def named(names: dict[str, str], key: str | None) -> str:
    """The shown name of something, or its own."""
    return "–" if key is None else names.get(key, key)


def method(name: str | None) -> str:
    """A method's shown name."""
    return named(METHODS, name)


def grouping(algorithm: str | None, space: str | None) -> str:
    """A grouping's shown name, such as 'k-means, 10-D manifold'."""
    return f"{named(ALGORITHMS, algorithm)}, {named(SPACES, space)}"


def score(value: float | None) -> str:
    """A score with two decimals."""
    return "–" if value is None else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def share(value: float | None) -> str:
    """A share in percent."""
    return "–" if value is None else f"{value:.0%}"


def count(value: int | None, noun: str = "") -> str:
    """A number with thousands set apart, and its noun in the plural where needed."""
    if value is None:
        return "–"
    plural = {"category": "categories"}.get(noun, f"{noun}s")
    return f"{value:,} {noun if value == 1 else plural}".strip() if noun else f"{value:,}"


def seconds(value: float | None) -> str:
    """A duration: '0.4 s', '31 s', '4 min 02 s', '2 h 05 min'."""
    if value is None:
        return "–"
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def megabytes(value: float | None) -> str:
    """An amount of memory."""
    return "–" if value is None else f"{value / 1000:.1f} GB" if value >= 1000 else f"{value:.0f} MB"


def due(moment: datetime | None) -> str:
    """When a run is due; 'overdue since' if that is past, as when the scheduler was killed."""
    return f"overdue since {when(moment)}" if moment and moment < datetime.now(UTC) else when(moment)


def when(moment: datetime | None) -> str:
    """A moment, in UTC, as '12 Nov 2026, 10:20 UTC'."""
    return "–" if moment is None else f"{moment.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
