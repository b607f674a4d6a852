/** Dialogs of the administration. */

import * as api from "../api/access";
import type { Group, LibraryRow, Role, User } from "../api/types";
import { t } from "../i18n/text";
import { type Field, type Option, ask } from "../ui/form";

const named = (all: readonly { name: string }[]): Option[] => all.map(({ name }) => ({ value: name, label: name }));

export function sure(title: string, intro: string, action: string, submit: () => Promise<void>): Promise<boolean> {
  return ask({ title, intro, action, danger: true, submit });
}

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

export function grant({ users, groups, roles, libraries }: { users: readonly User[]; groups: readonly Group[]; roles: readonly Role[]; libraries: readonly LibraryRow[] }): Promise<boolean> {
  const principals = [
    ...users.map(({ name }) => ({ value: `USER ${name}`, label: name })),
    ...groups.map(({ name }) => ({ value: `GROUP ${name}`, label: `${name} (${t("Group")})` })),
  ];
  return ask({
    title: t("Give a role"),
    intro: t("The nearest permission holds: on a library before on everything, of the user before of a group."),
    fields: [
      { name: "principal", label: t("Who"), kind: "select", options: principals },
      { name: "role", label: t("Role"), kind: "select", options: named(roles) },
      place(libraries),
    ],
    action: t("Give"),
    submit: async (values) => {
      const [type = "", ...name] = values.text("principal").split(" ");
      await give(name.join(" "), type === "GROUP" ? "GROUP" : "USER", values.text("role"), values.text("library"));
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

export function addMember(group: string, users: readonly User[]): Promise<boolean> {
  return ask({
    title: t("Add a member to {name}", { name: group }),
    fields: [{ name: "user", label: t("User"), kind: "select", options: named(users) }],
    action: t("Add"),
    submit: (values) => api.addMember(group, values.text("user")),
  });
}

export function removeMember(group: string, members: Group["members"]): Promise<boolean> {
  return ask({
    title: t("Remove a member from {name}", { name: group }),
    fields: [{ name: "member", label: t("Member"), kind: "select", options: members.map(({ name, type }) => ({ value: `${type} ${name}`, label: name })) }],
    action: t("Remove"),
    submit: (values) => {
      const [type = "", ...name] = values.text("member").split(" ");
      return api.removeMember(group, name.join(" "), type);
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
