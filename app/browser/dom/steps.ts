/** The steps of a page: one section at a time, each an entry of the history that holds its name and nothing else. */
import { all, find, plainText } from "./templates.ts";

/** What a page decides about its steps. */
export interface Rules {
  /** The step to show when the history asks for `wanted`. */
  permit(wanted: string): string;
  /** Called once a step shows; gives the element to focus where that is not the step's heading. */
  shown?(step: string): HTMLElement | undefined;
}

/** Moves between `section[data-step]` elements. */
export class Steps {
  #current: string;
  readonly #rules: Rules;

  constructor(first: string, rules: Rules) {
    this.#current = first;
    this.#rules = rules;
    history.scrollRestoration = "manual";
    // After a reload the entry may name a later step, whose content is gone.
    this.#rename(first);
    addEventListener("popstate", (event) => this.#asked(stepIn(event.state) ?? first));
  }

  /** The step that shows. */
  get current(): string {
    return this.#current;
  }

  /** Goes to a step; Back returns to this one. */
  go(step: string): void {
    history.pushState({ step }, "");
    this.#show(step);
  }

  /** Goes to a step that takes the place of this one. */
  replace(step: string): void {
    this.#rename(step);
    this.#show(step);
  }

  #asked(wanted: string): void {
    const step = this.#rules.permit(wanted);
    if (step !== wanted) this.#rename(step);
    if (step !== this.#current) this.#show(step);
  }

  #rename(step: string): void {
    history.replaceState({ step }, "");
  }

  #show(step: string): void {
    this.#current = step;
    for (const section of all(document, "[data-step]", HTMLElement)) section.hidden = section.dataset["step"] !== step;
    const heading = find(document, `[data-step="${step}"] [data-heading]`, HTMLElement);
    heading.tabIndex = -1;
    document.title = plainText(heading);
    scrollTo(0, 0);
    (this.#rules.shown?.(step) ?? heading).focus();
  }
}

function stepIn(state: unknown): string | undefined {
  if (typeof state !== "object" || state === null || !("step" in state)) return undefined;
  return typeof state.step === "string" ? state.step : undefined;
}
