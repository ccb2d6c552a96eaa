"""An IDE on version 1 of the official Python SDK. Arguments: the command that starts the server.

Lists the tools, calls two of them, and prints what it saw as one line of JSON."""

import asyncio
import json
import sys

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import Implementation


async def main() -> None:
    command, *arguments = sys.argv[1:]
    # No environment of ours: the server gets what this SDK lets through.
    server = StdioServerParameters(command=command, args=arguments)
    introduction = Implementation(name="python-1", version="1.0.0")
    async with stdio_client(server) as (reader, writer):
        async with ClientSession(reader, writer, client_info=introduction) as session:
            initialized = await session.initialize()
            tools = await session.list_tools()
            connections = await session.call_tool("list_connections", {})
            chat = await session.call_tool(
                "chat", {"connection": "work", "prompt": "Are you there?"}
            )
    print(
        json.dumps(
            {
                "revision": initialized.protocolVersion,
                "tools": [tool.name for tool in tools.tools],
                "connections": connections.structuredContent,
                "chat": chat.structuredContent,
            }
        )
    )


asyncio.run(main())
