/**
 * The files of one message: chosen in an `<input type=file multiple>`, sealed and sent at once, listed with what becomes of each.
 * The page brings the templates of `reporter/_files_script.html`, and elements with `data-file-rows` for the rows.
 */
import type { Attachment } from "../core/message.ts";
import { limits } from "../core/limits.ts";
import { putFiles } from "../dom/form.ts";
import { Pace } from "./pace.ts";
import { FileRow, type Act, tellNews } from "./row.ts";
import type { Place } from "./stack.ts";
import { Upload } from "./upload.ts";

export type { Place } from "./stack.ts";

/** What a list stands in, and what it needs. */
export interface Options {
  readonly input: HTMLInputElement;
  /** Where rows are shown: each gets one for every file. */
  readonly views: readonly HTMLElement[];
  readonly place: Place;
  /** Largest file, in bytes. */
  readonly most: number;
  /** Whom the message will be sealed to: readers first, the reporter last. Asked when a file is begun. */
  recipients(): readonly string[];
  /** Called after every change. */
  changed(): void;
}

interface Entry {
  readonly file: File;
  readonly upload: Upload;
  readonly rows: readonly FileRow[];
}

/** How many files are sealed and sent at a time. */
const atOnce = 2;

/** The files of one message. */
export class FileList {
  readonly #options: Options;
  readonly #pace = new Pace();
  #entries: readonly Entry[] = [];
  #locked = false;
  #held = false;

  constructor(options: Options) {
    this.#options = options;
  }

  get count(): number {
    return this.#entries.length;
  }

  /** How many are not complete. */
  get unfinished(): number {
    return this.#entries.filter(({ upload }) => upload.state !== "complete").length;
  }

  /** Whether one of them will not become complete by itself. */
  get stuck(): boolean {
    return this.#entries.some(({ upload }) => upload.state === "failed" || upload.state === "paused");
  }

  /** Whether the server wants somebody to log in before it takes more. */
  get denied(): boolean {
    return this.#entries.some(({ upload }) => upload.failure === "denied");
  }

  /** Whether a message can be sent with these files; so it is where there are none. */
  get complete(): boolean {
    return this.unfinished === 0;
  }

  /** What the message says of its files. Only where all are complete: throws otherwise, so that no message goes without one of its files. */
  manifest(): readonly Attachment[] {
    return this.#entries.map(({ upload }) => {
      const attachment = upload.manifest();
      if (attachment === undefined) throw new Error("unfinished");
      return attachment;
    });
  }

  /** The server's names for them, in the same order. */
  get ids(): readonly string[] {
    return this.manifest().map(({ id }) => id);
  }

  /** Takes files in, and begins with them. Gives how many there was no room for in one message. */
  add(files: Iterable<File>): number {
    const chosen = [...files];
    const room = this.#locked ? 0 : limits.attachments - this.#entries.length;
    const added = chosen.slice(0, room).map((file) => this.#entry(file));
    this.#entries = [...this.#entries, ...added];
    this.#putBack();
    this.#next();
    this.#options.changed();
    return chosen.length - added.length;
  }

  /** While a message is on its way, or may have arrived, its files stay as they are. */
  lock(locked: boolean): void {
    this.#locked = locked;
    this.#options.input.disabled = locked;
    for (const { rows } of this.#entries) for (const row of rows) row.lock(locked);
  }

  /** While held, nothing is sent. Afterwards everything that was going on goes on from where it was, and what was denied is tried again. */
  hold(held: boolean): void {
    this.#held = held;
    for (const { upload } of this.#entries) {
      if (held && (upload.state === "sending" || upload.state === "retrying")) {
        upload.pause();
        upload.resume();
      }
      if (!held && upload.failure === "denied") upload.retry();
    }
    this.#next();
  }

  /** Seals and sends every file once more: to other recipients, or because the server has lost some. What it has is left to its sweeping. */
  restart(): void {
    const files = this.#entries.map(({ file }) => file);
    this.#drop(this.#entries, false);
    this.#entries = files.map((file) => this.#entry(file));
    this.#putBack();
    this.#next();
    this.#options.changed();
  }

  /** Forgets every file; with `remove`, the server is asked to delete what it has of them. */
  clear(remove = false): void {
    this.#drop(this.#entries, remove);
    this.#entries = [];
    this.#putBack();
    this.#options.changed();
  }

  #entry(file: File): Entry {
    const { place, most, recipients } = this.#options;
    // Changes are told from here, since the first one may come while the upload is being made.
    let entry: Entry | undefined;
    const changed = () => entry && this.#changed(entry);
    const upload = new Upload({ file, recipients: recipients(), place, pace: this.#pace, most, changed });
    const rows = this.#options.views.map((view) => new FileRow(view, upload, most, (act) => entry && this.#act(entry, act)));
    entry = { file, upload, rows };
    for (const row of rows) row.lock(this.#locked);
    return entry;
  }

  #changed(entry: Entry): void {
    if (!this.#entries.includes(entry)) return;
    for (const row of entry.rows) row.update();
    for (const view of this.#options.views) tellNews(view, entry.upload, this.#options.most, this.complete);
    this.#next();
    this.#options.changed();
  }

  #act(entry: Entry, act: Act): void {
    if (this.#locked) return;
    if (act === "remove") this.#remove(entry);
    else entry.upload[act]();
    this.#next();
  }

  #remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry);
    const held = entry.rows.findIndex((row) => row.holdsFocus);
    this.#drop([entry], true);
    this.#entries = this.#entries.filter((each) => each !== entry);
    this.#putBack();
    const neighbour = this.#entries[Math.min(at, this.#entries.length - 1)];
    if (held >= 0 && neighbour !== undefined) neighbour.rows[held]?.focus();
    else if (held === 0) this.#options.input.focus();
    this.#options.changed();
  }

  #drop(entries: readonly Entry[], remove: boolean): void {
    for (const { upload, rows } of entries) {
      upload.end(remove);
      for (const row of rows) row.remove();
    }
  }

  /** Begins with those that wait, in order, as far as there is room. */
  #next(): void {
    if (this.#held) return;
    for (const { upload } of this.#entries) {
      const busy = this.#entries.filter(({ upload: { state } }) => state === "sending" || state === "retrying").length;
      if (busy >= atOnce) return;
      if (upload.state === "waiting") upload.start();
    }
  }

  /** The field holds what the list holds, so that the server's way would carry the same files, and Remove removes them there too. */
  #putBack(): void {
    putFiles(this.#options.input, this.#entries.map(({ file }) => file));
  }
}
