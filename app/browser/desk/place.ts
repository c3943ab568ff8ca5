/** Putting a template into its place. */
import { filled, slots } from "../dom/templates.ts";

/** Puts a template, with its own slots filled, into every slot called `name` in `scope`. */
export function place(scope: ParentNode, name: string, template: string, texts: Readonly<Record<string, string>> = {}): void {
  for (const slot of slots(scope, name)) slot.replaceChildren(filled(template, texts));
}
