// Writes a .gz and a .br beside each built text file, so that the hub never compresses while it serves.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const FOLDER = "dist";
const WORTH_IT = /\.(js|css|html|svg|webmanifest)$/;
const AT_LEAST_BYTES = 512;

async function compress(file) {
  const data = await readFile(file);
  if (data.length < AT_LEAST_BYTES) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
  await writeFile(`${file}.gz`, await promisify(gzip)(data, { level: 9 }));
  await writeFile(`${file}.br`, await promisify(brotliCompress)(data, { params }));
}

const names = await readdir(FOLDER, { recursive: true });
await Promise.all(names.filter((name) => WORTH_IT.test(name)).map((name) => compress(join(FOLDER, name))));
