/** Dialogs that register a subscription with a published library, change it and remove it. */

import { datastores } from "../api/libraries";
import { libraryRows } from "../api/queries";
import * as api from "../api/subscriptions";
import type { Registration, RegistrationSpec } from "../api/types";
import { t } from "../i18n/text";
import { type Field, type Values, ask, sure } from "../ui/form";
import { storage } from "./library-forms";
import { habits } from "./subscription-forms";

type Kind = "new" | "here" | "elsewhere";

export async function newRegistration(library: string): Promise<boolean> {
  const [stores, rows] = await Promise.all([datastores(), libraryRows()]);
  const followers = rows.filter(({ type }) => type === "SUBSCRIBED").map(({ id, name }) => ({ value: id, label: name }));
  const only = (kind: Kind, ...fields: Field[]): Field[] => fields.map((field) => ({ ...field, when: (values) => chosen(values) === kind }));
  return ask({
    title: t("Register a subscription"),
    intro: t("What is registered is synchronized by “Synchronize subscribers”."),
    fields: [
      { name: "kind", label: t("Library"), kind: "select", value: "new", options: [
        { value: "new", label: t("A new one on this server") },
        { value: "here", label: t("One of this server that follows this library") },
        { value: "elsewhere", label: t("One of another vCenter") },
      ] },
      ...only("new", { name: "name", label: t("Name"), required: true }, ...habits({ automatic_sync_enabled: true }), storage(stores)),
      ...only("here", { name: "library", label: t("Subscribed library"), kind: "select", required: true, options: followers }),
      ...only("elsewhere", { name: "identifier", label: t("Identifier of the library"), required: true }, ...address()),
    ],
    action: t("Register"),
    submit: async (values) => {
      await api.register(library, spec(values));
    },
  });
}

/** Changes where the vCenter of a subscription is. */
export async function editRegistration(library: string, { subscription, subscribed_library_name: name }: Registration): Promise<boolean> {
  const { subscribed_library_vcenter: now } = await api.registered(library, subscription);
  return ask({
    title: t("Edit {name}", { name }),
    fields: address(now?.hostname, now?.https_port),
    action: t("Save"),
    submit: (values) => api.updateRegistration(library, subscription, { subscribed_library_vcenter: place(values) }),
  });
}

export function dropRegistration(library: string, { subscription, subscribed_library_name: name }: Registration): Promise<boolean> {
  return sure(
    t("Remove the subscription of {name}?", { name }),
    t("The library of the subscriber stays with its items. It is no longer synchronized from here, and needs a password if this library has one."),
    t("Remove"),
    () => api.unregister(library, subscription),
  );
}

function chosen(values: Values): Kind {
  const kind = values.text("kind");
  return kind === "here" || kind === "elsewhere" ? kind : "new";
}

function spec(values: Values): RegistrationSpec["subscribed_library"] {
  switch (chosen(values)) {
    case "here": return { location: "LOCAL", target: "USE_EXISTING", subscribed_library: values.text("library") };
    case "elsewhere": return { location: "REMOTE", target: "USE_EXISTING", subscribed_library: values.text("identifier").trim(), vcenter: place(values) };
    default: return {
      location: "LOCAL",
      target: "CREATE_NEW",
      new_subscribed_library: {
        name: values.text("name"),
        automatic_sync_enabled: values.set("automatic"),
        on_demand: values.set("on_demand"),
        storage_backings: [{ type: "DATASTORE", datastore_id: values.text("storage") }],
      },
    };
  }
}

function address(host = "", port = 443): Field[] {
  return [
    { name: "host", label: t("Host name of the vCenter"), required: true, value: host },
    { name: "port", label: t("Port"), kind: "number", required: true, value: String(port) },
  ];
}

const place = (values: Values): { hostname: string; https_port: number } => ({ hostname: values.text("host").trim(), https_port: Number(values.text("port")) });
