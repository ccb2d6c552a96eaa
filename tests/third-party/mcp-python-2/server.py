"""A server made with version 2 of the official SDK (both eras), for the tests of the hub."""

import sys

from mcp.server.mcpserver import Context, MCPServer

transport, *rest = sys.argv[1:]
server = MCPServer("python-2", instructions="Made with the official SDK.")


@server.tool()
def echo(text: str) -> str:
    return text


@server.tool()
async def count(context: Context) -> str:
    for number in range(3):
        await context.report_progress(number, 3, f"step {number}")
    return "done"


@server.resource("note://{name}")
def note(name: str) -> str:
    return f"note {name}"


server.run(transport, **({"port": int(rest[0])} if rest else {}))
