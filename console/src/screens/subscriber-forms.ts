/** Dialogs for the subscribers of a library. */

import { html } from "lit";
import { existing } from "../api/client";
import { item } from "../api/items";
import * as api from "../api/subscribers";
import type { Subscriber } from "../api/types";
import { time } from "../i18n/format";
import { t } from "../i18n/text";
import { copyable } from "../ui/clipboard";
import { ask, sure } from "../ui/form";
import { table } from "../ui/table";

const HOUR_SECONDS = 3600;

export async function addSubscriber(library: string): Promise<boolean> {
  let password = "";
  const done = await ask({
    title: t("Add subscriber"),
    intro: t("It gets a password of its own. From then on, the library can only be read with a password."),
    fields: [{ name: "name", label: t("Name"), required: true }],
    action: t("Add"),
    submit: async (values) => {
      ({ password } = await api.createSubscriber(library, values.text("name")));
    },
  });
  if (done) await showPassword(password);
  return done;
}

export function editSubscriber(library: string, { id, name, enabled, expires = "" }: Subscriber): Promise<boolean> {
  return ask({
    title: t("Edit {name}", { name }),
    fields: [
      { name: "name", label: t("Name"), required: true, value: name },
      { name: "enabled", label: t("May read the library"), kind: "checkbox", value: enabled },
      { name: "expires", label: t("Its password expires"), kind: "datetime-local", value: local(expires), hint: t("An empty field is never.") },
    ],
    action: t("Save"),
    submit: (values) => {
      const given = values.text("expires");
      const until = given ? { expires: new Date(given).toISOString() } : { never_expires: true };
      return api.updateSubscriber(library, id, { name: values.text("name"), enabled: values.set("enabled"), ...(given !== local(expires) && until) });
    },
  });
}

export async function rotatePassword(library: string, { id, name }: Subscriber): Promise<boolean> {
  let password = "";
  const done = await ask({
    title: t("New password for {name}", { name }),
    intro: t("The subscriber cannot read the library with its present password after the time below."),
    fields: [{ name: "hours", label: t("Hours for which the present password stays valid"), kind: "number", value: "24" }],
    action: t("Create the password"),
    submit: async (values) => {
      password = await api.rotate(library, id, Math.round(Number(values.text("hours")) * HOUR_SECONDS));
    },
  });
  if (done) await showPassword(password);
  return done;
}

export function dropSubscriber(library: string, { id, name }: Subscriber): Promise<boolean> {
  return sure(t("Delete {name}?", { name }), t("It can no longer read the library."), t("Delete"), () => api.deleteSubscriber(library, id));
}

/** Shows which items a subscriber has read, and in which version. */
export async function showItemsRead(library: string, { id, name }: Subscriber): Promise<void> {
  const rows = await existing(await api.itemsRead(library, id), async (read) => ({ ...read, name: (await item(read.item)).name }));
  const list = table({
    label: t("Items"),
    rows,
    key: ({ item: key }) => key,
    name: (row) => row.name,
    columns: [
      { label: t("Item"), cell: (row) => row.name },
      { label: t("Version"), cell: ({ version, current_version }) => (version === current_version ? version : t("{version}, now {current}", { version, current: current_version })) },
      { label: t("Time"), cell: (row) => time(row.time), kind: "less" },
    ],
  });
  await ask({ title: t("Read by {name}", { name }), intro: rows.length > 0 ? list : html`<p>${t("It has not read any item.")}</p>`, action: t("Close"), submit: async () => {} });
}

function showPassword(password: string): Promise<boolean> {
  return ask({
    title: t("The password"),
    intro: html`<p>${t("Copy it now: it is shown only this once.")} ${t("The user name is vcsp.")}</p>${copyable(password, t("The password"))}`,
    action: t("Done"),
    submit: async () => {},
  });
}

/** A time as the browser's control has it, in the time of the person. */
function local(value: string): string {
  if (!value) return "";
  const when = new Date(value);
  return new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
