/** Reads and changes the subscriptions that are registered with a published library. */

import { get, patch, path, post, remove } from "./client";
import type { Registered, Registration, RegistrationChange, RegistrationSpec } from "./types";

export const registrations = (id: string): Promise<Registration[]> => get<Registration[]>(path`content/library/${id}/subscriptions`);
export const registered = (id: string, subscription: string): Promise<Registered> => get<Registered>(path`content/library/${id}/subscriptions/${subscription}`);
/** Registers a library that follows this one; one that is not there yet is created on this server. */
export const register = (id: string, subscribed_library: RegistrationSpec["subscribed_library"]): Promise<string> =>
  post<string>(path`content/library/${id}/subscriptions`, { subscribed_library });
export const updateRegistration = (id: string, subscription: string, spec: RegistrationChange): Promise<void> => patch(path`content/library/${id}/subscriptions/${subscription}`, spec);
export const unregister = (id: string, subscription: string): Promise<void> => remove(path`content/library/${id}/subscriptions/${subscription}`);
