/** The conversation of one case as it stands on the page: opened once, checked as a whole whenever something is added. */
import { type Checked, seenAfter } from "../core/conversation.ts";
import type { Keyring } from "../core/keyring.ts";
import type { ListedMessage } from "../core/listed.ts";
import type { Seen } from "../core/message.ts";
import { checkAsOfficer, documentOf } from "./open.ts";

/** Messages with what their seals hold and what checking them came to. */
export class Conversation {
  readonly caseId: string;
  readonly keyring: Keyring;
  #listed: readonly ListedMessage[] = [];
  #checked: readonly Checked[] = [];
  readonly #documents = new Map<string, Uint8Array | undefined>();

  constructor(caseId: string, keyring: Keyring) {
    this.caseId = caseId;
    this.keyring = keyring;
  }

  /** Takes the server's list, and opens what was not opened before. */
  async take(listed: readonly ListedMessage[]): Promise<void> {
    for (const { sealed } of listed) {
      if (!this.#documents.has(sealed)) this.#documents.set(sealed, await documentOf(sealed, this.keyring));
    }
    this.#listed = [...listed].sort((a, b) => a.number - b.number);
    const opened = this.#listed.map(({ sealed, ...message }) => ({ ...message, document: this.#documents.get(sealed) }));
    this.#checked = checkAsOfficer(this.caseId, opened, this.keyring);
  }

  /** Adds what was just sent from here; `document` is what its seal holds. */
  async add(message: ListedMessage, document: Uint8Array): Promise<void> {
    this.#documents.set(message.sealed, document);
    await this.take([...this.#listed.filter(({ number }) => number !== message.number), message]);
  }

  /** Every message with its place in the list, in order of number. */
  get letters(): readonly (readonly [listed: ListedMessage, checked: Checked])[] {
    return this.#listed.flatMap((listed, at) => {
      const checked = this.#checked[at];
      return checked === undefined ? [] : [[listed, checked] as const];
    });
  }

  /** The report, which comes first. */
  get report(): Checked | undefined {
    return this.#checked.find(({ number }) => number === 1);
  }

  /** The number of the last message; 0 when there is none. */
  get last(): number {
    return this.#listed.at(-1)?.number ?? 0;
  }

  /** What whoever writes now has been shown. */
  get seen(): Seen {
    return seenAfter(this.#checked);
  }
}
