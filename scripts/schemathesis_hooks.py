"""Hooks of scripts/schemathesis.sh: bodies that are files are sent as they are."""
import schemathesis
from schemathesis.transport.requests import REQUESTS_TRANSPORT


@REQUESTS_TRANSPORT.serializer("application/zip")
def as_it_is(ctx, value):
    return {"data": value if isinstance(value, bytes) else str(getattr(value, "data", value)).encode("utf-8", "replace")}
