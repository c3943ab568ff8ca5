// Bundles ../../tests/browser/*.test.ts into a temporary folder and hands them to node's own test runner.
// Arguments choose files by a part of their name: node test.mjs receipt message
import * as esbuild from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { common, folder } from "./bundle.mjs";

const root = path.join(folder, "..", "..");
const tests = path.join(root, "tests", "browser");
const wanted = process.argv.slice(2);
const names = (await readdir(tests))
  .filter((name) => name.endsWith(".test.ts") && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
  .sort();
const temporary = await mkdtemp(path.join(tmpdir(), "quietline-tests-"));
try {
  await esbuild.build({
    ...common,
    entryPoints: names.map((name) => path.join(tests, name)),
    outdir: temporary,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    format: "esm",
    sourcemap: "inline",
    sourcesContent: false,
  });
  const files = names.map((name) => path.join(temporary, name.replace(/\.ts$/, ".mjs")));
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...files], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, QUIETLINE_ROOT: root },
  });
  process.exitCode = status ?? 1;
} finally {
  await rm(temporary, { recursive: true, force: true });
}
