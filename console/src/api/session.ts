/** Logs people in and out. */

import { ROOT, call, get, post, remove, send } from "./client";
import type { Self } from "./types";

export interface Provider {
  name: string;
  login: string;
}

const EXPECTED = "contentlib-session";

export async function logIn(user: string, password: string): Promise<void> {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  const authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`;
  await call("POST", "session", undefined, { authorization });
  localStorage.setItem(EXPECTED, "yes");
}

/** Logs in with the secret of a link, which is spent then. */
export async function redeem(secret: string): Promise<void> {
  await post<string>("contentlib/access/login-links?action=redeem", { secret });
  localStorage.setItem(EXPECTED, "yes");
}

export async function logOut(): Promise<void> {
  localStorage.removeItem(EXPECTED);
  await remove("session");
}

/** Whether somebody has logged in with this browser; scripts cannot see whether the session still lasts. */
export const expectsSession = (): boolean => localStorage.getItem(EXPECTED) !== null;
export const self = (): Promise<Self> => get<Self>("contentlib/access/self");
export const changePassword = (old_password: string, new_password: string): Promise<void> =>
  post("contentlib/access/self?action=change-password", { old_password, new_password });

/** The identity providers with which people log in. */
export async function providers(): Promise<Provider[]> {
  const answer = await send(new URL("cls/login", ROOT), { headers: { accept: "application/json" } });
  return answer.ok ? ((await answer.json()) as Provider[]) : [];
}

/** Leaves for the login at a provider, which comes back to the console. */
export function logInAt(provider: Provider): void {
  const address = new URL(`.${provider.login}`, ROOT);
  address.searchParams.set("next", new URL("console", ROOT).pathname);
  localStorage.setItem(EXPECTED, "yes");
  location.assign(address);
}
