// The one way to the server: the public API, typed from its OpenAPI document.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

// Present is an answer as the server really sends it: an empty list is [], though the document allows null for it.
export type Present<T> = T extends readonly (infer Item)[]
  ? Present<Item>[]
  : T extends object
    ? { [K in keyof T]: Extract<T[K], readonly unknown[]> extends never ? Present<T[K]> : Present<Exclude<T[K], null>> }
    : T;

// Answer is the body of a successful GET of a path.
export type Answer<P extends keyof paths> = paths[P] extends {
  get: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Present<Body>
  : never;

// Problem is an error of the API (RFC 9457), or a request that never reached it.
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly field?: string;
  readonly requestId?: string;

  constructor(body: {
    status?: number;
    code?: string;
    title?: string;
    detail?: string;
    field?: string;
    request_id?: string;
  }) {
    super(body.detail || body.title || body.code || "error");
    this.status = body.status ?? 0;
    this.code = body.code ?? "internal";
    this.field = body.field;
    this.requestId = body.request_id;
  }
}

let csrf = "";
let onSignedOut = () => {};

// setCSRF keeps the token that the session answers with; it goes with every request that changes something.
export function setCSRF(token: string): void {
  csrf = token;
}

// whenSignedOut names what to do when the server no longer knows the session.
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

export const api = createClient<paths>({ headers: { Accept: "application/json" } });

api.use({
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  onResponse({ response, request }) {
    if (response.status === 401 && !request.url.endsWith("/v1/session")) onSignedOut();
  },
});

// ok gives the body of a successful answer and throws a Problem for any other.
export async function ok<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<Present<T>> {
  let answer: Awaited<typeof call>;
  try {
    answer = await call;
  } catch {
    throw new Problem({ code: "unreachable" });
  }
  const { data, error, response } = answer;
  if (response.ok) return data as Present<T>;
  const body = typeof error === "object" && error !== null ? error : {};
  throw new Problem({
    request_id: response.headers.get("X-Request-Id") ?? undefined,
    ...body,
    status: response.status,
  });
}
