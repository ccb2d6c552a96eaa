#!/usr/bin/env node
// Starts the program that npm installed for this platform, and ends as it ends. Downloads nothing.

"use strict";

const { spawn } = require("node:child_process");
const { constants } = require("node:os");

/** The packages that can have the program, the best first: a static one runs where the other does. */
function candidates() {
  const plain = `@synapse-runtime/synapse-${process.platform}-${process.arch}`;
  if (process.platform !== "linux") return [plain];
  const glibc = process.report?.getReport()?.header?.glibcVersionRuntime;
  return glibc ? [plain, `${plain}-musl`] : [`${plain}-musl`];
}

function program() {
  const file = process.platform === "win32" ? "synapse.exe" : "synapse";
  for (const name of candidates()) {
    try {
      return require.resolve(`${name}/bin/${file}`);
    } catch {
      // Not installed: npm takes the packages of this platform only.
    }
  }
  return undefined;
}

const path = program();
if (path === undefined) {
  console.error(
    `error: no program of Synapse for ${process.platform} ${process.arch} is installed\n` +
      `  looked for: ${candidates().join(", ")}\n` +
      "  hint: npm leaves it out with --omit=optional; other ways to install:\n" +
      "  https://github.com/synapse-runtime/synapse",
  );
  process.exit(1);
}
const child = spawn(path, process.argv.slice(2), { stdio: "inherit" });
// A terminal sends its Ctrl-C to the program as well: this process has only to outlive it.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) {
  process.on(signal, () => child.kill(signal));
}
child.on("error", (error) => {
  console.error(`error: ${path} could not be started: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  process.exit(code ?? 128 + (constants.signals[signal] ?? 0));
});
