// An authorization server (oidc-provider) and, behind it, an MCP server of the official TypeScript
// SDK, on two loopback ports of the system's choice. Prints one line of JSON with both, then serves
// until its stdin ends.
//
// usage: server.mjs DIRECTORY [FILE] [strict]
// DIRECTORY has the packages; FILE gets the line, too; `strict` rotates refresh tokens, detects their
// reuse, without leeway.

import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [directory, ...rest] = process.argv.slice(2);
const mode = rest.find((word) => word === "strict");
const file = rest.find((word) => word !== "strict");
const require = createRequire(join(directory, "package.json"));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const { default: Provider } = await load("oidc-provider");
const { McpServer } = await load("@modelcontextprotocol/sdk/server/mcp.js");
const { StreamableHTTPServerTransport } = await load(
  "@modelcontextprotocol/sdk/server/streamableHttp.js",
);

const listen = (handler) =>
  new Promise((resolve) => {
    const server = createServer(handler);
    server.listen(0, "127.0.0.1", () => resolve([server, server.address().port]));
  });

let authorize = null;
const [authorization, authorizationPort] = await listen((request, response) =>
  authorize(request, response),
);
let protect = null;
const [, port] = await listen((request, response) => protect(request, response));

const issuer = `http://127.0.0.1:${authorizationPort}`;
const origin = `http://127.0.0.1:${port}`;
const resource = `${origin}/mcp`;
const counts = { token: 0, refresh: 0, register: 0, calls: 0 };
const strict = mode === "strict";

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "native",
      token_endpoint_auth_method: "none",
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/callback", "http://localhost/oauth/callback"],
      grant_types: [
        "authorization_code",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
      ],
      response_types: ["code"],
    },
    {
      client_id: "confidential",
      client_secret: ["fake", "client", "secret"].join("-"),
      redirect_uris: ["http://localhost/oauth/callback"],
      application_type: "native",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
    },
  ],
  scopes: ["openid", "offline_access", "read-mcp"],
  pkce: { required: () => true },
  rotateRefreshToken: strict,
  issueRefreshToken: () => true,
  ttl: { AccessToken: 3600, RefreshToken: 86400, Session: 3600, Grant: 86400, Interaction: 3600, DeviceCode: 600, AuthorizationCode: 60 },
  cookies: { keys: ["fake-cookie-key"] },
  features: {
    registration: { enabled: true },
    deviceFlow: { enabled: true },
    devInteractions: { enabled: true },
    clientIdMetadataDocument: { enabled: true, ack: "draft-02" },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, indicator) => {
        if (indicator !== resource) throw new Error("unknown resource");
        return { scope: "read-mcp", accessTokenFormat: "opaque", accessTokenTTL: 3600 };
      },
    },
  },
});
const count = (name) => () => { counts[name] += 1; };
provider.on("grant.success", count("token"));
provider.on("registration_create.success", count("register"));
provider.use(async (context, next) => {
  await next();
  if (context.oidc?.params?.grant_type === "refresh_token") counts.refresh += 1;
});
authorize = provider.callback();

const json = (response, status, body, headers = {}) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
};

protect = async (request, response) => {
  const url = new URL(request.url, origin);
  if (url.pathname === "/.well-known/oauth-protected-resource/mcp") {
    return json(response, 200, { resource, authorization_servers: [issuer], scopes_supported: ["read-mcp"] });
  }
  if (url.pathname === "/counts") return json(response, 200, counts);
  if (url.pathname !== "/mcp") return json(response, 404, {});
  const bearer = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  const token = bearer === "" ? undefined : await provider.AccessToken.find(bearer);
  if (!token || token.isExpired || token.aud !== resource) {
    return json(response, 401, { error: "invalid_token" }, {
      "www-authenticate": `Bearer error="invalid_token", resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`,
    });
  }
  counts.calls += 1;
  const server = new McpServer({ name: "protected", version: "1.0.0" });
  server.registerTool("whoami", { description: "Says who is logged in" }, async () => ({
    content: [{ type: "text", text: `authenticated as ${token.accountId}` }],
  }));
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
  response.on("close", () => { transport.close(); server.close(); });
  await server.connect(transport);
  await transport.handleRequest(request, response);
};

const places = JSON.stringify({ issuer, mcp: resource, counts: `${origin}/counts` });
console.log(places);
if (file) {
  writeFileSync(`${file}.new`, places);
  renameSync(`${file}.new`, file);
}
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
authorization.unref?.();
