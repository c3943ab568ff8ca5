/** The limits of FORMATS.md, from the one file that the server reads too. */
import values from "../../limits.json";

/** Limit name to whole number; lengths "in characters" count Unicode code points. */
export const limits: Readonly<typeof values> = values;
