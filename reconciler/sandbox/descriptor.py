"""What configuration patches have set in, the XML document the server gives for it out.

In a patch the parts of a section stand under their names; in the document they are a list, and the
name is one of their fields. Repositories are not repeated here: they have endpoints of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

Json = Any
Fields = dict[str, Json]

NAMED_LISTS = {
    "proxies": ("proxy", "key"),
    "backups": ("backup", "key"),
    "propertySets": ("propertySet", "name"),
    "repoLayouts": ("repoLayout", "name"),
    "properties": ("property", "name"),
    "predefinedValues": ("predefinedValue", "value"),
}
"""A map of the patch -> the element of the list in the document, and its field with the name."""

PLAIN_LISTS = {"excludedRepositories": "repositoryRef"}
"""A list of texts in the patch -> the element each of them becomes."""

SECRETS = ("password",)
"""Fields that come back masked."""


def merge(stored: Fields, sent: Mapping[str, Json]) -> Fields:
    """Stored fields and a patch of them in, the result out; null removes what it names."""
    changed = dict(stored)
    for name, value in sent.items():
        if value is None:
            changed.pop(name, None)
        elif isinstance(value, dict):
            held = changed.get(name)
            changed[name] = merge(held if isinstance(held, dict) else {}, value)
        else:
            changed[name] = value
    return changed


def document(sections: Mapping[str, Mapping[str, Fields]], base_url: str | None) -> bytes:
    """Sections with their named parts in, the bytes of the document out."""
    root = ElementTree.Element("config")
    if base_url:
        ElementTree.SubElement(root, "urlBase").text = base_url
    for section, parts in sections.items():
        write(root, section, dict(parts))
    ElementTree.indent(root)
    body: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return body + b"\n"


def write(parent: ElementTree.Element, name: str, value: Json) -> None:
    """A field in; its element stands in the parent afterwards."""
    element = ElementTree.SubElement(parent, name)
    if isinstance(value, dict) and name in NAMED_LISTS:
        item, key = NAMED_LISTS[name]
        for title, fields in value.items():
            inner = fields if isinstance(fields, dict) else {}
            write(element, item, {key: title, **{n: v for n, v in inner.items() if n != key}})
    elif isinstance(value, dict):
        for inner_name, inner in value.items():
            write(element, inner_name, inner)
    elif isinstance(value, list):
        for inner in value:
            write(element, PLAIN_LISTS.get(name, "item"), inner)
    else:
        element.text = printed(name, value)


def printed(name: str, value: Json) -> str:
    """A field and its value in, the text in the document out."""
    if isinstance(value, bool):
        return str(value).lower()
    if name in SECRETS and value:
        return "AM.2." + hashlib.sha256(f"sandbox:{value}".encode()).hexdigest()
    return "" if value is None else legal(str(value))


def legal(text: str) -> str:
    """A text in, the same without the characters XML cannot hold out."""
    return "".join(sign for sign in text if sign >= " " or sign in "\t\n\r")
