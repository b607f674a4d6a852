/** Dialogs that create and change libraries. */

import type { TemplateResult } from "lit";
import * as api from "../api/libraries";
import type { Datastore, Library } from "../api/types";
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
    fields: [...names(), storage(stores)],
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

export function names(library?: Library): Field[] {
  return [
    { name: "name", label: t("Name"), required: true, value: library?.name ?? "" },
    { name: "description", label: t("Description"), kind: "textarea", value: library?.description ?? "" },
  ];
}

export function storage(stores: readonly Datastore[]): Field {
  return { name: "storage", label: t("Storage"), kind: "select", options: stores.map(({ datastore, name }) => ({ value: datastore, label: name })) };
}

export function named(values: Values): { name: string; description: string } {
  return { name: values.text("name"), description: values.text("description") };
}
