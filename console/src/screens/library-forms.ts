/** Dialogs that create and change libraries. */

import type { TemplateResult } from "lit";
import * as api from "../api/libraries";
import type { Datastore, Library, Usage } from "../api/types";
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

export async function editLibrary(library: Library): Promise<boolean> {
  const policies = await api.policies();
  const { security_policy_id: policy = "", configuration_info: configuration } = library;
  return ask({
    title: t("Edit {name}", { name: library.name }),
    fields: [
      ...names(library),
      { name: "policy", label: t("Security policy"), kind: "select", value: policy,
        options: [{ value: "", label: t("None") }, ...policies.map(({ policy: value, name }) => ({ value, label: name }))],
        hint: t("With a policy, OVF packages need a trusted signature. Items that do not have one are marked, and new ones are refused.") },
      { name: "in_use", label: t("While the library is in use, its items cannot be deleted"), kind: "checkbox", value: configuration?.apply_library_usage_to_items === true },
    ],
    action: t("Save"),
    submit: (values) => {
      const chosen = values.text("policy");
      return api.update(library.id, {
        ...named(values),
        configuration_info: { apply_library_usage_to_items: values.set("in_use") },
        ...(chosen && { security_policy_id: chosen }),
        ...(!chosen && policy && { unset_security_policy_id: true }),
      });
    },
  });
}

export function deleteLibrary(library: Library, items: number, usages: readonly Usage[], recoverable: boolean): Promise<boolean> {
  const users = usages.map(({ resource_urn }) => resource_urn).join(", ");
  return ask({
    title: t("Delete {name}?", { name: library.name }),
    intro: [
      recoverable
        ? t("It goes to the trash with its {count} item.|It goes to the trash with its {count} items.", { count: items })
        : t("It is deleted for good with its {count} item.|It is deleted for good with its {count} items.", { count: items }),
      library.publish_info?.published ? t("Subscribers can no longer read it.") : "",
      users ? t("It is in use by {users}.", { users }) : "",
      recoverable ? t("It can be restored from the trash until it is purged.") : t("This server has no trash. This cannot be undone."),
    ].join(" "),
    fields: users ? [{ name: "force", label: t("Delete it although it is in use"), kind: "checkbox" }] : [],
    action: t("Delete"),
    danger: true,
    submit: (values) => api.deleteLibrary(library, values.set("force")),
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
