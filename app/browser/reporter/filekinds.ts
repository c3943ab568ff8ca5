/** What a media type is called. The rules are those of `reporter/_files.html`. */

const groups: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["picture", /^image\//],
  ["video", /^video\//],
  ["sound", /^audio\//],
  ["pdf", /^application\/pdf$/],
  ["text", /^text\//],
  ["mail", /^(message\/|application\/vnd\.ms-outlook$)/],
  ["table", /spreadsheet|excel/],
  ["slides", /presentation|powerpoint/],
  ["document", /word|opendocument|^application\/rtf$/],
  ["archive", /zip|compressed|tar$/],
];

/** The name of the sentence about a clean type. */
export function kindOf(type: string): string {
  return groups.find(([, pattern]) => pattern.test(type))?.[0] ?? "file";
}
