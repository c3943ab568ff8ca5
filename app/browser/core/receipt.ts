/** The receipt: 16 bytes as twelve words, and what they derive (FORMATS.md section 4). */
import { identityFromSeed, recipientOf } from "./age.ts";
import { random } from "./bytes.ts";
import { derive, sha256 } from "./derive.ts";
import { idEncode } from "./encoding.ts";
import { FormatError } from "./errors.ts";
import { limits } from "./limits.ts";
import { SigningKey } from "./signing.ts";
import { type WordsProblem, readWords, toWords, wordsInText } from "./words.ts";

const entropyLength = 16;
const salt = "quietline/receipt/v1";

/** A receipt that was read, or why what was typed is none. */
export type ReceiptResult = { readonly ok: true; readonly receipt: Receipt } | WordsProblem;

/** A receipt. Entropy and what derives from it are not enumerable, so that printing or serialising one shows nothing. */
export class Receipt {
  readonly #entropy: Uint8Array;

  private constructor(entropy: Uint8Array) {
    if (entropy.length !== entropyLength) throw new FormatError();
    this.#entropy = entropy.slice();
  }

  /** A new receipt from the browser's CSPRNG. */
  static generate(): Receipt {
    return new Receipt(random(entropyLength));
  }

  /** The receipt of 16 bytes; FormatError for another length. */
  static fromEntropy(entropy: Uint8Array): Receipt {
    return new Receipt(entropy);
  }

  /** Reads twelve words as a person typed them. */
  static read(typed: string): ReceiptResult {
    const result = readWords(typed, limits.receipt_words);
    return result.ok ? { ok: true, receipt: new Receipt(result.entropy) } : result;
  }

  /** The 16 bytes. Secret. */
  get entropy(): Uint8Array {
    return this.#entropy.slice();
  }

  /** The twelve words, in order. Secret. */
  get words(): readonly string[] {
    return toWords(this.#entropy);
  }

  /** The reporter's age identity. Secret. */
  get identity(): string {
    return identityFromSeed(this.#derive("identity"));
  }

  /** The reporter's recipient. Takes about a millisecond. */
  get recipient(): string {
    return recipientOf(this.identity);
  }

  /** The 32 bytes that fetch and post; the server keeps their hash only. Secret. */
  get mailboxKey(): Uint8Array {
    return this.#derive("mailbox");
  }

  /** The reporter's signing key. Takes about a millisecond. */
  get signing(): SigningKey {
    return SigningKey.fromSeed(this.#derive("signing"));
  }

  /** The case id. */
  get caseId(): string {
    return idEncode(this.#derive("case").subarray(0, 16));
  }

  /** Whether the twelve words stand in `text` one after another, so that nobody sends the key with the letter. */
  appearsIn(text: string): boolean {
    return wordsInText(this.words, text);
  }

  #derive(label: string): Uint8Array {
    return derive(this.#entropy, salt, label);
  }
}

/** What the server keeps of a mailbox key: its SHA-256. FormatError unless 32 bytes. */
export function mailboxHash(mailboxKey: Uint8Array): Uint8Array {
  if (mailboxKey.length !== 32) throw new FormatError();
  return sha256(mailboxKey);
}
