/**
 * The payload of an age file: STREAM with ChaCha20-Poly1305 in chunks of 64 KiB (c2sp.org/age, "Payload").
 * Opening is ours, because the library's holds a chunk back until the next one comes and drops it when that one fails: a released plaintext
 * would then depend on how the file happened to arrive. Sealing one chunk by its number is, because the library's seals streams only.
 */
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "./bytes.ts";
import { PayloadError } from "./errors.ts";
import type { ByteStream, Source } from "./stream.ts";

/** Bytes of the tag that ends every chunk. */
export const tagLength = 16;
/** Bytes of plaintext in every chunk but the last. */
export const chunkLength = 65536;
/** Bytes of a full chunk with its tag. */
export const sealedChunkLength = chunkLength + tagLength;

/** The key of a payload (32 bytes), from the 16 bytes of the file key and of the nonce. */
export function payloadKeyOf(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hkdf(sha256, fileKey, nonce, utf8("payload"), 32);
}

/**
 * Seals chunk number `counter` (from 0) into `output`, which is `tagLength` longer than `plaintext`. Never again with another
 * plaintext under the same key and counter: that would give both away.
 */
export function sealChunk(key: Uint8Array, counter: number, last: boolean, plaintext: Uint8Array, output: Uint8Array): void {
  chacha20poly1305(key, nonceOf(counter, last)).encrypt(plaintext, output);
}

/** The plaintext of the payload that follows in `source`, chunk by chunk, on demand. Fails with PayloadError. */
export function openPayload(key: Uint8Array, source: Source): ByteStream {
  const chunks = openChunks(key, source, () => undefined);
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** The same as chunks that all stand in one array: each is good until the next one is asked for. */
export function openPayloadInPlace(key: Uint8Array, source: Source): AsyncGenerator<Uint8Array, void> {
  const place = new Uint8Array(chunkLength);
  return openChunks(key, source, (length) => place.subarray(0, length));
}

/** `place`: where a chunk of so many bytes is opened to; an array of its own where that is nothing. */
async function* openChunks(key: Uint8Array, source: Source, place: Place): AsyncGenerator<Uint8Array, void> {
  for (let counter = 0, last = false; !last; counter++) {
    const sealed = await source.borrow(sealedChunkLength);
    const more = sealed.length < sealedChunkLength ? undefined : opened(key, counter, false, sealed, place);
    const plaintext = more ?? opened(key, counter, true, sealed, place);
    last = more === undefined;
    if (plaintext === undefined || (plaintext.length === 0 && counter > 0)) throw new PayloadError();
    if (plaintext.length > 0) yield plaintext;
  }
  if ((await source.borrow(1)).length > 0) throw new PayloadError();
}

type Place = (length: number) => Uint8Array | undefined;

function opened(key: Uint8Array, counter: number, last: boolean, sealed: Uint8Array, place: Place): Uint8Array | undefined {
  if (sealed.length < tagLength) return undefined;
  try {
    return chacha20poly1305(key, nonceOf(counter, last)).decrypt(sealed, place(sealed.length - tagLength));
  } catch {
    return undefined;
  }
}

const nonce = new Uint8Array(12);
const counterOfNonce = new DataView(nonce.buffer, 3, 8);

/**
 * 11 bytes of counter, of which the upper three stay zero for any file that a number can count, and the flag of the last chunk.
 * One array for all: the next call overwrites it.
 */
function nonceOf(counter: number, last: boolean): Uint8Array {
  counterOfNonce.setUint32(4, counter);
  counterOfNonce.setUint32(0, Math.floor(counter / 2 ** 32));
  nonce[11] = last ? 1 : 0;
  return nonce;
}
