// After the build: tells the service worker which files to keep, and writes a .gz and a .br beside
// each text file, so that the hub never compresses while it serves.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const FOLDER = "dist";
const WORTH_IT = /\.(js|css|html|svg|webmanifest)$/;
const AT_LEAST_BYTES = 512;

async function fillIn() {
  const files = (await readdir(join(FOLDER, "assets"))).sort();
  const page = await readFile(join(FOLDER, "index.html"));
  const build = createHash("sha256").update(files.join("\n")).update(page).digest("hex").slice(0, 12);
  const file = join(FOLDER, "sw.js");
  const script = await readFile(file, "utf8");
  if (!script.includes("__BUILD__") || !script.includes("__FILES__")) throw new Error("sw.js has no place for the files");
  const addresses = JSON.stringify(files.map((name) => `/assets/${name}`));
  await writeFile(file, script.replace("__BUILD__", JSON.stringify(build)).replace("__FILES__", addresses));
}

async function compress(file) {
  const data = await readFile(file);
  if (data.length < AT_LEAST_BYTES) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${file}.gz`, await promisify(gzip)(data, { level: 9 }));
  await writeFile(`${file}.br`, await promisify(brotliCompress)(data, { params }));
}

await fillIn();
const names = await readdir(FOLDER, { recursive: true });
await Promise.all(names.filter((name) => WORTH_IT.test(name)).map((name) => compress(join(FOLDER, name))));
