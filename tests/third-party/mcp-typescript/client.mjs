// An IDE on one of the official TypeScript SDKs. Arguments: the directory they are installed in,
// `v1` or a mode of version 2 (`default`, `auto`, `pin`), and the command that starts the server.
// Lists the tools, calls two of them, and prints what it saw as one line of JSON.

import { createRequire } from "node:module";

const [directory, mode, command, ...args] = process.argv.slice(2);
const require = createRequire(`${directory}/package.json`);
const introduction = { name: `typescript-${mode}`, version: "1.0.0" };
const modes = {
  default: {},
  auto: { versionNegotiation: { mode: "auto" } },
  pin: { versionNegotiation: { mode: { pin: "2026-07-28" } } },
};

let Client, StdioClientTransport;
if (mode === "v1") {
  ({ Client } = require("@modelcontextprotocol/sdk/client/index.js"));
  ({ StdioClientTransport } = require("@modelcontextprotocol/sdk/client/stdio.js"));
} else {
  ({ Client } = require("@modelcontextprotocol/client"));
  ({ StdioClientTransport } = require("@modelcontextprotocol/client/stdio"));
}

const client = new Client(introduction, modes[mode]);
// No environment of ours: the server gets what this SDK lets through.
const transport = new StdioClientTransport({ command, args });
let revision;
if (mode === "v1") {
  // This version tells nobody but its transport.
  transport.setProtocolVersion = (negotiated) => (revision = negotiated);
}
await client.connect(transport);
revision ??= client.getNegotiatedProtocolVersion();
const { tools } = await client.listTools();
const connections = await client.callTool({ name: "list_connections", arguments: {} });
const chat = await client.callTool({
  name: "chat",
  arguments: { connection: "work", prompt: "Are you there?" },
});
await client.close();
console.log(
  JSON.stringify({
    revision,
    tools: tools.map((tool) => tool.name),
    connections: connections.structuredContent,
    chat: chat.structuredContent,
  }),
);
