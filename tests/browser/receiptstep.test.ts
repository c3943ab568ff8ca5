/** Days as they are written out, and the check of two words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { written } from "../../app/browser/dom/days.ts";
import { drawTwo, fits } from "../../app/browser/reporter/twowords.ts";

const months = "January|February|March|April|May|June|July|August|September|October|November|December".split("|");

test("a day is written in the page's pattern", () => {
  assert.equal(written("2026-11-21", { months, pattern: "d MMMM y" }), "21 November 2026");
  assert.equal(written("2027-05-03", { months, pattern: "MMMM d, y" }), "May 3, 2027");
  assert.equal(written("2027-05-03", { months: months.map(() => "mayo dy"), pattern: "d 'MMMM' y" }), "3 'mayo dy' 2027");
});

test("what is no day stays as it is", () => {
  for (const text of ["", "2026-02-30", "soon"]) assert.equal(written(text, { months, pattern: "d MMMM y" }), text);
});

test("two different numbers are drawn, in order, and every number comes up", () => {
  const seen = new Set<number>();
  for (let i = 0; i < 2000; i++) {
    const [first, second] = drawTwo(12);
    assert.ok(first >= 1 && first < second && second <= 12);
    seen.add(first).add(second);
  }
  assert.equal(seen.size, 12);
});

test("a word fits whole or by its first four letters", () => {
  for (const typed of ["canyon", " CANYON ", "cany"]) assert.ok(fits(typed, "canyon"), typed);
  for (const typed of ["", "can", "canyo", "canyons", "other"]) assert.ok(!fits(typed, "canyon"), typed);
  assert.ok(fits("zoo", "zoo"));
});
