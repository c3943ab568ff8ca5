// Builds every pages/*.ts into ../static/js. With --compare it writes nothing and fails when that folder is not what would be built.
import * as esbuild from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import * as path from "node:path";
import { common, folder } from "./bundle.mjs";

const pages = path.join(folder, "pages");
const output = path.join(folder, "..", "static", "js");

/**
 * Entry points by how they are built: the guard blocks parsing and so is a classic script, and so is that of the preview's frame, whose
 * origin is no origin that could load a module from here; desk pages may share chunks.
 */
async function entries() {
  const names = (await list(pages)).filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"));
  const sort = (test) => names.filter(test).map((name) => path.join("pages", name));
  const classic = (name) => ["guard.ts", "preview.ts"].includes(name);
  const desk = (name) => /^desk[.-]/.test(name);
  return [
    { entryPoints: sort(classic), format: "iife" },
    { entryPoints: sort(desk), format: "esm", splitting: true, chunkNames: "desk-shared-[hash]" },
    ...sort((name) => !classic(name) && !desk(name)).map((page) => ({ entryPoints: [page], format: "esm" })),
  ].filter((options) => options.entryPoints.length > 0);
}

/**
 * What a reporter's page loads once a file is chosen or opened: one module by itself, so that the page's own stays one file too, and
 * under the name of its content, so that a page that was open during an upgrade never gets another version's.
 */
const lazy = { entryPoints: [path.join("files", "index.ts")], entryNames: "files-[hash]", format: "esm" };

/** What static/js should hold: file name to bytes. */
async function built() {
  const files = await outputs(lazy);
  const define = { FILES_MODULE: JSON.stringify([...files.keys()][0]) };
  for (const options of await entries()) {
    for (const [name, bytes] of await outputs({ ...options, define })) files.set(name, bytes);
  }
  return files;
}

async function outputs(options) {
  const result = await esbuild.build({ ...common, ...options, legalComments: "eof", outdir: output, outbase: "pages", write: false });
  return new Map(result.outputFiles.map((file) => [path.relative(output, file.path), Buffer.from(file.contents)]));
}

async function list(directory) {
  const found = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return found.filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
}

async function present() {
  return (await list(output)).filter((name) => name.endsWith(".js"));
}

async function write(files) {
  await mkdir(output, { recursive: true });
  for (const name of await present()) if (!files.has(name)) await rm(path.join(output, name));
  for (const [name, bytes] of files) await writeFile(path.join(output, name), bytes);
}

async function compare(files) {
  const wrong = [];
  for (const [name, bytes] of files) {
    const committed = await readFile(path.join(output, name)).catch(() => undefined);
    if (committed === undefined) wrong.push(`missing: ${name}`);
    else if (!committed.equals(bytes)) wrong.push(`differs: ${name}`);
  }
  for (const name of await present()) if (!files.has(name)) wrong.push(`not built from any source: ${name}`);
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
}

const files = await built();
await (process.argv.includes("--compare") ? compare(files) : write(files));
