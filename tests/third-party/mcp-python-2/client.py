"""An IDE on version 2 of the official Python SDK. Arguments: its mode (`legacy`, `auto` or a
revision), and the command that starts the server.

Lists the tools, calls two of them, and prints what it saw as one line of JSON."""

import asyncio
import json
import sys

from mcp import Client, StdioServerParameters
from mcp.types import Implementation


async def main() -> None:
    mode, command, *arguments = sys.argv[1:]
    # No environment of ours: the server gets what this SDK lets through.
    server = StdioServerParameters(command=command, args=arguments)
    introduction = Implementation(name=f"python-2-{mode}", version="1.0.0")
    async with Client(server, mode=mode, client_info=introduction) as client:
        tools = await client.list_tools()
        connections = await client.call_tool("list_connections", {})
        chat = await client.call_tool("chat", {"connection": "work", "prompt": "Are you there?"})
        print(
            json.dumps(
                {
                    "revision": client.protocol_version,
                    "tools": [tool.name for tool in tools.tools],
                    "connections": connections.structured_content,
                    "chat": chat.structured_content,
                }
            )
        )


asyncio.run(main())
