/** Checking a conversation: what can be proved of each message, and what cannot (FORMATS.md section 6). */
import { sha256 as newHash } from "@noble/hashes/sha2.js";
import { equal, utf8 } from "./bytes.ts";
import { type Knowledge, type Listed, type Opened, type Problem, notices, problemsOfItself, readListed } from "./checking.ts";
import { sha256 } from "./derive.ts";
import type { Kind, Payload, Removal, Seen } from "./message.ts";

export type { Knowledge, Listed, Problem } from "./checking.ts";

/** What checking a message came to. */
export type Mark = "verified" | "server" | "failed" | "unreadable" | "removed";

/** A message with its mark and problems. `id` and `kind` are the listed ones. */
export interface Checked {
  readonly number: number;
  readonly id: string;
  readonly kind: Kind;
  readonly mark: Mark;
  readonly problems: readonly Problem[];
  /** `undefined` when unreadable, malformed or removed. */
  readonly payload: Payload | undefined;
  /** What it enters the digest with: 32 bytes. */
  readonly entry: Uint8Array;
  /** What the notice says that took a removed one away. */
  readonly notice?: Payload | undefined;
}

const order: readonly Problem[] = ["removed", "unreadable", "malformed", "signature", "case", "id", "duplicate", "kind", "seen", "channel"];

/** What a message with this text (`undefined`: without one) enters the digest with: 32 bytes. */
export function entry(signed: string | undefined): Uint8Array {
  return signed === undefined ? new Uint8Array(32) : sha256(utf8(signed));
}

/** The digest (32 bytes) after shared messages that enter it with these, in order. */
export function digest(entries: readonly Uint8Array[]): Uint8Array {
  return digests(entries).at(-1) ?? sha256(new Uint8Array(0));
}

/** What a writer puts in `seen` who was shown the first `count` shared messages of a checked conversation; all of them by default. */
export function seenAfter(checked: readonly Checked[], count?: number): Seen {
  const shared = byNumber(checked).flatMap((message) => (message.kind === "note" ? [] : [message.entry]));
  const shown = count ?? shared.length;
  if (shown < 0 || shown > shared.length) throw new RangeError("more than there are");
  return { count: shown, digest: digest(shared.slice(0, shown)) };
}

/** What a notice says of the message that it takes away. */
export function removalOf({ id, entry: hash }: Checked): Removal {
  return { id, digest: hash };
}

/** Every message with its mark and problems, in order of number. `caseId`: the case that was asked for. */
export function check(caseId: string, listed: readonly Listed[], knowledge: Knowledge): readonly Checked[] {
  const opened = byNumber(listed).map(readListed);
  const reporterKey = knowledge.reporterKey ?? opened.find(({ listed: { number }, envelope }) => number === 1 && envelope)?.envelope?.key;
  const known = { ...knowledge, reporterKey };
  const counted = notices(opened, caseId, known);
  const entries = opened.map(({ envelope }, at) => counted.get(at)?.removed?.digest ?? entry(envelope?.signed));
  const after = digests(entries.filter((_, at) => opened[at]?.listed.kind !== "note"));
  const earlierIds = new Set<string>();
  let before = 0;
  return opened.map((message, at) => {
    const { number, id, kind, removed } = message.listed;
    const digestsBefore = after.slice(0, before + 1);
    if (kind !== "note") before++;
    const found = removed === true ? takenAway(counted.get(at)) : checkOne(message, caseId, known, digestsBefore, earlierIds);
    earlierIds.add(removed === true ? id : (message.payload?.id ?? ""));
    return { number, id, kind, payload: message.payload, entry: entries[at] ?? entry(undefined), ...found };
  });
}

/** `check` for the reporter, who believes the officers' key that their own report names, once that report has checked. */
export function checkAsReporter(caseId: string, listed: readonly Listed[], reporterKey: string): readonly Checked[] {
  const own = check(caseId, listed.filter(({ number }) => number === 1), { reporterKey, channelKeys: new Set() });
  const keys = own.flatMap(({ problems, payload }) => (problems.length === 0 && payload?.channel ? [payload.channel.verify] : []));
  return check(caseId, listed, { reporterKey, channelKeys: new Set(keys) });
}

type Found = Pick<Checked, "mark" | "problems" | "notice">;

function takenAway(notice: Payload | undefined): Found {
  return notice === undefined ? { mark: "failed", problems: ["removed"] } : { mark: "removed", problems: [], notice };
}

function checkOne(
  { listed, envelope, payload }: Opened,
  caseId: string,
  known: Knowledge,
  digestsBefore: readonly Uint8Array[],
  earlierIds: ReadonlySet<string>,
): Found {
  if (listed.document === undefined) return { mark: "unreadable", problems: ["unreadable"] };
  if (envelope === undefined || payload === undefined) return { mark: "failed", problems: ["malformed"] };
  const seen = digestsBefore[payload.seen.count];
  const found = new Set(problemsOfItself(listed, envelope, payload, caseId, known));
  if (earlierIds.has(payload.id)) found.add("duplicate");
  if (seen === undefined || !equal(seen, payload.seen.digest)) found.add("seen");
  const problems = order.filter((problem) => found.has(problem));
  return { mark: markOf(problems, payload), problems };
}

function markOf(problems: readonly Problem[], payload: Payload): Mark {
  if (problems.length > 0) return "failed";
  return payload.sealedBy === "server" ? "server" : "verified";
}

/** The digest after 0, 1, 2 ... messages: one running hash, so that long conversations stay linear. */
function digests(entries: readonly Uint8Array[]): readonly Uint8Array[] {
  const running = newHash.create();
  const after = () => running.clone().digest();
  return [after(), ...entries.map((each) => (running.update(each), after()))];
}

function byNumber<T extends { readonly number: number }>(messages: readonly T[]): readonly T[] {
  return [...messages].sort((a, b) => a.number - b.number);
}
