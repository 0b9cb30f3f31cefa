"""Read the products of an XML feed: Google Merchant (RSS 2.0 or Atom), and feeds of one element per product.

XML is untrusted input: defusedxml refuses entities and external references. The feed is streamed.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from ingestion.issues import shorten
from ingestion.reading.rows import Row, Source
from ingestion.reading.text_file import open_bytes
from store.errors import CatalogueError

PRODUCTS = ("item", "entry", "product", "shopitem", "offer", "article", "artikel", "produkt", "row", "record")
"""What feeds call the element of a product: RSS, Atom, and usual feeds of shops and price comparisons."""


def open_feed(path: Path) -> Source:
    """An XML feed; CatalogueError if it is not XML, holds entities, or has no element of `PRODUCTS`."""
    columns: dict[str, None] = {}
    for row in _rows(path):
        columns.update(dict.fromkeys(row.cells or ()))
    if not columns:
        raise CatalogueError(
            f"The feed {path} has no product: no element is called {', '.join(PRODUCTS)}. Export it as CSV."
        )
    return Source(list(columns), _rows(path), format="an XML feed")


def _rows(path: Path) -> Iterator[Row]:
    number, depth, inside = 0, 0, None
    parents: list[Element] = []
    try:
        with open_bytes(path) as file:
            for event, element in iterparse(file, events=("start", "end"), forbid_dtd=False):
                if event == "start":
                    depth += 1
                    parents.append(element)
                    if inside is None and _name(element) in PRODUCTS:
                        inside = depth
                    continue
                parents.pop()
                if inside == depth:
                    cells = _cells(element)
                    inside = None
                    if parents:
                        parents[-1].remove(element)
                    if any(isinstance(child.tag, str) for child in element) or cells:
                        number += 1
                        if cells:
                            yield Row(number, cells)
                        else:
                            yield Row(number, None, (("unreadable row", "The element of the product is empty."),))
                depth -= 1
    except DefusedXmlException as error:
        raise CatalogueError(
            f"The feed {path} holds XML entities, which are not read ({error}); export it anew."
        ) from error
    except ParseError as error:
        if number:
            yield Row(
                number + 1, None, (("unreadable row", f"The feed is damaged here ({error}): the rest was left out."),)
            )
            return
        raise CatalogueError(f"The catalogue {path} is not readable XML ({error}); export it again.") from error
    except (EOFError, zlib.error, gzip.BadGzipFile, LookupError, ValueError) as error:
        raise CatalogueError(f"The feed {path} cannot be read ({shorten(error, 100)}); export it again.") from error


def _name(element: Element) -> str:
    """An element's name in lower case without its namespace."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _cells(product: Element) -> dict[str, Any]:
    """The cells of a product: attributes and children by name; several of one name as a list, nested as objects."""
    found: dict[str, Any] = {name.rpartition("}")[2]: value for name, value in product.attrib.items()}
    for child in product:
        name, value = _name(child), _value(child)
        if not name or value in (None, {}):
            continue
        if name in found and name not in product.attrib:
            found[name] = [*found[name], value] if isinstance(found[name], list) else [found[name], value]
        else:
            found[name] = value
    return found


def _value(element: Element) -> Any:
    if len(element):
        return _cells(element)
    text = (element.text or "").strip()
    return text or element.attrib.get("href") or None
