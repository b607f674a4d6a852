/** Reads and changes libraries, subscriptions and storages. */

import { get, path, patch, post, remove } from "./client";
import type { Datastore, Library, LibrarySpec, NewSubscriber, Probe, PublishInfo, Subscriber, Subscription } from "./types";

export const library = (id: string): Promise<Library> => get<Library>(path`content/library/${id}`);

export const privileges = (id: string): Promise<string[]> => get<string[]>(path`contentlib/access/self/privileges/${id}`);
export const createLocal = (spec: LibrarySpec): Promise<string> => post<string>("content/local-library", spec);
export const createSubscribed = (spec: LibrarySpec): Promise<string> => post<string>("content/subscribed-library", spec);
export const update = (id: string, spec: LibrarySpec): Promise<void> => patch(path`content/library/${id}`, spec);
export const updatePublishing = (id: string, publish_info: PublishInfo): Promise<void> =>
  patch(path`content/local-library/${id}`, { publish_info });
export const updateSubscription = (id: string, subscription_info: Subscription): Promise<void> =>
  patch(path`content/subscribed-library/${id}`, { subscription_info });
export const sync = (id: string): Promise<void> => post(path`content/subscribed-library/${id}?action=sync`);
export const probe = (subscription_info: Subscription): Promise<Probe> =>
  post<Probe>("content/subscribed-library?action=probe", { subscription_info });

export function deleteLibrary(found: Library): Promise<void> {
  return found.type === "SUBSCRIBED" ? remove(path`content/subscribed-library/${found.id}`) : remove(path`content/local-library/${found.id}`);
}

export const subscribers = (id: string): Promise<Subscriber[]> => get<Subscriber[]>(path`contentlib/library/${id}/subscribers`);
export const createSubscriber = (id: string, name: string): Promise<NewSubscriber> =>
  post<NewSubscriber>(path`contentlib/library/${id}/subscribers`, { name });
export const deleteSubscriber = (id: string, subscriber: string): Promise<void> =>
  remove(path`contentlib/library/${id}/subscribers/${subscriber}`);

export const datastores = (): Promise<Datastore[]> => get<Datastore[]>("vcenter/datastore");
