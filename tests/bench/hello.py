"""The framework's hello: what one Litestar handler can answer on this machine, for comparison."""

from litestar import Litestar, get


@get("/hello")
async def hello() -> dict[str, str]:
    """A constant."""
    return {"hello": "world"}


def create_app() -> Litestar:
    """An application with one route."""
    return Litestar(route_handlers=[hello], openapi_config=None)
