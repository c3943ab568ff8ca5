/** The age v1 header (c2sp.org/age, "The age file format"), read strictly, and what the server would see of a sealed message. */
import { base64Decode } from "./encoding.ts";
import { HeaderError, PayloadError, SizeError } from "./errors.ts";
import { isMessageClass } from "./padding.ts";
import { sealedChunkLength, tagLength } from "./payload.ts";

/** One recipient stanza: its arguments, the kind first, and its decoded body. */
export interface Stanza {
  readonly args: readonly string[];
  readonly body: Uint8Array;
}

/** A header that parsed. `length` is in bytes, the MAC line's LF included. */
export interface Header {
  readonly stanzas: readonly Stanza[];
  readonly mac: Uint8Array;
  readonly length: number;
}

/** What can be seen of a sealed file without a key: number of stanzas, and lengths in bytes. */
export interface Inspection {
  readonly stanzas: number;
  readonly headerLength: number;
  readonly plaintextLength: number;
}

export const nonceLength = 16;
const macLength = 32;
const bodyLineLength = 64;
const hybrid = "mlkem768x25519";
const encapsulatedLength = 1120;
const wrappedLength = 32;
/** Far above 64 hybrid stanzas, in bytes: a file without a MAC line is not searched to its end. */
export const headerLengthMost = 262144;
const newline = 10;
const dash = 45;

/** Where the header ends in `file`, in bytes, or `undefined` when its last line is not there, or too far away. */
export function headerEnd(file: Uint8Array): number | undefined {
  const data = file.subarray(0, headerLengthMost);
  for (let at = data.indexOf(newline); at >= 0; at = data.indexOf(newline, at + 1)) {
    if (data[at + 1] !== dash || data[at + 2] !== dash || data[at + 3] !== dash) continue;
    const end = data.indexOf(newline, at + 1);
    return end < 0 ? undefined : end + 1;
  }
  return undefined;
}

/** The header at the start of `data`; HeaderError when it does not parse or is not canonical. */
export function parseHeader(data: Uint8Array): Header {
  const length = headerEnd(data);
  if (length === undefined) throw new HeaderError();
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(data.subarray(0, length - 1));
  if (!/^[\x20-\x7e\n]*$/.test(text)) throw new HeaderError();
  const lines = text.split("\n");
  if (lines.shift() !== "age-encryption.org/v1") throw new HeaderError();
  const mac = macOf(lines.pop() ?? "");
  const stanzas: Stanza[] = [];
  while (lines.length > 0) stanzas.push(takeStanza(lines));
  // The specification has a passphrase stand alone, or a file could claim to come from whoever knows it.
  if (stanzas.length === 0 || (stanzas.length > 1 && stanzas.some(({ args }) => args[0] === "scrypt"))) throw new HeaderError();
  return { stanzas, mac, length };
}

/** FORMATS.md section 2, "Inspection": HeaderError for another kind of stanza, PayloadError for an impossible payload length. */
export function inspect(data: Uint8Array): Inspection {
  const header = parseHeader(data);
  for (const { args, body } of header.stanzas) {
    const [kind, encapsulated] = args;
    if (kind !== hybrid || args.length !== 2 || encapsulated === undefined) throw new HeaderError();
    if (base64(encapsulated).length !== encapsulatedLength || body.length !== wrappedLength) throw new HeaderError();
  }
  const plaintextLength = plaintextOf(data.length - header.length - nonceLength);
  return { stanzas: header.stanzas.length, headerLength: header.length, plaintextLength };
}

/** Inspection, and exactly `stanzas` stanzas (HeaderError) and a message class (SizeError), as the server asks of a message. */
export function requireMessage(data: Uint8Array, stanzas: number): Inspection {
  const seen = inspect(data);
  if (seen.stanzas !== stanzas) throw new HeaderError();
  if (!isMessageClass(seen.plaintextLength)) throw new SizeError();
  return seen;
}

function macOf(line: string): Uint8Array {
  if (!line.startsWith("--- ")) throw new HeaderError();
  const mac = base64(line.slice(4));
  if (mac.length !== macLength) throw new HeaderError();
  return mac;
}

/** Takes one stanza's lines off the front of `lines`. Its body ends with the first line that is not full, which may be empty. */
function takeStanza(lines: string[]): Stanza {
  const [arrow, ...args] = (lines.shift() ?? "").split(" ");
  if (arrow !== "->" || args.length === 0 || args.includes("")) throw new HeaderError();
  let body = "";
  for (;;) {
    const line = lines.shift();
    if (line === undefined || line.length > bodyLineLength) throw new HeaderError();
    body += line;
    if (line.length < bodyLineLength) return { args, body: base64(body) };
  }
}

function base64(text: string): Uint8Array {
  try {
    return base64Decode(text);
  } catch {
    throw new HeaderError();
  }
}

/** Plaintext length of a STREAM of `length` bytes, its nonce not counted. No chunk is empty, so neither is a file. */
function plaintextOf(length: number): number {
  const chunks = Math.ceil(length / sealedChunkLength);
  const last = length - (chunks - 1) * sealedChunkLength;
  if (length <= tagLength || last <= tagLength) throw new PayloadError();
  return length - chunks * tagLength;
}
