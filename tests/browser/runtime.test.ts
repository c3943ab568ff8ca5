/** What the core asks of a browser, what it weighs, and that a build is the same every time. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import * as age from "../../app/browser/core/age.ts";
import { random, utf8 } from "../../app/browser/core/bytes.ts";
import * as conversation from "../../app/browser/core/conversation.ts";
import { newId } from "../../app/browser/core/encoding.ts";
import * as identityFile from "../../app/browser/core/identity.ts";
import { derive, profiles } from "../../app/browser/core/kdf.ts";
import { emptySeen, write } from "../../app/browser/core/message.ts";
import { Receipt } from "../../app/browser/core/receipt.ts";
import * as tab from "../../app/browser/core/tab.ts";
import { root } from "./tools.ts";

const browser = path.join(root, "app", "browser");

test("nothing but getRandomValues is asked of the browser's cryptography, and no code is made from text", async () => {
  const touched: string[] = [];
  const real = globalThis.crypto;
  const watched = new Proxy(real, {
    get(target, name) {
      touched.push(String(name));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  const forbidden = (name: string) => () => {
    throw new Error(`${name} was used`);
  };
  const replaced: readonly (readonly [string, unknown])[] = [
    ["crypto", watched],
    ["eval", forbidden("eval")],
    ["Function", forbidden("Function")],
    ["WebAssembly", undefined],
    ["fetch", forbidden("fetch")],
    ["Response", undefined],
    ["Buffer", undefined],
  ];
  const before = replaced.map(([name]) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  for (const [name, value] of replaced) Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  try {
    await everything();
  } finally {
    for (const [name, descriptor] of before) if (descriptor) Object.defineProperty(globalThis, name, descriptor);
  }
  assert.deepEqual([...new Set(touched)], ["getRandomValues"]);
});

async function everything(): Promise<void> {
  const receipt = Receipt.generate();
  Receipt.read(receipt.words.join(" "));
  const recipients = [receipt.recipient];
  const channel = { recipient: receipt.recipient, verify: receipt.signing.verify };
  const id = newId();
  const report = {
    id, case: receipt.caseId, kind: "report", author: { role: "reporter" }, sealedBy: "browser", writtenOn: "2026-01-31", seen: emptySeen,
    body: "x", answers: [], attachments: [], replyTo: receipt.recipient, channel, readers: "team",
  } as const;
  const document = await age.unseal(await age.seal(write(report, receipt.signing), recipients), [receipt.identity]);
  const [checked] = conversation.checkAsReporter(receipt.caseId, [{ number: 1, id, kind: "report", document }], receipt.signing.verify);
  assert.equal(checked?.mark, "verified");
  const { unlock } = await derive("correct horse battery", newId(), "ada", profiles.testing);
  const officer = identityFile.newOfficer(newId(), newId(), "ada");
  const key = random(32);
  tab.unwrap(tab.wrap(await identityFile.open(await identityFile.seal(officer, age.recipientOf(unlock)), unlock), key), key);
  assert.ok(utf8("").length === 0);
}

/** What the report page imports of the core. */
const reportPage = `
  import * as age from "./core/age.ts";
  import { Receipt } from "./core/receipt.ts";
  import { cleanLine, cleanText, emptySeen, write } from "./core/message.ts";
  import { checkAsReporter, seenAfter } from "./core/conversation.ts";
  import { b64uEncode } from "./core/encoding.ts";
  Object.assign(globalThis, { seal: age.seal, unseal: age.unseal, Receipt, cleanLine, cleanText, emptySeen, write, checkAsReporter, seenAfter, b64uEncode });
`;

test("the core of the report page stays under 68 kB compressed, and carries no desk", () => {
  const script = `
    import * as esbuild from "esbuild";
    import { common, folder } from "./bundle.mjs";
    const stdin = { contents: ${JSON.stringify(reportPage)}, resolveDir: folder, loader: "ts" };
    const result = await esbuild.build({ ...common, stdin, format: "esm", legalComments: "eof", write: false });
    process.stdout.write(result.outputFiles[0].text);
  `;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { cwd: browser, encoding: "utf8", maxBuffer: 2 ** 26 });
  const compressed = gzipSync(output, { level: 9 }).length;
  console.log(`# core of the report page: ${compressed} bytes compressed, ${output.length} plain`);
  assert.ok(compressed < 68_000, `${compressed} bytes`);
  for (const module of ["core/kdf.ts", "core/keyring.ts", "core/tab.ts", "argon2.js", "weierstrass.js", "scrypt.js"]) {
    assert.ok(!new RegExp(`^// .*${module}$`, "m").test(output), module);
  }
  for (const word of ["eval(", "new Function", "WebAssembly", "localStorage", "sessionStorage", "innerHTML"]) assert.ok(!output.includes(word), word);
  assert.ok(!output.includes(root), "the folder of the build shows in its output");
});

test("static/js is what the sources build", () => {
  // From another folder than usual, because the output must not depend on it.
  execFileSync(process.execPath, [path.join(browser, "build.mjs"), "--compare"], { cwd: "/", stdio: "pipe" });
});

test("one version of each cryptographic library, each with its hash, and no address of where it came from", () => {
  interface Lock {
    packages: Record<string, { version: string; integrity?: string; resolved?: string }>;
  }
  const lock = JSON.parse(readFileSync(path.join(browser, "package-lock.json"), "utf8")) as Lock;
  const installed = Object.entries(lock.packages).filter(([name]) => name !== "");
  for (const [name, { integrity, resolved }] of installed) {
    assert.match(integrity ?? "", /^sha512-/, name);
    assert.equal(resolved, undefined, name);
    assert.ok(!name.slice("node_modules/".length).includes("node_modules/"), `${name} is a second version`);
  }
});

test("no HTML, no storage and no untyped value in the sources", () => {
  const folders = ["core", "dom", "desk", "pages"].map((name) => path.join(browser, name)).filter((folder) => existsSync(folder));
  for (const file of folders.flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))) {
    const source = readFileSync(file, "utf8");
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\bas any\b|: any\b/, file);
  }
});

test("every vector file is read by some test here", () => {
  const tests = path.join(root, "tests", "browser");
  const sources = readdirSync(tests).filter((name) => name.endsWith(".test.ts")).map((name) => readFileSync(path.join(tests, name), "utf8"));
  // Aliases are the server's: it renders them, and nothing in the browser computes one.
  const elsewhere = ["aliases"];
  const named = readdirSync(path.join(root, "tests", "vectors")).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
  const read = named.filter((name) => sources.some((source) => source.includes(`("${name}")`)));
  assert.deepEqual(named.filter((name) => !read.includes(name)), elsewhere);
});
