// What the build and the tests have in common: how TypeScript becomes JavaScript.
import { fileURLToPath } from "node:url";
import * as path from "node:path";

/** The folder every build runs in, whatever the caller's: so no output depends on where it was started. */
export const folder = path.dirname(fileURLToPath(import.meta.url));

const inside = (library) => `${path.sep}node_modules${path.sep}${library}${path.sep}`;
const shims = path.join(folder, "shims");

/** Gives age-encryption our shim for its key encapsulations; everybody else gets the real modules. */
const ageHybrid = {
  name: "age-hybrid",
  setup(build) {
    build.onResolve({ filter: /^@noble\/(post-quantum\/hybrid|curves\/nist|hashes\/scrypt)\.js$/ }, ({ importer }) =>
      importer.includes(inside("age-encryption")) ? { path: path.join(shims, "age-hybrid.ts") } : undefined,
    );
  },
};

/** Gives tus-js-client the browser's own URL, and nothing for metadata, which we never send. */
const tusParts = {
  name: "tus-parts",
  setup(build) {
    build.onResolve({ filter: /^(js-base64|url-parse)$/ }, ({ importer, path: wanted }) =>
      importer.includes(inside("tus-js-client")) ? { path: path.join(shims, `tus-${wanted}.ts`) } : undefined,
    );
  },
};

/** @type {import("esbuild").BuildOptions} */
export const common = {
  absWorkingDir: folder,
  nodePaths: [path.join(folder, "node_modules")],
  plugins: [ageHybrid, tusParts],
  bundle: true,
  // So that a node_modules folder that is a link does not show where it leads.
  preserveSymlinks: true,
  minify: false,
  treeShaking: true,
  charset: "utf8",
  target: "es2022",
  logLevel: "warning",
};
