/** Messages as the server lists them: what is accepted, and seals that do not open. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { newIdentity, recipientOf, seal } from "../../app/browser/core/age.ts";
import { utf8 } from "../../app/browser/core/bytes.ts";
import { b64uEncode, newId } from "../../app/browser/core/encoding.ts";
import type { JsonObject } from "../../app/browser/core/json.ts";
import { openListed, readListed } from "../../app/browser/core/listed.ts";
import { coded } from "./tools.ts";

const message: JsonObject = { number: 1, id: newId(), kind: "report", day: "2026-11-21", sealed: "AAAA" };

test("a list is read as it stands", () => {
  assert.deepEqual(readListed({ messages: [message, { ...message, number: 2, kind: "note" }], state: "new" }), [
    message,
    { ...message, number: 2, kind: "note" },
  ]);
});

test("files and removals are read where there are any", () => {
  const files = [newId(), newId()];
  const rows = [{ ...message, attachments: files }, { ...message, sealed: "", removed: true }, { ...message, removed: false, attachments: [] }];
  const [one, two, three] = readListed({ messages: rows });
  assert.deepEqual(one?.attachments, files);
  assert.deepEqual([two?.removed, two?.sealed, two?.attachments], [true, "", undefined]);
  assert.deepEqual([three?.removed, three?.attachments], [undefined, []]);
});

test("a list with anything else in it is none", () => {
  const changes: JsonObject[] = [
    { number: 0 },
    { number: "1" },
    { id: "x" },
    { id: 5 },
    { kind: "letter" },
    { day: "soon" },
    { day: "2026-02-30" },
    { sealed: null },
    { removed: true },
    { removed: 1, sealed: "" },
    { removed: "true", sealed: "" },
    { attachments: "" },
    { attachments: null },
    { attachments: ["x"] },
    { attachments: [5] },
    { attachments: ["aaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaa"] },
    { attachments: Array.from({ length: 65 }, () => newId()) },
  ];
  for (const change of changes) assert.throws(() => readListed({ messages: [message, { ...message, ...change }] }), coded("format"));
  for (const body of [{}, { messages: 5 }, { messages: [5] }]) assert.throws(() => readListed(body), coded("format"));
});

test("a seal opens with its own identity, and with no other; what is no seal does not open", async () => {
  const own = newIdentity();
  const sealed = b64uEncode(await seal(utf8("hello"), [recipientOf(own)]));
  assert.deepEqual(await openListed(sealed, [newIdentity(), own]), utf8("hello"));
  assert.equal(await openListed(sealed, [newIdentity()]), undefined);
  for (const damaged of [sealed.slice(0, -4), "", "not b64u!"]) assert.equal(await openListed(damaged, [own]), undefined);
});
