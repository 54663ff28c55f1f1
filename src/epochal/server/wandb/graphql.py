"""The GraphQL interface that the wandb client speaks: POST /graphql.

The schema is written down in ``schema/*.graphql``; what is not there is an error that names the operation, and that is
what clients fall back on. Importing this module loads graphql-core (a quarter of a second): only a request does so.
"""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_ast_schema,
    concat_ast,
    execute_sync,
    parse,
)
from starlette.requests import Request
from starlette.responses import Response

from epochal.errors import EnvironmentFault, EpochalError, Forbidden, OffsetGap, UsageError
from epochal.server.answers import WrongMediaType, base_url_of, json_response, plain, status_of
from epochal.server.bodies import read_body
from epochal.server.route import ROLES_THAT_MAY, Call
from epochal.server.wandb.answers import Gone, errors_response
from epochal.server.wandb.ask import Ask, Overrun
from epochal.server.wandb.documents import Documents
from epochal.server.wandb.resolvers import Resolver, gather

BODY_LIMIT = 32 * 1024 * 1024
"""`wandb verify` sends 10 MB in one variable."""
SCHEMA_FOLDER = Path(__file__).parent / "schema"

log = logging.getLogger("epochal.server.wandb")


class Asked(msgspec.Struct):
    """The body of a request. Operations that Python hands on to wandb-core come with an empty name."""

    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None


async def graphql(call: Call) -> Response:
    """Answer one operation.

    200 with `errors` beside `data` for what a client should show; 503 (507, 429) with Retry-After for what it should
    try again; 400 for what is not in the schema.
    """
    asked = await _read(call)
    store = await call.service.open_store()
    settings = call.service.settings
    ask = Ask(
        store,
        call.principal,
        base_url_of(call.request, settings),
        settings,
        call.request.headers.get("x-wandb-use-async-filestream") == "true",
    )
    return await call.service.client(_answer, call.request, asked, ask)


async def _read(call: Call) -> Asked:
    declared = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json":
        raise WrongMediaType(
            f"the body is declared as {declared[:80]!r}; expected application/json"
        )
    async with call.service.budget.share() as share:
        body = await read_body(call.request, BODY_LIMIT, share)
    try:
        return msgspec.json.decode(body, type=Asked)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = error
    try:  # Python clients write NaN, and halves of surrogate pairs
        return msgspec.convert(json.loads(body), Asked)
    except (ValueError, RecursionError):
        raise UsageError(f"the body is no GraphQL request: {problem}") from None


def _answer(request: Request, asked: Asked, ask: Ask) -> Response:
    """Execute an operation and encode its answer, in a thread: either may take a while."""
    name = asked.operationName or None
    operation = documents().find(asked.query, name)
    try:
        result = execute_sync(
            schema(),
            operation.document,
            context_value=ask,
            variable_values=asked.variables,
            operation_name=name,
            field_resolver=_read_field,
        )
    except Overrun as overrun:
        raise UsageError(f"{operation.name}: {overrun}") from None
    except RecursionError:
        raise UsageError(f"{operation.name}: the variables are nested too deeply") from None
    assert isinstance(result, ExecutionResult)
    if not result.errors:
        return json_response(request, {"data": result.data})
    errors = [_described(error, operation.name) for error in result.errors]
    status = _status(result.errors)
    if status != 200:
        return errors_response(errors, status)
    return json_response(request, {"data": result.data, "errors": errors})


def _status(errors: list[GraphQLError]) -> int:
    """Return 200, or the status that a client looks at: it tries again, or has nothing to do any more."""
    for error in errors:
        if isinstance(error.original_error, OffsetGap):  # another request was faster
            return 503
        if isinstance(error.original_error, Gone):
            return 404
        if isinstance(error.original_error, EnvironmentFault):
            return status_of(error.original_error)[0]
    return 200


def _described(error: GraphQLError, operation: str) -> dict[str, Any]:
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        message = f"{operation}: {error.message}"
    elif isinstance(cause, EpochalError):
        message = str(cause)
    else:
        log.error("%s failed at %s", operation, error.path, exc_info=cause)
        message = f"{operation}: the server failed ({type(cause).__name__}); its log says where"
    described: dict[str, Any] = {"message": message}
    if error.path:
        described["path"] = list(error.path)
    return described


# ------------------------------------------------------------------------------------------------ schema


@functools.cache
def documents() -> Documents:
    """Return the documents read for this process's schema."""
    return Documents(schema())


@functools.cache
def schema() -> GraphQLSchema:
    """Return the schema of all files, with resolvers. Raises ValueError for a resolver of a field that is not there."""
    built = build_ast_schema(_read_files())
    _set_scalars(built)
    for (kind, field), resolver in gather().items():
        declared = built.type_map.get(kind)
        if not isinstance(declared, GraphQLObjectType) or field not in declared.fields:
            raise ValueError(
                f"a resolver is there for {kind}.{field}, which no schema file declares"
            )
        declared.fields[field].resolve = _adapt(resolver, changes=kind == "Mutation")
    for root in (built.query_type, built.mutation_type):
        for name, field in ({} if root is None else root.fields).items():
            if field.resolve is None:
                raise ValueError(f"{name} stands in the schema, and no resolver answers it")
    return built


def _read_files() -> DocumentNode:
    """Return every schema file as one document; a type may be extended anywhere."""
    files = sorted(SCHEMA_FOLDER.glob("*.graphql"))
    return concat_ast([parse(path.read_text("utf-8"), no_location=True) for path in files])


def _adapt(resolver: Resolver, *, changes: bool) -> Resolver:
    def resolve(parent: Any, info: GraphQLResolveInfo[Ask], **arguments: Any) -> Any:
        ask = info.context
        ask.spend()
        if changes and ask.principal.role not in ROLES_THAT_MAY["write"]:
            raise Forbidden(
                f"{ask.principal.name!r} is a {ask.principal.role}; {info.field_name} needs more rights"
            )
        return resolver(parent, ask, **arguments)

    return resolve


def _read_field(parent: Any, info: GraphQLResolveInfo[Ask], **arguments: Any) -> Any:
    """Return the key or attribute of a field's name, called if it can be."""
    ask = info.context
    ask.spend()
    name = info.field_name
    value = parent.get(name) if isinstance(parent, Mapping) else getattr(parent, name, None)
    return value(ask, **arguments) if callable(value) else value


def _set_scalars(built: GraphQLSchema) -> None:
    """Give the schema's own scalars their values: see schema/core.graphql for what each carries."""
    for name, kind in built.type_map.items():
        if not isinstance(kind, GraphQLScalarType) or kind.ast_node is None:
            continue
        for method in ("serialize", "coerce_output_value"):  # of graphql-core 3.2, and of 3.3
            if name in OUTPUTS:
                setattr(kind, method, OUTPUTS[name])
        for method in ("parse_value", "coerce_input_value"):
            if name in INPUTS:
                setattr(kind, method, INPUTS[name])


def _json_text(value: Any) -> str:
    """Return a text as it is, and anything else as JSON in which NaN and Infinity may stand bare."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _whole_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise GraphQLError(f"expected a whole number, got {value!r:.80}")
    try:
        number = int(value)
    except (ValueError, OverflowError):
        raise GraphQLError(f"expected a whole number, got {value!r:.80}") from None
    if number != value and not isinstance(value, str):
        raise GraphQLError(f"expected a whole number, got {value!r:.80}")
    return number


OUTPUTS = {
    "JSON": plain,
    "JSONString": _json_text,
    "Int64": _whole_number,
    "Duration": _whole_number,
}
INPUTS = {"Int64": _whole_number, "Duration": _whole_number}
