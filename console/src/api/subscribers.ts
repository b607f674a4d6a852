/** Reads and changes the subscribers of a library that have a password of their own, and what was read. */

import { get, patch, path, post, remove } from "./client";
import type { NewSubscriber, Subscriber, SubscriberChange, SubscriberItem, UnnamedSubscriber } from "./types";

export const subscribers = (id: string): Promise<Subscriber[]> => get<Subscriber[]>(path`contentlib/library/${id}/subscribers`);
export const createSubscriber = (id: string, name: string): Promise<NewSubscriber> => post<NewSubscriber>(path`contentlib/library/${id}/subscribers`, { name });
export const updateSubscriber = (id: string, subscriber: string, spec: SubscriberChange): Promise<void> =>
  patch(path`contentlib/library/${id}/subscribers/${subscriber}`, spec);
/** A new password; the one before stays valid for some seconds. */
export const rotate = (id: string, subscriber: string, overlap_seconds: number): Promise<string> =>
  post<string>(path`contentlib/library/${id}/subscribers/${subscriber}?action=rotate`, { overlap_seconds });
export const deleteSubscriber = (id: string, subscriber: string): Promise<void> => remove(path`contentlib/library/${id}/subscribers/${subscriber}`);
/** The items that a subscriber has read, the latest first. */
export const itemsRead = (id: string, subscriber: string): Promise<SubscriberItem[]> => get<SubscriberItem[]>(path`contentlib/library/${id}/subscribers/${subscriber}/items`);
/** The addresses that have read a library without a password of a subscriber, the latest first. */
export const unnamed = (id: string): Promise<UnnamedSubscriber[]> => get<UnnamedSubscriber[]>(path`contentlib/library/${id}/unnamed-subscribers`);
