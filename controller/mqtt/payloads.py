"""The published documents as JSON, and their JSON Schemas; `contract` writes the schemas into docs.

A document is strict JSON: what would be NaN or infinite raises instead, because one NaN breaks every template that
reads the topic.
"""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from ..documents import SCHEMA, EventDocument, HealthDocument, PresetsDocument, ResultDocument, StateDocument
from ..history_documents import HistoryDocument, PastSessionDocument

Document = (
    StateDocument
    | ResultDocument
    | EventDocument
    | PresetsDocument
    | HealthDocument
    | PastSessionDocument
    | HistoryDocument
)

DOCUMENTS: Final[dict[str, type[Document]]] = {
    "state": StateDocument,
    "result": ResultDocument,
    "event": EventDocument,
    "presets": PresetsDocument,
    "health": HealthDocument,
    "last_session": PastSessionDocument,
    "history": HistoryDocument,
}
"""Which document travels on which topic."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


class Untitled(GenerateJsonSchema):
    """Without the titles that pydantic makes out of field names ("Head Down Today S")."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


_ADAPTERS: Final[dict[type, TypeAdapter[Any]]] = {kind: TypeAdapter(kind) for kind in DOCUMENTS.values()}


def dump(document: Document) -> bytes:
    """The document as compact UTF-8 JSON. Raises ValueError for NaN, infinities and values of a wrong type."""
    value = _ADAPTERS[type(document)].dump_python(document, mode="json", warnings="error")
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each document by the name of its topic."""
    return {name: _schema(name, kind) for name, kind in DOCUMENTS.items()}


def document_schema(kind: type[Document], ref: str = "#/$defs/{model}") -> dict[str, Any]:
    """The JSON Schema of one kind of document. `ref`: where the definition of a {model} will be found."""
    schema = _ADAPTERS[kind].json_schema(mode="serialization", schema_generator=Untitled, ref_template=ref)
    schema.pop("title", None)
    return schema


def _schema(name: str, kind: type[Document]) -> dict[str, Any]:
    schema = document_schema(kind)
    return {"$schema": _DIALECT, "$id": f"urn:bascule:schema:{SCHEMA}:{name}", "title": f"Bascule {name}", **schema}


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """One file a document, `<name>.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        (folder / f"{name}.json").write_text(schema_text(schema), encoding="utf-8")
