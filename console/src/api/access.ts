/** Reads and changes users, groups, roles, permissions and tokens. */

import { call, existing, get, path, patch, post, remove } from "./client";
import type { Group, NewToken, Permission, PermissionSpec, Role, Token, User } from "./types";

const ACCESS = "contentlib/access";

/** All things of a kind: the names are listed, then each is read. */
async function all<T>(address: string): Promise<T[]> {
  const names = await get<string[]>(address);
  return existing(names, (name) => get<T>([address, encodeURIComponent(name)].join("/")));
}

export const users = (): Promise<User[]> => all<User>("contentlib/access/users");
export const createUser = (spec: { name: string; display_name?: string; email?: string; password?: string }): Promise<string> =>
  post<string>(`${ACCESS}/users`, spec);
export const updateUser = (name: string, spec: { display_name?: string; email?: string; enabled?: boolean }): Promise<void> =>
  patch(path`contentlib/access/users/${name}`, spec);
export const setPassword = (name: string, password: string): Promise<void> =>
  post(path`contentlib/access/users/${name}?action=set-password`, { password });
export const deleteUser = (name: string): Promise<void> => remove(path`contentlib/access/users/${name}`);

export const groups = (): Promise<Group[]> => all<Group>("contentlib/access/groups");
export const createGroup = (spec: { name: string; description?: string }): Promise<string> => post<string>(`${ACCESS}/groups`, spec);
export const deleteGroup = (name: string): Promise<void> => remove(path`contentlib/access/groups/${name}`);
export const describeGroup = (group: string, description: string): Promise<void> => patch(path`contentlib/access/groups/${group}`, { description });
/** Maps a group to a group of a provider; without both, to none. */
export const mapGroup = (group: string, to: { source?: string; external_name?: string }): Promise<void> => post(path`contentlib/access/groups/${group}?action=map`, to);
export const addMember = (group: string, name: string, type: string): Promise<void> =>
  post(path`contentlib/access/groups/${group}?action=add-member`, { name, type });
export const removeMember = (group: string, name: string, type: string): Promise<void> =>
  post(path`contentlib/access/groups/${group}?action=remove-member`, { name, type });

export const roles = (): Promise<Role[]> => all<Role>("contentlib/access/roles");
export const createRole = (spec: { name: string; description?: string; privileges: string[] }): Promise<string> =>
  post<string>(`${ACCESS}/roles`, spec);
export const updateRole = (name: string, spec: { description?: string; privileges: string[] }): Promise<void> =>
  patch(path`contentlib/access/roles/${name}`, spec);
export const deleteRole = (name: string): Promise<void> => remove(path`contentlib/access/roles/${name}`);

export const permissions = (library?: string): Promise<Permission[]> =>
  get<Permission[]>(`${ACCESS}/permissions`, { library });
export const grant = (spec: PermissionSpec): Promise<string> => call<string>("PUT", `${ACCESS}/permissions`, spec);
export const revoke = (id: string): Promise<void> => remove(path`contentlib/access/permissions/${id}`);

export const tokens = (): Promise<Token[]> => all<Token>("contentlib/access/tokens");
export const createToken = (spec: { name: string; user?: string; expires?: string; role?: string; libraries?: string[] }): Promise<NewToken> =>
  post<NewToken>(`${ACCESS}/tokens`, spec);
export const deleteToken = (id: string): Promise<void> => remove(path`contentlib/access/tokens/${id}`);
