/** What a person typed, checked before it is sealed: the rules of tests/services/test_drafts.py, for the browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type FieldKind, type Typed, checkDraft } from "../../app/browser/dom/draft.ts";

const never = (): boolean => false;

function field(kind: FieldKind, typed: string | readonly string[], more: Partial<Typed> = {}): Typed {
  return { id: "q-x", kind, label: "X", required: false, options: [], typed: typeof typed === "string" ? [typed] : typed, ...more };
}

function value(of: Typed): string {
  const { clean, problems } = checkDraft([of], never);
  assert.deepEqual(problems, []);
  return clean[0]?.value ?? "";
}

function reason(of: Typed, holdsWords: (text: string) => boolean = never): string | undefined {
  return checkDraft([of], holdsWords).problems[0]?.reason;
}

test("text is cleaned as FORMATS.md says", () => {
  assert.equal(value(field("body", "one\r\ntwo\rthree\u0007 \n\t ")), "one\ntwo\nthree");
  assert.equal(value(field("line", "one\ntwo\tthree ")), "one two three");
  assert.equal(value(field("text", " \n ")), "");
});

test("a report without text is empty, and a required question without an answer is named", () => {
  assert.equal(reason(field("body", " \n\u00a0\u0000")), "empty");
  assert.equal(reason(field("text", "  ", { required: true })), "required");
  assert.equal(reason(field("one", "", { required: true, options: ["A"] })), "required");
  assert.equal(reason(field("several", [], { required: true, options: ["A"] })), "required");
  assert.equal(reason(field("date", "", { required: true })), "required");
  assert.equal(reason(field("text", "")), undefined);
});

test("lengths count code points", () => {
  assert.equal(value(field("line", "\u{1f426}".repeat(120))).length, 240);
  for (const [kind, most] of [["line", 120], ["body", 100_000], ["text", 4000]] as const) {
    assert.equal(reason(field(kind, "x".repeat(most))), undefined);
    assert.deepEqual(checkDraft([field(kind, "x".repeat(most + 1))], never).problems, [{ field: "q-x", label: "X", reason: "too_long", limit: most }]);
  }
});

test("only what was offered can be chosen, in the order of the questionnaire", () => {
  const options = ["A", "B", "C"];
  assert.equal(value(field("one", "B", { options })), "B");
  assert.equal(reason(field("one", "D", { options })), "not_an_option");
  assert.equal(value(field("several", ["C", "A"], { options })), "A\nC");
  assert.equal(reason(field("several", ["A", "D"], { options })), "not_an_option");
});

test("a date is a day of the calendar in one form", () => {
  assert.equal(value(field("date", " 2024-02-29 ")), "2024-02-29");
  for (const typed of ["2023-02-29", "2026-1-01", "26-11-21", "20261121", "2026-W47-6", "--", "0000-01-01", "tomorrow"]) {
    assert.equal(reason(field("date", typed)), "not_a_date", typed);
  }
});

test("a text that holds the words is refused, wherever it stands", () => {
  const holds = (text: string): boolean => text.includes("the words");
  for (const kind of ["line", "body", "text"] as const) assert.equal(reason(field(kind, "these are the words"), holds), "holds_words");
});

test("each field has one problem at most, in the order of the form", () => {
  const fields = [field("line", "x".repeat(200), { id: "subject" }), field("body", "", { id: "body" }), field("date", "x", { required: true })];
  assert.deepEqual(
    checkDraft(fields, () => true).problems.map(({ field: id, reason: why }) => [id, why]),
    [["subject", "too_long"], ["body", "empty"], ["q-x", "not_a_date"]],
  );
});
