/** Sends calls to the API of the server that this page came from. The session is a cookie that scripts cannot read. */

export const ROOT = new URL("..", document.baseURI);

interface Message {
  id: string;
  default_message: string;
}

/** An answer of the server that is an error, or no answer at all (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
    readonly messageId = "",
    readonly requestId = "",
  ) {
    super(message);
  }

  get unreachable(): boolean {
    return this.status === 0;
  }
}

export type Query = Record<string, string | number | readonly string[] | undefined>;

/** Performs an operation and returns its result. `path` is relative to /api/. */
export async function call<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const request: RequestInit = { method, headers: { accept: "application/json", ...json, ...headers } };
  if (body !== undefined) request.body = JSON.stringify(body);
  const answer = await send(new URL(`api/${path}`, ROOT), request);
  if (!answer.ok) throw await failure(answer);
  const text = await answer.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export const get = <T>(path: string, query: Query = {}): Promise<T> => call<T>("GET", path + search(query));
export const post = <T = void>(path: string, body?: unknown): Promise<T> => call<T>("POST", path, body);
export const patch = (path: string, body: unknown): Promise<void> => call("PATCH", path, body);
export const remove = (path: string): Promise<void> => call("DELETE", path);

/** A path with each value escaped: path`content/library/${id}`. */
export function path(parts: TemplateStringsArray, ...values: string[]): string {
  return String.raw({ raw: parts }, ...values.map(encodeURIComponent));
}

/** The address of a file on this server, whatever name of the server the API gave it. */
export function own(address: string): string {
  const { pathname, search: query } = new URL(address, ROOT);
  return new URL(pathname + query, ROOT).href;
}

/** Marks requests of scripts, so that the browser does not ask for a password itself. */
export const BY_SCRIPT = { "x-requested-with": "XMLHttpRequest" };

/** Sends a request; ApiError where no answer comes. */
export async function send(address: URL | string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { cache: "no-store", ...request, headers: { ...BY_SCRIPT, ...request.headers } });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
}

export const unreachable = (): ApiError => new ApiError(0, "UNREACHABLE", "the server does not answer");

/** The error that an answer describes, in JSON or in plain text. */
export async function failure(answer: Response): Promise<ApiError> {
  return described(answer.status, await answer.text(), answer.headers.get("x-request-id") ?? "");
}

export function described(status: number, text: string, requestId: string): ApiError {
  const found = parsed(text);
  const first = found?.messages?.[0];
  const sentence = found?.messages?.map((each) => each.default_message).join("; ");
  return new ApiError(status, found?.error_type ?? String(status), sentence || text.trim() || `status ${status}`, first?.id, requestId);
}

function parsed(text: string): { error_type?: string; messages?: Message[] } | undefined {
  try {
    return JSON.parse(text) as { error_type?: string; messages?: Message[] };
  } catch {
    return undefined; // plain text, as the addresses of files answer
  }
}

function search(query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((each) => [name, String(each)]),
  );
  return pairs.length === 0 ? "" : `?${new URLSearchParams(pairs)}`;
}

/** What a call returns, or else `otherwise` where the caller may not make it. */
export async function permitted<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return otherwise;
    throw error;
  }
}

/** The results of a call for each value, `width` at a time, in order. */
export async function each<V, R>(values: readonly V[], work: (value: V) => Promise<R>, width = 6): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const run = async (): Promise<void> => {
    for (let index = next++; index < values.length; index = next++) results[index] = await work(values[index] as V);
  };
  await Promise.all(Array.from({ length: Math.min(width, values.length) }, run));
  return results;
}

/** As `each`, without what has gone since it was listed. */
export async function existing<V, R>(values: readonly V[], work: (value: V) => Promise<R>): Promise<R[]> {
  const found = await each(values, (value) =>
    work(value).catch((error: unknown) => {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }),
  );
  return found.filter((one) => one !== undefined) as R[];
}
