/** Dialogs of the administration. */

import { html } from "lit";
import * as api from "../api/access";
import type { Group, LibraryRow, Role, User } from "../api/types";
import { providers } from "../api/session";
import { t } from "../i18n/text";
import { type Field, type Option, ask } from "../ui/form";

const named = (all: readonly { name: string }[]): Option[] => all.map(({ name }) => ({ value: name, label: name }));

/** Creates a user, and gives the first role, so that the user sees something. */
export function addUser(roles: readonly Role[], libraries: readonly LibraryRow[]): Promise<boolean> {
  return ask({
    title: t("Create user"),
    fields: [
      { name: "name", label: t("User name"), required: true, hint: t("Complete, with its domain: robin@example.com") },
      { name: "display_name", label: t("Display name") },
      { name: "email", label: t("Mail"), kind: "email" },
      { name: "password", label: t("Password"), kind: "password", required: true, autocomplete: "new-password" },
      { name: "role", label: t("Role"), kind: "select", options: [{ value: "", label: t("None yet") }, ...named(roles)] },
      place(libraries),
    ],
    action: t("Create"),
    submit: async (values) => {
      const [display_name, email] = [values.text("display_name"), values.text("email")];
      const principal = await api.createUser({
        name: values.text("name"),
        password: values.text("password"),
        ...(display_name && { display_name }),
        ...(email && { email }),
      });
      if (values.text("role")) await give(principal, "USER", values.text("role"), values.text("library"));
    },
  });
}

/** Users and groups to choose from; `chosen` takes the choice apart. */
function principals(users: readonly User[], groups: readonly Group[]): Option[] {
  return [
    ...users.map(({ name }) => ({ value: `USER ${name}`, label: name })),
    ...groups.map(({ name }) => ({ value: `GROUP ${name}`, label: `${name} (${t("Group")})` })),
  ];
}

function chosen(value: string): { type: "USER" | "GROUP"; name: string } {
  const [type = "", ...name] = value.split(" ");
  return { type: type === "GROUP" ? "GROUP" : "USER", name: name.join(" ") };
}

export function grant({ users, groups, roles, libraries }: { users: readonly User[]; groups: readonly Group[]; roles: readonly Role[]; libraries: readonly LibraryRow[] }): Promise<boolean> {
  return ask({
    title: t("Give a role"),
    intro: t("The nearest permission holds: on a library before on everything, of the user before of a group."),
    fields: [
      { name: "principal", label: t("Who"), kind: "select", options: principals(users, groups) },
      { name: "role", label: t("Role"), kind: "select", options: named(roles) },
      place(libraries),
    ],
    action: t("Give"),
    submit: async (values) => {
      const { type, name } = chosen(values.text("principal"));
      await give(name, type, values.text("role"), values.text("library"));
    },
  });
}

export function newGroup(): Promise<boolean> {
  return ask({
    title: t("Create group"),
    fields: [{ name: "name", label: t("Name"), required: true }, { name: "description", label: t("Description") }],
    action: t("Create"),
    submit: async (values) => {
      await api.createGroup({ name: values.text("name"), description: values.text("description") });
    },
  });
}

export function editGroup({ name, description }: Group): Promise<boolean> {
  return ask({
    title: t("Edit {name}", { name }),
    fields: [{ name: "description", label: t("Description"), value: description }],
    action: t("Save"),
    submit: (values) => api.describeGroup(name, values.text("description")),
  });
}

/** Maps a group to one of a provider, whose users become members when they log in. */
export async function mapGroup({ name, source = "", external_name = "" }: Group, known: readonly (Group | User)[]): Promise<boolean> {
  const logins = (await providers().catch(() => [])).map((provider) => `oidc:${provider.name}`);
  const sources = [...new Set([...logins, ...known.flatMap((each) => each.source ?? [])])].sort();
  return ask({
    title: t("Map {name} to an outside group", { name }),
    intro: html`<p>${t("Users of the outside group become members when they log in, until they log in without it.")}</p>
      ${source ? html`<p>${t("Memberships by the present mapping to {group} of {source} end, and the roles that come with them.", { group: external_name, source })}</p>` : ""}`,
    fields: [
      { name: "source", label: t("Provider"), value: source, suggestions: sources, hint: t("oidc:NAME or ldap:NAME, as in the settings. Leave both empty to map the group to none.") },
      { name: "external", label: t("Group at the provider"), value: external_name, hint: t("Its name in the token, or its distinguished name in the directory") },
    ],
    action: t("Save"),
    submit: (values) => {
      const [to, external] = [values.text("source").trim(), values.text("external").trim()];
      return api.mapGroup(name, { ...(to && { source: to }), ...(external && { external_name: external }) });
    },
  });
}

export function addMember({ name: group, members }: Group, users: readonly User[], groups: readonly Group[]): Promise<boolean> {
  const others = (type: string) => ({ name }: { name: string }): boolean => name !== group && !members.some((each) => each.type === type && each.name === name);
  return ask({
    title: t("Add a member to {name}", { name: group }),
    fields: [{ name: "member", label: t("Member"), kind: "select", options: principals(users.filter(others("USER")), groups.filter(others("GROUP"))) }],
    action: t("Add"),
    submit: (values) => {
      const { name, type } = chosen(values.text("member"));
      return api.addMember(group, name, type);
    },
  });
}

export function removeMember(group: string, members: Group["members"]): Promise<boolean> {
  return ask({
    title: t("Remove a member from {name}", { name: group }),
    fields: [{ name: "member", label: t("Member"), kind: "select", options: members.map(({ name, type }) => ({ value: `${type} ${name}`, label: name })) }],
    action: t("Remove"),
    submit: (values) => {
      const { name, type } = chosen(values.text("member"));
      return api.removeMember(group, name, type);
    },
  });
}

export function editUser({ name, display_name, email }: User): Promise<boolean> {
  return ask({
    title: t("Edit {name}", { name }),
    fields: [
      { name: "display_name", label: t("Display name"), value: display_name ?? "" },
      { name: "email", label: t("Mail"), kind: "email", value: email ?? "" },
    ],
    action: t("Save"),
    submit: (values) => api.updateUser(name, { display_name: values.text("display_name"), email: values.text("email") }),
  });
}

export function editRole({ name, description, privileges }: Role): Promise<boolean> {
  return ask({
    title: t("Edit {name}", { name }),
    fields: [
      { name: "description", label: t("Description"), value: description ?? "" },
      { name: "privileges", label: t("Privileges"), kind: "textarea", value: privileges.join("\n"), hint: t("One in a line") },
    ],
    action: t("Save"),
    submit: (values) => api.updateRole(name, { description: values.text("description"), privileges: values.text("privileges").split(/\s+/).filter(Boolean) }),
  });
}

/** A role of one's own begins as a copy of another; its privileges are in lines. */
export function newRole(roles: readonly Role[]): Promise<boolean> {
  const example = roles.find(({ name }) => name === "Content user");
  return ask({
    title: t("Create role"),
    fields: [
      { name: "name", label: t("Name"), required: true },
      { name: "description", label: t("Description") },
      { name: "privileges", label: t("Privileges"), kind: "textarea", value: example?.privileges.join("\n") ?? "", hint: t("One in a line") },
    ],
    action: t("Create"),
    submit: async (values) => {
      const privileges = values.text("privileges").split(/\s+/).filter(Boolean);
      await api.createRole({ name: values.text("name"), description: values.text("description"), privileges });
    },
  });
}

export function setPassword({ name }: User): Promise<boolean> {
  return ask({
    title: t("Set the password of {name}", { name }),
    user: name,
    fields: [{ name: "password", label: t("New password"), kind: "password", required: true, autocomplete: "new-password" }],
    action: t("Set password"),
    submit: (values) => api.setPassword(name, values.text("password")),
  });
}

function place(libraries: readonly LibraryRow[]): Field {
  const options = [{ value: "", label: t("Everything") }, ...libraries.map(({ id, name }) => ({ value: id, label: name }))];
  return { name: "library", label: t("On"), kind: "select", options };
}

async function give(principal: string, principal_type: "USER" | "GROUP", role: string, library: string): Promise<void> {
  await api.grant({ principal, principal_type, role, ...(library && { library }) });
}
