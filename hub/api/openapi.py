"""The OpenAPI 3.1 document, made from the table of routes."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from hub.api.access import Access
from hub.api.idempotency import HEADER
from hub.api.problem import CONTENT_TYPE
from hub.api.route import PREFIX, Route
from hub.api.table import DESCRIPTION, ROUTES, TAGS

REF = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details; `code` is for programs, `mend` for people.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "mend": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "at": {"type": "string"},
                    "message": {"type": "string"},
                    "line": {
                        "type": ["integer", "null"],
                        "description": "Of a text that was sent, from 1.",
                    },
                },
            },
        },
    },
}


def document(routes: Iterable[Route] = ROUTES) -> dict[str, Any]:
    """Return the document as plain data."""
    routes = tuple(routes)
    models = {model for route in routes for model in (route.body,) if model is not None}
    pairs = [(model, "validation") for model in sorted(models, key=lambda m: m.__name__)]
    _, top = models_json_schema(pairs, ref_template=REF)  # type: ignore[arg-type]
    schemas: dict[str, Any] = dict(top.get("$defs", {}))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        item = paths.setdefault(f"{PREFIX}{route.path}", {})
        item[route.method.lower()] = _operation(route, schemas)
    schemas["Problem"] = _PROBLEM
    return {
        "openapi": "3.1.0",
        "info": {"title": "MoodSync Hub", "version": "1", "description": DESCRIPTION},
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-moodsync"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    handler = (route.handler.__doc__ or "").strip()
    operation: dict[str, Any] = {
        "operationId": route.name,
        "tags": [route.tag],
        "summary": route.summary,
        "description": handler,
        "x-access": route.access.value,
        "parameters": [*_parameters(route, schemas)],
        "responses": _responses(route, schemas),
    }
    if route.access is not Access.PUBLIC:
        operation["security"] = [{"cookie": []}, {"bearer": []}]
    else:
        operation["security"] = []
    if route.body is not None:
        content = {"schema": {"$ref": REF.format(model=route.body.__name__)}}
        operation["requestBody"] = {"required": True, "content": {"application/json": content}}
    return operation


def _parameters(route: Route, schemas: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for name in route.parameters:
        schema = {"type": "string", "minLength": 1, "maxLength": 200}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.query is not None:
        query = route.query.model_json_schema(ref_template=REF)
        schemas.update(query.pop("$defs", {}))
        for name, field in query.get("properties", {}).items():
            text = field.pop("description", "")
            yield {
                "name": name,
                "in": "query",
                "required": name in query.get("required", ()),
                "description": text,
                "schema": field,
            }
    if route.command:
        schema = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$"}
        yield {"name": HEADER, "in": "header", "required": False, "schema": schema}
    if route.etag:
        kind = "If-None-Match" if route.method == "GET" else "If-Match"
        yield {
            "name": kind,
            "in": "header",
            "required": False,
            "schema": {"type": "string", "maxLength": 200},
        }


def _responses(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    problem = {
        "description": "A problem",
        "content": {CONTENT_TYPE: {"schema": {"$ref": REF.format(model="Problem")}}},
    }
    status = route.status if route.answer is not None or route.status != HTTPStatus.OK else 204
    done: dict[str, Any] = {"description": route.summary}
    if route.answer is not None:
        done["content"] = {route.media: {"schema": _schema(route.answer, schemas)}}
    return {str(status): done, "default": problem}


def _schema(kind: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    if kind is str:
        return {"type": "string"}
    schema = TypeAdapter(kind).json_schema(ref_template=REF, mode="serialization")
    schemas.update(schema.pop("$defs", {}))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        schemas[kind.__name__] = schema
        return {"$ref": REF.format(model=kind.__name__)}
    return schema
