/** Dialogs that create and change libraries. */

import { type TemplateResult, html } from "lit";
import * as api from "../api/libraries";
import type { Library, Probe, Subscription } from "../api/types";
import { ApiError } from "../api/client";
import { t } from "../i18n/text";
import { go, link } from "../route";
import { type Field, type Values, ask } from "../ui/form";
import { badge } from "../ui/page";

export function kind({ type }: Pick<Library, "type">): TemplateResult {
  return type === "SUBSCRIBED" ? badge(t("Subscribed"), "busy") : badge(t("Local"));
}

export async function createLibrary(): Promise<void> {
  const stores = await api.datastores();
  await ask({
    title: t("Create library"),
    fields: [...names(), storage(stores.map(({ datastore, name }) => ({ value: datastore, label: name })))],
    action: t("Create"),
    submit: async (values) => {
      const storage_backings = [{ type: "DATASTORE" as const, datastore_id: values.text("storage") }];
      go(link("library", await api.createLocal({ ...named(values), storage_backings })));
    },
  });
}

export function editLibrary(library: Library): Promise<boolean> {
  return ask({
    title: t("Edit {name}", { name: library.name }),
    fields: names(library),
    action: t("Save"),
    submit: (values) => api.update(library.id, named(values)),
  });
}

export function deleteLibrary(library: Library, items: number): Promise<boolean> {
  return ask({
    title: t("Delete {name}?", { name: library.name }),
    intro: [
      t("It goes to the trash with its {count} item.|It goes to the trash with its {count} items.", { count: items }),
      library.publish_info?.published ? t("Subscribers can no longer read it.") : "",
      t("It can be restored from the trash until it is purged."),
    ].join(" "),
    action: t("Delete"),
    danger: true,
    submit: () => api.deleteLibrary(library),
  });
}

export function publish(library: Library): Promise<boolean> {
  const { published = false, authentication_method, persist_json_enabled } = library.publish_info ?? {};
  return ask({
    title: t("Publish {name}", { name: library.name }),
    user: "vcsp",
    intro: t("Other servers read a published library from its address: vCenters, Cloud Directors, and servers like this one."),
    fields: [
      { name: "published", label: t("Published"), kind: "checkbox", value: published || !library.publish_info },
      { name: "protected", label: t("Subscribers need a password"), kind: "checkbox", value: authentication_method === "BASIC" },
      { name: "password", label: t("Password of the library"), kind: "password", autocomplete: "new-password", when: (values) => values.set("protected"),
        hint: t("Subscribers log in as vcsp with this password. Leave it empty to keep the present one.") },
    ],
    action: t("Save"),
    submit: (values) =>
      api.updatePublishing(library.id, {
        published: values.set("published"),
        authentication_method: values.set("protected") ? "BASIC" : "NONE",
        persist_json_enabled: persist_json_enabled ?? null,
        ...(values.text("password") && { password: values.text("password") }),
      }),
  });
}

/** Asks for the address of a publisher, then shows what it answers and its certificate before the library is created. */
export async function subscribe(): Promise<void> {
  const stores = await api.datastores();
  let told: { probe: Probe; values: Values } | undefined;
  const asked = await ask({
    title: t("Subscribe to a library"),
    fields: [
      ...names(),
      { name: "url", label: t("Address of the publisher"), kind: "url", required: true, hint: t("The address of its lib.json") },
      { name: "user", label: t("User name"), hint: t("Only where the publisher asks for one; usually vcsp") },
      { name: "password", label: t("Password"), kind: "password", autocomplete: "new-password" },
      { name: "on_demand", label: t("Fetch files only when they are needed"), kind: "checkbox" },
      { name: "automatic", label: t("Synchronize automatically"), kind: "checkbox", value: true },
      storage(stores.map(({ datastore, name }) => ({ value: datastore, label: name }))),
    ],
    action: t("Check the address"),
    submit: async (values) => {
      const probe = await api.probe(subscription(values));
      if (probe.status !== "SUCCESS" && probe.status !== "CERTIFICATE_ERROR") throw refused(probe);
      told = { probe, values };
    },
  });
  if (asked && told) await confirm(told.probe, told.values);
}

async function confirm(probe: Probe, values: Values): Promise<void> {
  const thumbprint = probe.ssl_thumbprint ?? "";
  await ask({
    title: t("Subscribe to {name}?", { name: values.text("name") }),
    intro: html`<p>${t("The publisher answers.")}</p>
      ${thumbprint
        ? html`<p>${t("Its certificate has this thumbprint. Compare it with what the publisher's administrator tells you.")}</p><pre tabindex="0" aria-label=${t("Thumbprint")}>${thumbprint}</pre>
            ${probe.ssl_certificate ? html`<details><summary>${t("Certificate")}</summary><pre tabindex="0" aria-label=${t("Certificate")}>${probe.ssl_certificate}</pre></details>` : ""}`
        : ""}`,
    action: t("Subscribe"),
    submit: async () => {
      const subscription_info = { ...subscription(values), ...(thumbprint && { ssl_thumbprint: thumbprint }) };
      const storage_backings = [{ type: "DATASTORE" as const, datastore_id: values.text("storage") }];
      go(link("library", await api.createSubscribed({ ...named(values), subscription_info, storage_backings })));
    },
  });
}

function refused({ status, error_messages }: Probe): ApiError {
  const sentence = error_messages.map((each) => each.default_message).join("; ");
  return new ApiError(400, status, sentence || status, error_messages[0]?.id);
}

function subscription(values: Values): Subscription {
  const [user_name, password] = [values.text("user"), values.text("password")];
  return {
    subscription_url: values.text("url"),
    authentication_method: password ? "BASIC" : "NONE",
    on_demand: values.set("on_demand"),
    automatic_sync_enabled: values.set("automatic"),
    ...(password && { password, user_name: user_name || "vcsp" }),
  };
}

function names(library?: Library): Field[] {
  return [
    { name: "name", label: t("Name"), required: true, value: library?.name ?? "" },
    { name: "description", label: t("Description"), kind: "textarea", value: library?.description ?? "" },
  ];
}

function storage(options: Field["options"] = []): Field {
  return { name: "storage", label: t("Storage"), kind: "select", options };
}

function named(values: Values): { name: string; description: string } {
  return { name: values.text("name"), description: values.text("description") };
}
