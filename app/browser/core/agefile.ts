/**
 * Opening age v1 files with the outcome named as the specification names it. Behind `age.ts`, and not to be used beside it:
 * it also takes anything that can unwrap a file key, so that the public test vectors can be run through the same code.
 */
import { Decrypter, type Identity } from "age-encryption";
import { HeaderError, MacError, NoMatch, QuietlineError } from "./errors.ts";
import { headerEnd, headerLengthMost, nonceLength, parseHeader } from "./header.ts";
import { openPayload, payloadKeyOf } from "./payload.ts";
import { type ByteStream, Source } from "./stream.ts";

/** An age file whose header has been read: the key of its payload (secret), and what follows. */
export interface OpenedHeader {
  readonly payloadKey: Uint8Array;
  readonly payload: Source;
}

/**
 * The plaintext of `file`, in chunks as they check. Rejects with HeaderError, NoMatch or MacError; the stream fails with
 * PayloadError. Chunks that came before such a failure are genuine, but the file is not: a caller throws them away.
 */
export async function openStream(file: ByteStream, identities: readonly (string | Identity)[]): Promise<ByteStream> {
  const { payloadKey, payload } = await openHeader(file, identities);
  return openPayload(payloadKey, payload);
}

/** Reads the header of `file`; `came` is called whenever bytes came, then and later. Rejects with HeaderError, NoMatch or MacError: `file` is cancelled then. */
export async function openHeader(file: ByteStream, identities: readonly (string | Identity)[], came?: () => void): Promise<OpenedHeader> {
  const source = new Source(file, came);
  try {
    return { payloadKey: await payloadKeyIn(source, identities), payload: source };
  } catch (error) {
    // Nobody reads on: whoever sends it need not.
    await source.cancel(undefined).catch(() => undefined);
    throw error;
  }
}

async function payloadKeyIn(source: Source, identities: readonly (string | Identity)[]): Promise<Uint8Array> {
  const header = await takeHeader(source);
  const nonce = await source.take(nonceLength);
  if (nonce.length < nonceLength) throw new HeaderError();
  return payloadKeyOf(await fileKeyOf(header, identities), nonce);
}

/** The header's bytes. age-encryption reads headers less strictly than the specification in places (the MAC's length); ours goes first. */
async function takeHeader(source: Source): Promise<Uint8Array> {
  for (let length = 0; ; ) {
    const held = await source.hold(length + 1);
    if (headerEnd(held) !== undefined || held.length <= length || held.length > headerLengthMost) {
      return source.take(parseHeader(held).length);
    }
    length = held.length;
  }
}

async function fileKeyOf(header: Uint8Array, identities: readonly (string | Identity)[]): Promise<Uint8Array> {
  const decrypter = new Decrypter();
  for (const identity of identities) decrypter.addIdentity(identity);
  decrypter.addIdentity(nobody);
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    throw named(error);
  }
}

/** Asked last, when no identity has found a file key. */
const nobody: Identity = {
  unwrapFileKey() {
    throw new NoMatch();
  },
};

/** The header has parsed: what is left is the MAC, which has one sentence, or a malformed stanza of our kind. */
function named(error: unknown): QuietlineError {
  if (error instanceof QuietlineError) return error;
  return error instanceof Error && error.message === "invalid header HMAC" ? new MacError() : new HeaderError();
}
