/** Dialogs that publish libraries. */

import * as api from "../api/libraries";
import type { Library } from "../api/types";
import { t } from "../i18n/text";
import { type Values, ask } from "../ui/form";

export function publish(library: Library): Promise<boolean> {
  const { published = false, authentication_method, persist_json_enabled = false } = library.publish_info ?? {};
  const needsPassword = authentication_method === "BASIC";
  const opens = (values: Values): boolean => !values.set("published") || !values.set("protected");
  return ask({
    title: t("Publish {name}", { name: library.name }),
    user: "vcsp",
    intro: t("Other servers read a published library from its address: vCenters, Cloud Directors, and servers like this one."),
    fields: [
      { name: "published", label: t("Published"), kind: "checkbox", value: published || !library.publish_info, ...(published && { hint: t("Without it, subscribers can no longer read the library.") }) },
      { name: "protected", label: t("Subscribers need a password"), kind: "checkbox", value: needsPassword },
      { name: "password", label: t("Password of the library"), kind: "password", autocomplete: "new-password", when: (values) => values.set("protected"),
        hint: t("Subscribers log in as vcsp with this password. Leave it empty to keep the present one.") },
      { name: "current", label: t("Present password of the library"), kind: "password", autocomplete: "current-password",
        when: (values) => needsPassword && (opens(values) || values.text("password") !== ""), hint: t("Leave it empty if the library has passwords of subscribers only.") },
      { name: "persist", label: t("Write the catalog to the storage"), kind: "checkbox", value: persist_json_enabled, hint: t("For web servers that serve the files of the storage themselves") },
    ],
    action: t("Save"),
    submit: (values) => {
      const [password, current_password] = [values.text("password"), values.text("current")];
      return api.updatePublishing(library.id, {
        published: values.set("published"),
        authentication_method: values.set("protected") ? "BASIC" : "NONE",
        persist_json_enabled: values.set("persist"),
        ...(password && { password }),
        ...(current_password && { current_password }),
      });
    },
  });
}
