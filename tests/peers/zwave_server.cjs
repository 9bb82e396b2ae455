// The Z-Wave JS server as its package starts it, ending with whoever started it.
//
// usage: node zwave_server.cjs STICK_PORT SERVER_PORT CONFIG
"use strict";
const path = require("node:path");
const { pathToFileURL } = require("node:url");

process.stdin.on("end", () => process.exit(0)).resume();
const [stick, port, config] = process.argv.slice(2);
const folder = path.resolve(require.resolve("@zwave-js/server"), "../../..");
process.argv.splice(2, 3, `tcp://127.0.0.1:${stick}`, "--config", config, "--host", "127.0.0.1",
  "--port", port, "--disable-dns-sd", "--reconnect");
void import(pathToFileURL(path.join(folder, "dist-esm", "bin", "server.js")).href);
