/** Administration: users, groups, roles and permissions. */

import { type TemplateResult, html } from "lit";
import { customElement, property } from "lit/decorators.js";
import { may } from "../account";
import * as api from "../api/access";
import { libraryRows } from "../api/queries";
import type { Group, LibraryRow, Permission, Role, User } from "../api/types";
import { ago } from "../i18n/format";
import { t } from "../i18n/text";
import { link } from "../route";
import { sure } from "../ui/form";
import { more } from "../ui/menu";
import { badge, button, empty, page, tabs } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { addMember, addUser, editGroup, editRole, editUser, grant, mapGroup, newGroup, newRole, removeMember, setPassword } from "./access-forms";
import "./sessions";
import "./tokens";

interface Shown {
  users: readonly User[];
  groups: readonly Group[];
  roles: readonly Role[];
  permissions: readonly Permission[];
  libraries: readonly LibraryRow[];
}

type Table = "users" | "groups" | "roles" | "permissions";
type Tab = Table | "tokens" | "sessions";

@customElement("cl-access")
export class Access extends View {
  @property() tab: Tab = "users";
  private readonly shown = new Resource<Shown>(this, read);

  protected override render(): TemplateResult {
    const all = [
      { name: "users", label: t("Users"), address: link("access", "users") },
      { name: "groups", label: t("Groups"), address: link("access", "groups") },
      { name: "roles", label: t("Roles"), address: link("access", "roles") },
      { name: "permissions", label: t("Permissions"), address: link("access", "permissions") },
      { name: "tokens", label: t("Tokens"), address: link("access", "tokens") },
      { name: "sessions", label: t("Sessions"), address: link("access", "sessions") },
    ];
    const bar = tabs(all, this.tab, t("Users and roles"));
    return page(t("Users and roles"), this.action(), html`${bar}${this.content()}`);
  }

  private content(): TemplateResult {
    const { tab } = this;
    if (tab === "tokens") return html`<cl-tokens></cl-tokens>`;
    if (tab === "sessions") return html`<cl-sessions></cl-sessions>`;
    return this.shown.render((shown) => this[tab](shown));
  }

  private action(): TemplateResult | string {
    const shown = this.shown.value;
    if (!shown || this.tab === "tokens" || this.tab === "sessions") return "";
    if (this.tab === "permissions") return may("Authorization.ModifyPermissions") ? button(t("Give a role"), () => this.shown.after(grant(shown)), "primary", "plus") : "";
    if (this.tab === "roles") return may("Authorization.ModifyRoles") ? button(t("Create role"), () => this.shown.after(newRole(shown.roles)), "primary", "plus") : "";
    if (!may("Authorization.ModifyUsers")) return "";
    return this.tab === "users"
      ? button(t("Create user"), () => this.shown.after(addUser(shown.roles, shown.libraries)), "primary", "plus")
      : button(t("Create group"), () => this.shown.after(newGroup()), "primary", "plus");
  }

  private users({ users }: Shown): TemplateResult {
    return table({
      label: t("Users"),
      rows: users,
      key: ({ name }) => name,
      name: ({ name }) => name,
      columns: [
        { label: t("User name"), cell: ({ name }) => name, note: ({ display_name }) => display_name },
        { label: t("State"), cell: ({ enabled }) => (enabled ? badge(t("Enabled"), "good") : badge(t("Disabled"), "bad")) },
        { label: t("Source"), cell: ({ source }) => source ?? t("Local"), kind: "less" },
        { label: t("Groups"), cell: ({ groups }) => groups.join(", ") || "–", kind: "less" },
        { label: t("Last login"), cell: ({ last_login }) => ago(last_login), kind: "less" },
      ],
      actions: (user) => (may("Authorization.ModifyUsers") ? this.userActions(user) : ""),
    });
  }

  private userActions(user: User): TemplateResult {
    const { name, enabled } = user;
    return html`${button(t("Edit"), () => this.shown.after(editUser(user)))}
      ${user.has_password ? button(t("Set password"), () => this.shown.after(setPassword(user))) : ""}
      ${button(enabled ? t("Disable") : t("Enable"), () =>
        this.shown.after(sure(enabled ? t("Disable {name}?", { name }) : t("Enable {name}?", { name }),
          enabled ? t("The user can no longer log in, and open sessions end.") : t("The user can log in again."),
          enabled ? t("Disable") : t("Enable"), () => api.updateUser(name, { enabled: !enabled }))))}
      ${button(t("Delete"), () =>
        this.shown.after(sure(t("Delete {name}?", { name }), t("Sessions, tokens and permissions of the user go as well. Libraries and items stay."), t("Delete"), () => api.deleteUser(name))))}`;
  }

  private groups(shown: Shown): TemplateResult {
    const { groups } = shown;
    if (groups.length === 0) return empty("people", t("No groups"), t("A role that is given to a group holds for all its members."));
    return table({
      label: t("Groups"),
      rows: groups,
      key: ({ name }) => name,
      name: ({ name }) => name,
      columns: [
        { label: t("Name"), cell: ({ name }) => name, note: ({ description }) => description },
        { label: t("Members"), cell: ({ members }) => members.map(({ name }) => name).join(", ") || "–" },
        { label: t("Outside group"), cell: ({ external_name }) => external_name ?? "–", note: ({ source }) => source, kind: "less" },
      ],
      actions: (group) => (may("Authorization.ModifyUsers") ? this.groupActions(group, shown) : ""),
    });
  }

  private groupActions(group: Group, { groups, users }: Shown): TemplateResult {
    const { name, members } = group;
    return html`${button(t("Add member"), () => this.shown.after(addMember(group, users, groups)))}
      ${more([
        members.length > 0 ? button(t("Remove member"), () => this.shown.after(removeMember(name, members))) : "",
        button(t("Edit"), () => this.shown.after(editGroup(group))),
        button(t("Map to an outside group"), () => this.shown.after(mapGroup(group, [...groups, ...users]))),
        button(t("Delete"), () => this.shown.after(sure(t("Delete {name}?", { name }), t("Its members lose the roles that it gave them."), t("Delete"), () => api.deleteGroup(name)))),
      ])}`;
  }

  private roles({ roles }: Shown): TemplateResult {
    return table({
      label: t("Roles"),
      rows: roles,
      key: ({ name }) => name,
      name: ({ name }) => name,
      columns: [
        { label: t("Name"), cell: ({ name }) => name, note: ({ description }) => description },
        { label: t("Kind"), cell: ({ built_in }) => (built_in ? badge(t("Built in")) : badge(t("Own"), "busy")) },
        { label: t("Privileges"), cell: ({ privileges }) => privilegeList(privileges) },
      ],
      actions: (role) => {
        const { name, built_in } = role;
        return !built_in && may("Authorization.ModifyRoles")
          ? html`${button(t("Edit"), () => this.shown.after(editRole(role)))}${button(t("Delete"), () => this.shown.after(sure(t("Delete {name}?", { name }), t("A role that is given to somebody cannot be deleted."), t("Delete"), () => api.deleteRole(name))))}`
          : "";
      },
    });
  }

  private permissions({ permissions, libraries: all }: Shown): TemplateResult {
    const names = new Map(all.map(({ id, name }) => [id, name]));
    return table({
      label: t("Permissions"),
      rows: permissions,
      key: ({ id }) => id,
      name: ({ principal }) => principal,
      columns: [
        { label: t("Who"), cell: ({ principal }) => principal, note: ({ principal_type }) => (principal_type === "GROUP" ? t("Group") : undefined) },
        { label: t("Role"), cell: ({ role }) => role },
        { label: t("On"), cell: ({ library }) => (library ? html`<a href=${link("library", library)}>${names.get(library) ?? library}</a>` : t("Everything")) },
      ],
      actions: ({ id, principal, role }) =>
        may("Authorization.ModifyPermissions")
          ? button(t("Take away"), () => this.shown.after(sure(t("Take {role} away from {name}?", { role, name: principal }), t("The change holds from the next call on."), t("Take away"), () => api.revoke(id))))
          : "",
    });
  }
}

async function read(): Promise<Shown> {
  const [users, groups, roles, permissions, all] = await Promise.all([api.users(), api.groups(), api.roles(), api.permissions(), libraryRows()]);
  return { users, groups, roles, permissions, libraries: all };
}

function privilegeList(privileges: readonly string[]): TemplateResult {
  return html`<details><summary>${t("{count} privilege|{count} privileges", { count: privileges.length })}</summary>
    <ul class="plain">${[...privileges].sort().map((each) => html`<li><code>${each}</code></li>`)}</ul></details>`;
}
