/** Reads and changes libraries, subscriptions and storages. */

import { existing, get, path, patch, post, remove } from "./client";
import type { Datastore, Library, LibrarySpec, Policy, Probe, PublishInfo, Subscription, Usage } from "./types";

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

/** Deletes a library; one that is in use only with `force`. */
export function deleteLibrary({ type, id }: Library, force: boolean): Promise<void> {
  if (type === "SUBSCRIBED") return force ? post(path`content/subscribed-library/${id}?action=force-delete`) : remove(path`content/subscribed-library/${id}`);
  return force ? post(path`content/local-library/${id}?action=force-delete`) : remove(path`content/local-library/${id}`);
}

export const evict = (id: string): Promise<void> => post(path`content/subscribed-library/${id}?action=evict`);
/** Moves the content of a library to another storage, as a task. */
export const migrate = (id: string, datastore_id: string): Promise<void> =>
  post(path`content/library/${id}?action=migrate`, { storage_backings: [{ type: "DATASTORE", datastore_id }] });
export const beginMaintenance = (id: string): Promise<void> => post(path`content/library/${id}?action=enter-maintenance`);
export const endMaintenance = (id: string): Promise<void> => post(path`content/library/${id}?action=exit-maintenance`);
/** Makes a subscribed library a local one, which is published. */
export const convert = (id: string): Promise<void> => post(path`content/library/${id}?action=convert`, { conversion_type: "TO_PUBLISHED_LIBRARY" });
/** Synchronizes the subscribed libraries of this server that are registered with a library, as tasks. */
export const publishNow = (id: string): Promise<void> => post(path`content/local-library/${id}?action=publish`);

/** What uses a library. */
export async function usages(id: string): Promise<Usage[]> {
  const { library_usage_list: found } = await get<{ library_usage_list: { usage: string }[] }>(path`content/library/${id}/usages`);
  return existing(found, ({ usage }) => get<Usage>(path`content/library/${id}/usages/${usage}`));
}

export const addUsage = (id: string, resource_urn: string): Promise<string> => post<string>(path`content/library/${id}/usages`, { resource_urn });
export const removeUsage = (id: string, usage: string): Promise<void> => remove(path`content/library/${id}/usages/${usage}`);
export const policies = (): Promise<Policy[]> => get<Policy[]>("content/security-policies");

export const datastores = (): Promise<Datastore[]> => get<Datastore[]>("vcenter/datastore");
