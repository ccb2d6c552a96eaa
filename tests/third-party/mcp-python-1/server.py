"""A server made with version 1 of the official SDK (legacy era), for the tests of the hub."""

import sys

from mcp.server.fastmcp import Context, FastMCP
from pydantic import BaseModel

transport, *rest = sys.argv[1:]
server = FastMCP("python-1", instructions="Made with the official SDK.", port=int(rest[0]) if rest else 0)


class Name(BaseModel):
    name: str


@server.tool()
def echo(text: str) -> str:
    return text


@server.tool()
async def greet(context: Context) -> str:
    answer = await context.elicit("Who are you?", Name)
    return f"Hello, {answer.data.name}" if answer.action == "accept" else answer.action


@server.tool()
async def count(context: Context) -> str:
    for number in range(3):
        await context.report_progress(number, 3, f"step {number}")
    return "done"


@server.resource("note://{name}")
def note(name: str) -> str:
    return f"note {name}"


server.run(transport)
