/** Reads the settings, certificates and quotas of the server, and how many versions its libraries keep. */

import { call, get, path, post, remove } from "./client";
import type { Certificate, Quota, QuotaSpec, Retention, RetentionSpec, Setting } from "./types";

export const settings = (): Promise<Setting[]> => get<Setting[]>("contentlib/server/settings");

export const certificates = (): Promise<Certificate[]> => get<Certificate[]>("contentlib/server/certificates");
export const trust = (cert_text: string): Promise<string> => post<string>("content/trusted-certificates", { cert_text });
export const distrust = (id: string): Promise<void> => remove(path`content/trusted-certificates/${id}`);

export const libraryQuotas = (): Promise<Quota[]> => get<Quota[]>("contentlib/library/quotas");
export const userQuotas = (): Promise<Quota[]> => get<Quota[]>("contentlib/access/quotas");
export const limitLibrary = (id: string, spec: QuotaSpec): Promise<void> => call("PUT", path`contentlib/library/${id}/quota`, spec);
export const limitUser = (name: string, spec: QuotaSpec): Promise<void> => call("PUT", path`contentlib/access/quotas/${name}`, spec);

export const retention = (id: string): Promise<Retention> => get<Retention>(path`contentlib/library/${id}/retention`);
export const retainByDefault = (id: string): Promise<void> => remove(path`contentlib/library/${id}/retention`);
export const retain = (id: string, spec: RetentionSpec): Promise<void> => call("PUT", path`contentlib/library/${id}/retention`, spec);
