import {
  breathe,
  openReport
} from "./desk-shared-XI4VX4YW.js";
import {
  alarmFor,
  load,
  silence
} from "./desk-shared-6HIQR3OZ.js";
import "./desk-shared-X6LC63SM.js";
import "./desk-shared-42MHHOPY.js";
import {
  bind,
  place,
  sessionOver,
  start,
  stepper
} from "./desk-shared-TZNJ6ZPN.js";
import "./desk-shared-XMAYP54M.js";
import "./desk-shared-SARSD4GH.js";
import {
  all,
  fill,
  find,
  getJson,
  given,
  maybe,
  objectsOf,
  plainText,
  sessionEnded,
  show,
  slots,
  textOf
} from "./desk-shared-73EKWE2H.js";

// desk/rows.ts
function showReport(row, report) {
  if (report?.payload === void 0) return showAbsent(row, report?.mark === "failed" ? "row-failed" : "row-unreadable");
  const { subject, answers } = report.payload;
  const category = answers.find(({ question }) => question === "category")?.value;
  put(row, "subject", subject, "row-no-subject");
  put(row, "category", category, "row-no-category");
  if (report.mark === "failed") place(row, "mark", "row-failed");
  row.dataset["opened"] = "";
}
function showAbsent(row, template) {
  place(row, "subject", template);
  fill(row, "category", " ");
  for (const slot of slots(row, "mark")) slot.replaceChildren();
  delete row.dataset["opened"];
}
function showLocked(row) {
  showAbsent(row, "row-locked");
}
function put(row, slot, text, absent) {
  if (text === void 0 || text.trim() === "") place(row, slot, absent);
  else fill(row, slot, text);
}

// desk/search.ts
var Search = class {
  #field = maybe(document, "[data-search]", HTMLInputElement);
  #rows;
  constructor(rows2) {
    this.#rows = rows2;
    this.#field?.addEventListener("input", () => this.again());
    this.#field?.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.#clear();
    });
  }
  /** Puts the focus into the field. */
  focus() {
    this.#field?.focus();
    this.#field?.select();
  }
  /** Filters anew: after typing, and when subjects have been opened or taken away. */
  again() {
    const wanted = folded(this.#field?.value ?? "");
    for (const row of this.#rows) show(row, folded(textOf2(row)).includes(wanted));
    for (const group of all(document, "[data-group]", HTMLElement)) {
      show(group, this.#rows.some((row) => !row.hidden && group.contains(row)));
    }
    const none = maybe(document, "[data-no-match]", HTMLElement);
    if (none !== void 0) show(none, this.#rows.length > 0 && this.#rows.every((row) => row.hidden));
  }
  #clear() {
    if (this.#field !== void 0) this.#field.value = "";
    this.again();
  }
};
function textOf2(row) {
  const alias = plainText(find(row, "[data-row-link] [translate=no]", HTMLElement));
  const subject = "opened" in row.dataset ? slots(row, "subject").map(plainText) : [];
  return [alias, ...subject].join(" ");
}
function folded(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
}

// pages/desk-inbox.ts
var table = maybe(document, "[data-inbox]", HTMLTableElement);
var rows = all(document, "tr[data-case]", HTMLElement);
var search = new Search(rows);
async function openAll(identity, closing) {
  if (table === void 0) return;
  const wanted = new Set(rows.map((row) => given("channel", row)));
  const [keyrings, reports] = await Promise.all([load(identity, wanted), fetchReports(given("reports", table))]);
  if (closing.aborted) return;
  if (!(keyrings instanceof Map) || !(reports instanceof Map)) return failed(keyrings, reports);
  alarmFor(rows.flatMap((row) => keyrings.get(given("channel", row)) ?? []));
  for (const row of rows) {
    await openRow(row, keyrings.get(given("channel", row)), reports.get(given("case", row)));
    await breathe();
    if (closing.aborted) return showLockedRows();
  }
  search.again();
}
async function openRow(row, keys, report) {
  if (keys?.state === "alarm") showAbsent(row, "row-alarm");
  else if (keys?.state !== "open") showAbsent(row, keys?.state === "no_access" ? "row-no-access" : "row-unreadable");
  else if (report === void 0) showAbsent(row, "row-not-fetched");
  else showReport(row, await openReport(given("case", row), report.message, report.sealed, keys.keyring));
}
async function fetchReports(url) {
  const reports = /* @__PURE__ */ new Map();
  for (let missing = rows.map((row) => given("case", row)); missing.length > 0; ) {
    const answer = await getJson(`${url}?cases=${missing.join(",")}`);
    if (!answer.ok) return answer;
    const came = objectsOf(answer.body, "reports");
    for (const report of came) {
      reports.set(textOf(report, "case"), { message: textOf(report, "message"), sealed: textOf(report, "sealed") });
    }
    const left = missing.filter((id) => !reports.has(id));
    if (left.length === missing.length) break;
    missing = left;
  }
  return reports;
}
function failed(...answers) {
  if (answers.some((answer) => "ok" in answer && sessionEnded(answer))) return sessionOver();
  unread();
}
function unread() {
  for (const row of rows) showAbsent(row, "row-not-fetched");
}
function showLockedRows() {
  for (const row of rows) showLocked(row);
}
var step = stepper(
  () => rows.filter((row) => !row.hidden),
  (row) => find(row, "[data-row-link]", HTMLElement)
);
bind({ j: () => step(1), k: () => step(-1), "/": () => search.focus() });
void start({
  opened: openAll,
  unread,
  closed() {
    silence();
    showLockedRows();
    search.again();
  }
});
