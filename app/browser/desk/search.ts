/** Searching the rows of this page by alias and opened subject. It never leaves the browser. */
import { all, find, maybe, plainText, show, slots } from "../dom/templates.ts";

/** The search field and the rows that it filters. */
export class Search {
  readonly #field = maybe(document, "[data-search]", HTMLInputElement);
  readonly #rows: readonly HTMLElement[];

  constructor(rows: readonly HTMLElement[]) {
    this.#rows = rows;
    this.#field?.addEventListener("input", () => this.again());
    this.#field?.addEventListener("keydown", ({ key }) => {
      if (key === "Escape") this.#clear();
    });
  }

  /** Puts the focus into the field. */
  focus(): void {
    this.#field?.focus();
    this.#field?.select();
  }

  /** Filters anew: after typing, and when subjects have been opened or taken away. */
  again(): void {
    const wanted = folded(this.#field?.value ?? "");
    for (const row of this.#rows) show(row, folded(textOf(row)).includes(wanted));
    for (const group of all(document, "[data-group]", HTMLElement)) {
      show(group, this.#rows.some((row) => !row.hidden && group.contains(row)));
    }
    const none = maybe(document, "[data-no-match]", HTMLElement);
    if (none !== undefined) show(none, this.#rows.length > 0 && this.#rows.every((row) => row.hidden));
  }

  #clear(): void {
    if (this.#field !== undefined) this.#field.value = "";
    this.again();
  }
}

function textOf(row: HTMLElement): string {
  const alias = plainText(find(row, "[data-row-link] [translate=no]", HTMLElement));
  const subject = "opened" in row.dataset ? slots(row, "subject").map(plainText) : [];
  return [alias, ...subject].join(" ");
}

/** Without case, accents and extra spaces, so that what is typed in a hurry finds what was written with care. */
function folded(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ").trim();
}
