"""The page /api/docs, which lists the routes of the API from its OpenAPI description. It needs no scripts or files."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>API · MayaBook</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root {{ color-scheme: light dark; }} body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto;
padding: 0 1rem; }} code {{ font-family: ui-monospace, monospace; overflow-wrap: anywhere; }}
section {{ border-top: 1px solid; padding: .5rem 0; }} h3 {{ margin: .5rem 0; }} pre {{ white-space: pre-wrap; }}
</style></head><body><main><h1>API of MayaBook {version}</h1>
<p>Send the token that the server printed, or its password, as <code>Authorization: Bearer …</code>. For programs: the
<a href="/api/openapi.json">OpenAPI description</a>.</p>{routes}</main></body></html>"""


def api_page(description: Mapping[str, Any]) -> str:
    """The HTML page. description: from FastAPI's `openapi()`."""
    return _PAGE.format(version=escape(description["info"]["version"]), routes="".join(_routes(description)))


def _routes(description: Mapping[str, Any]) -> Iterator[str]:
    schemas = description.get("components", {}).get("schemas", {})
    for path, methods in description["paths"].items():
        for method, route in methods.items():
            about = "".join(f"<p>{escape(part)}</p>" for part in route.get("description", "").split("\n\n") if part)
            body = "".join(_fields("Send", content, schemas) for content in _contents(route.get("requestBody", {})))
            good: Mapping[str, Any] = next(
                (answer for code, answer in route["responses"].items() if code.startswith("2")), {}
            )
            answer = "".join(_fields("Receive", content, schemas) for content in _contents(good))
            yield f"<section><h3><code>{method.upper()} {escape(path)}</code></h3>{about}{body}{answer}</section>"


def _contents(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [content.get("schema", {}) for content in body.get("content", {}).values()]


def _fields(what: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """An HTML list of the fields of a body; empty if it has none."""
    name = schema.get("$ref", schema.get("items", {}).get("$ref", "")).rpartition("/")[2]
    fields = schemas.get(name, {}).get("properties", {})
    rows = "".join(f"<li><code>{escape(field)}</code>: {escape(_about(facts))}</li>" for field, facts in fields.items())
    return f"<p>{what}{' a list of' if 'items' in schema else ''}:</p><ul>{rows}</ul>" if rows else ""


def _about(facts: Mapping[str, Any]) -> str:
    kinds = [each.get("type", "object") for each in facts.get("anyOf", [facts])]
    choices = facts.get("enum")
    kind = ", ".join(choices) if choices else " or ".join(kinds)
    about = facts.get("description", "")
    return f"{kind}. {about}" if about else kind
