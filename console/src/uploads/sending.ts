/** Sends the rest of a file to its upload address, and asks how much of it the server has. */

import { ApiError, BY_SCRIPT, described, failure, send, unreachable } from "../api/client";
import { Standstill } from "./standstill";

const ANSWER_MILLISECONDS = 60_000;
const OFFSET_MILLISECONDS = 10_000;
const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 15_000;

/** Whether a call is worth another attempt: the line is lost, or the server is starting or busy. */
export function passing(error: unknown): boolean {
  return error instanceof ApiError && (error.unreachable || [408, 409, 416, 423, 425, 429, 502, 503, 504].includes(error.status));
}

/** The result of a call. A line can be dead without a sign, so a call that takes too long has not reached the server. */
export async function answered<T>(work: Promise<T>): Promise<T> {
  let timer = 0;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable()), ANSWER_MILLISECONDS);
  });
  return Promise.race([work, silence]).finally(() => clearTimeout(timer));
}

/** The number of bytes of a file that the server has. */
export async function received(address: string, signal?: AbortSignal): Promise<number> {
  const late = AbortSignal.timeout(OFFSET_MILLISECONDS);
  const answer = await send(address, { method: "HEAD", signal: signal ? AbortSignal.any([signal, late]) : late });
  if (!answer.ok) throw await failure(answer);
  return Number(answer.headers.get("upload-offset") ?? 0);
}

/**
 * Sends a file from a byte on. `progress` is told how many of its bytes have gone. `attempts` that led nowhere make it wait longer
 * for a server that stands still.
 */
export function sendFrom(
  address: string,
  file: File,
  offset: number,
  attempts: number,
  progress: (sent: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch does not tell how far it is
    const lost = (): void => reject(unreachable());
    const abort = (): void => request.abort();
    const standstill = new Standstill(() => received(address), offset, attempts, abort);
    request.open("PUT", address);
    for (const [name, value] of Object.entries(BY_SCRIPT)) request.setRequestHeader(name, value);
    if (file.size > 0) request.setRequestHeader("content-range", `bytes ${offset}-${file.size - 1}/${file.size}`);
    request.upload.onprogress = ({ loaded }) => {
      standstill.moved();
      progress(offset + loaded);
    };
    request.onload = () => (request.status < 300 ? resolve() : reject(refused(request)));
    request.onerror = request.onabort = lost;
    request.onloadend = () => {
      standstill.end();
      signal.removeEventListener("abort", abort);
    };
    signal.addEventListener("abort", abort);
    request.send(offset === 0 ? file : file.slice(offset)); // Chromium sends a whole file with half the work of a part of it
  });
}

/** Whether a file can still be read as it was chosen: the browser refuses one that was changed since. */
export async function intact(file: File): Promise<boolean> {
  return file.slice(0, 1).arrayBuffer().then(() => true, () => false);
}

function refused(request: XMLHttpRequest): ApiError {
  return described(request.status, request.responseText, request.getResponseHeader("x-request-id") ?? "");
}

/** Waits before another attempt: longer after each, and no longer when the line is back. */
export function waited(attempts: number, signal: AbortSignal): Promise<void> {
  const milliseconds = Math.min(LONGEST_WAIT_MILLISECONDS, FIRST_WAIT_MILLISECONDS * 2 ** attempts);
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
