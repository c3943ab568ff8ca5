/** Sizes of files as people read them. The rules are those of `app/web/pages.py`. */
import { sentence } from "../dom/templates.ts";

const units = ["bytes", "kb", "mb", "gb"] as const;
const kilo = 1024;
/** From here on without decimals. */
const wholeFrom = 10;

/** `1234567` bytes as "1.2 MB". */
export function writtenSize(bytes: number): string {
  const step = Math.min(units.length - 1, bytes < kilo ? 0 : Math.floor(Math.log2(bytes) / 10));
  const value = bytes / kilo ** step;
  const digits = step > 0 && value < wholeFrom ? 1 : 0;
  const number = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: digits }).format(value);
  return sentence(`size-${units[step] ?? "gb"}`, { number });
}
