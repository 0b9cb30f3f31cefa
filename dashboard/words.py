"""The names, definitions and number formats of the pages; a name that is not here is shown as the store has it."""

import re
from collections.abc import Sequence
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
    "joint-text": "Joint text",
    "joint": "Joint text + image",
}
JOINING = ("fusion", "joint-text", "joint")
"""The methods that join others, and name them in their model."""
REDUCERS = {"tsne": "t-SNE", "umap": "UMAP", "pca": "PCA"}
GROUPINGS = {
    "manifold": "k-means on the manifold",
    "estimated_k": "k-means on the manifold, number of groups estimated",
    "embedding": "k-means in the embedding",
}
SCOPES = {"text": "From text", "image": "From images", "text+image": "From both together"}
METRICS = {
    "ari": "ARI",
    "ami": "AMI",
    "nmi": "NMI",
    "v_measure": "V-measure",
    "homogeneity": "Homogeneity",
    "completeness": "Completeness",
    "matched_accuracy": "Matched accuracy",
    "accuracy": "Accuracy",
    "silhouette": "Silhouette",
    "macro_f1": "Macro F1",
    "f1": "F1",
}
CATEGORY_FIGURES = {
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "neighbour_purity": "k-NN purity",
    "silhouette": "Silhouette",
    "stability": "Stability",
}
CATEGORY_MEANINGS = {
    "f1": "Harmonic mean of precision and recall; 1 is perfect.",
    "precision": "Fraction of the matched group's products that are of the category.",
    "recall": "Fraction of the category's products that are in its matched group.",
    "neighbour_purity": "Mean fraction of a product's 10 nearest neighbours that are of the same category.",
    "silhouette": "How well its products are separated from those of other categories, from -1 to 1.",
}
MODALITIES = {"text": "text", "image": "image"}
METRIC_MEANINGS = {
    "ari": "Adjusted Rand index: 1 is the catalogue's own grouping, 0 is what chance reaches.",
    "ami": "Adjusted mutual information: 1 is the catalogue's own grouping, 0 is chance; for unequal categories.",
    "nmi": "Normalised mutual information; not adjusted for chance.",
    "v_measure": "Harmonic mean of homogeneity and completeness; not adjusted for chance.",
    "homogeneity": "1 when each group holds products of one category only.",
    "completeness": "1 when each category's products are all in one group.",
    "matched_accuracy": "Fraction of products in the group matched to their category.",
    "silhouette": "How well the groups are separated, from -1 to 1; it does not use the categories.",
}


def named(names: dict[str, str], key: str | None) -> str:
    """The shown name of something, or its own."""
    return "–" if key is None else names.get(key, key)


def inert(name: str) -> str:
    """A name as text of a plot: Plotly reads markup such as `<b>`, `<br>` and `<a href>` in every text."""
    return name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def method(name: str | None) -> str:
    """A method's shown name."""
    return named(METHODS, name)


def stability(stable_from: float | None) -> str:
    """What the stability of a group is, and from where on the study calls it stable (None: no threshold is known)."""
    limit = "" if stable_from is None else f" From {stable_from:g} on a group counts as stable."
    return f"Mean Jaccard similarity with the nearest group when the products are resampled (Hennig 2007).{limit}"


def grouping(name: str | None) -> str:
    """A grouping's shown name, such as 'k-means in the embedding'."""
    return named(GROUPINGS, name)


def estimated(value: float, groups: int) -> str:
    """The score of groups whose number was estimated: 'with the number of groups estimated: 0.64 in 10 groups'."""
    return f"with the number of groups estimated: {score(value)} in {count(groups, 'group')}"


def model(name: str | None, shown_for: str | None) -> str | None:
    """A model's name; where it names methods ('bert + cnn'), by the names that they have on the pages."""
    if name is None or shown_for not in JOINING:
        return name
    joined = [key for key in METHODS if key not in JOINING]
    return re.sub("|".join(rf"\b{key}\b" for key in joined), lambda found: METHODS[found[0]], name)


def held(text: str | None) -> str:
    """A stored sentence whose percent signs stay on the line of their figure."""
    return (text or "").replace(" %", "\N{NO-BREAK SPACE}%")


def sentences(text: str) -> list[str]:
    """The sentences of a text: each ends with a full stop before a space and a capital letter."""
    return re.split(r"(?<=\.) (?=[A-Z])", text)


def listed(names: Sequence[str]) -> str:
    """Names in one phrase: 'a', 'a and b', 'a, b and c'."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def listed_short(names: Sequence[str], most: int) -> str:
    """As `listed`, of no more than `most` names: 'a, b and 7 more'."""
    more = len(names) - most
    return listed(names) if more <= 0 else listed([*names[:most], f"{more:,} more"])


def per_thousand(value: float | None, unit: str = "s") -> str:
    """A cost per 1,000 products with as many decimals as it needs."""
    return "–" if value is None else f"{value:.2g} {unit}" if value < 10 else f"{value:,.0f} {unit}"


def score(value: float | None) -> str:
    """A score with two decimals."""
    return "–" if value is None else f"{value:.2f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float | None) -> str:
    """A difference of scores with its sign and two decimals; three where two would read as zero."""
    if value is None:
        return "–"
    digits = 3 if 0 < abs(value) < 0.005 else 2
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def percent(value: float | None) -> str:
    """A fraction in percent: '62 %', as the notes and the reasons of verdicts write it, with a space that holds."""
    return "–" if value is None else f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def count(value: int | None, noun: str = "") -> str:
    """A number with thousands separators, and its noun, in the plural where needed."""
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
    """When a run is due; 'overdue since' if that is past, for example after the scheduler was stopped."""
    return f"overdue since {when(moment)}" if moment and moment < datetime.now(UTC) else when(moment)


def when(moment: datetime | None) -> str:
    """A moment, in UTC, as '12 Nov 2026, 10:20 UTC'."""
    return "–" if moment is None else f"{moment.astimezone(UTC):%-d %b %Y, %H:%M} UTC"
