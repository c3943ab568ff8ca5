/** How much goes into one request, by what the line has shown itself to carry. */

const least = 256 * 1024;
const most = 8 * 1024 * 1024;
/** A request is to take about this long: short enough for progress that can be seen, long enough not to wait for answers most of the time. */
const aimSeconds = 1;
const patienceSeconds = 60;
/** Bytes a second over a slow circuit of Tor Browser. */
const slowest = 10_000;

/** The pace of one page's uploads. */
export class Pace {
  #bytes = least;

  /** Bytes for the next request. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A request with this many bytes took so long. One that was smaller than asked for says nothing. */
  took(bytes: number, seconds: number): void {
    if (bytes >= this.#bytes && seconds < aimSeconds / 2) this.#bytes = Math.min(most, this.#bytes * 2);
    else if (seconds > aimSeconds * 2) this.#slower();
  }

  /** A request did not come through. */
  failed(): void {
    this.#slower();
  }

  /** Seconds after which a request with this many bytes is given up. */
  static patience(bytes: number): number {
    return patienceSeconds + bytes / slowest;
  }

  #slower(): void {
    this.#bytes = Math.max(least, this.#bytes / 2);
  }
}
