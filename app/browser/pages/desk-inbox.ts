/** The inbox: reports opened row by row, a list for the keyboard, and a search that never leaves the page. */
import { breathe } from "../desk/pause.ts";
import { alarmFor, silence } from "../desk/alarm.ts";
import { sessionOver, start } from "../desk/frame.ts";
import { bind, stepper } from "../desk/keyboard.ts";
import { type ChannelKeys, load } from "../desk/keyrings.ts";
import { openReport } from "../desk/open.ts";
import { given } from "../desk/page.ts";
import { showAbsent, showLocked, showReport } from "../desk/rows.ts";
import { type Refusal, getJson, sessionEnded } from "../desk/requests.ts";
import { Search } from "../desk/search.ts";
import { objectsOf, textOf } from "../core/json.ts";
import type { OfficerIdentity } from "../core/identity.ts";
import { all, find, maybe } from "../dom/templates.ts";

interface SealedReport {
  readonly message: string;
  readonly sealed: string;
}

const table = maybe(document, "[data-inbox]", HTMLTableElement);
const rows = all(document, "tr[data-case]", HTMLElement);
const search = new Search(rows);

async function openAll(identity: OfficerIdentity, closing: AbortSignal): Promise<void> {
  if (table === undefined) return;
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

async function openRow(row: HTMLElement, keys: ChannelKeys | undefined, report: SealedReport | undefined): Promise<void> {
  if (keys?.state === "alarm") showAbsent(row, "row-alarm");
  else if (keys?.state !== "open") showAbsent(row, keys?.state === "no_access" ? "row-no-access" : "row-unreadable");
  else if (report === undefined) showAbsent(row, "row-not-fetched");
  else showReport(row, await openReport(given("case", row), report.message, report.sealed, keys.keyring));
}

/** The reports of all rows. The server answers as many as fit into one answer, so it is asked until nothing new comes. */
async function fetchReports(url: string): Promise<ReadonlyMap<string, SealedReport> | Refusal> {
  const reports = new Map<string, SealedReport>();
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

function failed(...answers: readonly (ReadonlyMap<string, unknown> | Refusal)[]): void {
  if (answers.some((answer) => "ok" in answer && sessionEnded(answer))) return sessionOver();
  unread();
}

function unread(): void {
  for (const row of rows) showAbsent(row, "row-not-fetched");
}

function showLockedRows(): void {
  for (const row of rows) showLocked(row);
}

const step = stepper(
  () => rows.filter((row) => !row.hidden),
  (row) => find(row, "[data-row-link]", HTMLElement),
);
bind({ j: () => step(1), k: () => step(-1), "/": () => search.focus() });
void start({
  opened: openAll,
  unread,
  closed() {
    silence();
    showLockedRows();
    search.again();
  },
});
