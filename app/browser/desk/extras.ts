/** What stands below the text of a letter: its files, and the way to remove it. Kept while it is in use, whatever else changes. */
import type { Checked } from "../core/conversation.ts";
import type { ListedMessage } from "../core/listed.ts";
import { clone, find, slot, slots } from "../dom/templates.ts";
import { FileLine } from "./fileline.ts";
import { Removal, removable } from "./removal.ts";
import type { Store } from "./store.ts";
import type { Case } from "./writing.ts";

interface Files {
  /** What they were made of: the same again is not made anew. */
  readonly of: string;
  readonly lines: readonly FileLine[];
}

/** The extras of every letter of a page. */
export class Extras {
  readonly #case: Case;
  readonly #files = new Map<HTMLElement, Files>();
  readonly #removals = new Map<HTMLElement, Removal>();

  constructor(own: Case) {
    this.#case = own;
  }

  /** Whether leaving the page would lose something: a reason that is being written, or a file on its way to the disk or the page. */
  get holdsDraft(): boolean {
    const opening = [...this.#files.values()].some(({ lines }) => lines.some(({ busy }) => busy));
    return opening || [...this.#removals.values()].some(({ holdsDraft }) => holdsDraft);
  }

  /** Shows them in a letter. */
  show(frame: HTMLElement, listed: ListedMessage, checked: Checked, store: Store): void {
    this.#showFiles(frame, listed, checked, store);
    if (!removable(checked)) {
      this.#removals.delete(frame);
      put(frame, "removal", undefined);
    } else if (!this.#removals.has(frame)) {
      const removal = new Removal(checked, this.#case);
      this.#removals.set(frame, removal);
      put(frame, "removal", removal.element);
    }
  }

  /** Takes the files off the page, with all that was opened of them. A reason that was being written stays, as every draft does. */
  end(): void {
    for (const [frame, { lines }] of this.#files) {
      for (const line of lines) line.end();
      put(frame, "files", undefined);
    }
    this.#files.clear();
  }

  /** What a message says of its files never changes; what the server has of them may, and whether the message checks. */
  #showFiles(frame: HTMLElement, { attachments = [] }: ListedMessage, { id, mark, payload }: Checked, store: Store): void {
    const of = [id, mark, payload === undefined, ...attachments].join(" ");
    const present = this.#files.get(frame);
    if (present?.of === of) return;
    for (const line of present?.lines ?? []) line.end();
    const lines = (payload?.attachments ?? []).map((each) => new FileLine(each, mark, attachments.includes(each.id), store));
    this.#files.set(frame, { of, lines });
    put(frame, "files", lines.length > 0 ? list(lines) : undefined);
  }
}

function put(frame: HTMLElement, name: string, element: HTMLElement | undefined): void {
  for (const place of slots(frame, name)) place.replaceChildren(...(element === undefined ? [] : [element]));
}

function list(lines: readonly FileLine[]): HTMLElement {
  const copy = find(clone("letter-files"), "[data-letter-files]", HTMLElement);
  slot(copy, "lines").append(...lines.map(({ element }) => element));
  return copy;
}
