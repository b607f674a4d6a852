/** Actions on a library as a whole that are seldom needed: each says first what it does. */

import * as api from "../api/libraries";
import type { Library } from "../api/types";
import { t } from "../i18n/text";
import { ask, sure } from "../ui/form";
import { tell } from "../ui/notice";

export const inMaintenance = ({ state_info }: Library): boolean => state_info?.state === "MAINTENANCE";

export function evict({ id, name }: Library): Promise<boolean> {
  return sure(
    t("Remove the files of {name} from this server?", { name }),
    t("The items stay. Their files are fetched from the publisher again when they are needed, and cannot be read while it does not answer."),
    t("Remove the files"),
    () => api.evict(id),
  );
}

export async function migrate({ id, name, storage_backings = [] }: Library): Promise<boolean> {
  const here = storage_backings.map(({ datastore_id }) => datastore_id);
  const others = (await api.datastores()).filter(({ datastore }) => !here.includes(datastore));
  const done = await ask({
    title: t("Move {name} to another storage", { name }),
    intro: others.length > 0 ? t("The library can be read meanwhile, but not changed. Its progress is shown under Tasks.") : t("This server has no other storage. Storages are in the settings of the server."),
    fields: others.length > 0 ? [{ name: "storage", label: t("Storage"), kind: "select", options: others.map(({ datastore, name: label }) => ({ value: datastore, label })) }] : [],
    action: others.length > 0 ? t("Move") : t("Close"),
    submit: async (values) => {
      if (values.text("storage")) await api.migrate(id, values.text("storage"));
    },
  });
  return done && others.length > 0;
}

export function switchMaintenance(library: Library): Promise<boolean> {
  const { id, name } = library;
  if (inMaintenance(library)) {
    return ask({
      title: t("End the maintenance of {name}?", { name }),
      intro: t("The library can be changed again, and synchronizations go on."),
      action: t("End maintenance"),
      submit: () => api.endMaintenance(id),
    });
  }
  return ask({
    title: t("Begin the maintenance of {name}?", { name }),
    intro: t("Its content can still be read, but nobody can upload, change or delete items, and it is not synchronized, until the maintenance ends."),
    action: t("Begin maintenance"),
    submit: () => api.beginMaintenance(id),
  });
}

export function convert({ id, name }: Library): Promise<boolean> {
  return sure(
    t("Make {name} a local library?", { name }),
    t("It no longer follows its publisher, and cannot be made to follow it again. It is published with what it has now, and can be changed here. All of its files must be on this server."),
    t("Make it local"),
    () => api.convert(id),
  );
}

/** Asks before the subscribers of a library, or of an item, synchronize. */
export async function publishNow(name: string, submit: () => Promise<void>): Promise<boolean> {
  const done = await ask({
    title: t("Synchronize the subscribers of {name}?", { name }),
    intro: t("The libraries of this server that are registered as subscribers read it now, as tasks. Subscribers elsewhere read it when they choose to."),
    action: t("Synchronize"),
    submit,
  });
  if (done) tell(t("The subscribers synchronize. Their progress is shown under Tasks."));
  return done;
}
