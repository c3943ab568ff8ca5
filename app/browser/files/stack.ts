/** How tus-js-client reaches the server: `fetch`, which can leave cookies out; XHR always sends them to its own site. */
import type { HttpRequest, HttpResponse, HttpStack } from "tus-js-client";
import { Pace } from "./pace.ts";

/** Where files go: a tus endpoint, and what its requests carry. */
export interface Place {
  /** Path of the endpoint. */
  readonly endpoint: string;
  readonly credentials: RequestCredentials;
  /** Asked before each request. */
  headers?(): Readonly<Record<string, string>>;
}

/** The requests of one run. Once stopped, none of them is ever answered, so that a run that was left cannot act on. */
export class FetchStack implements HttpStack {
  readonly #place: Place;
  readonly #pace: Pace;
  readonly #open = new Set<AbortController>();
  #stopped = false;

  constructor(place: Place, pace: Pace) {
    this.#place = place;
    this.#pace = pace;
  }

  getName(): string {
    return "fetch";
  }

  createRequest(method: string, url: string): HttpRequest {
    return new FetchRequest(method, url, (body, headers) => this.#send(method, url, body, headers));
  }

  /** Cuts what is on its way. */
  stop(): void {
    this.#stopped = true;
    for (const controller of this.#open) controller.abort();
  }

  async #send(method: string, url: string, body: Blob | undefined, headers: Headers): Promise<HttpResponse> {
    if (this.#stopped) return never();
    const began = performance.now();
    try {
      const response = await this.#ask(method, url, body, headers);
      if (this.#stopped) return never();
      if (body !== undefined && response.getStatus() < 300) this.#pace.took(body.size, (performance.now() - began) / 1000);
      return response;
    } catch (error) {
      if (this.#stopped) return never();
      if (body !== undefined) this.#pace.failed();
      throw error;
    }
  }

  async #ask(method: string, url: string, body: Blob | undefined, headers: Headers): Promise<HttpResponse> {
    for (const [name, value] of Object.entries(this.#place.headers?.() ?? {})) headers.set(name, value);
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), Pace.patience(body?.size ?? 0) * 1000);
    this.#open.add(controller);
    try {
      const { signal } = controller;
      const { credentials } = this.#place;
      const init = { method, headers, credentials, signal, cache: "no-store", redirect: "error" } satisfies RequestInit;
      return new Answer(await fetch(url, body === undefined ? init : { ...init, body }));
    } finally {
      clearTimeout(timer);
      this.#open.delete(controller);
    }
  }
}

class FetchRequest implements HttpRequest {
  readonly #method: string;
  readonly #url: string;
  readonly #headers = new Headers();
  readonly #act: (body: Blob | undefined, headers: Headers) => Promise<HttpResponse>;

  constructor(method: string, url: string, act: (body: Blob | undefined, headers: Headers) => Promise<HttpResponse>) {
    this.#method = method;
    this.#url = url;
    this.#act = act;
  }

  getMethod(): string {
    return this.#method;
  }

  getURL(): string {
    return this.#url;
  }

  setHeader(header: string, value: string): void {
    this.#headers.set(header, value);
  }

  getHeader(header: string): string | undefined {
    return this.#headers.get(header) ?? undefined;
  }

  /** `fetch` does not tell how much of a request has gone. */
  setProgressHandler(): void {}

  async send(body: unknown): Promise<HttpResponse> {
    return this.#act(body instanceof Blob ? body : undefined, this.#headers);
  }

  /** A run is stopped as a whole. */
  async abort(): Promise<void> {}

  getUnderlyingObject(): undefined {
    return undefined;
  }
}

class Answer implements HttpResponse {
  readonly #response: Response;

  constructor(response: Response) {
    this.#response = response;
  }

  getStatus(): number {
    return this.#response.status;
  }

  getHeader(header: string): string | undefined {
    return this.#response.headers.get(header) ?? undefined;
  }

  /** Never read: it would end up in an error's message. */
  getBody(): string {
    return "";
  }

  getUnderlyingObject(): undefined {
    return undefined;
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {});
}
