/** Shows notes and labels, and asks for them. */

import { type TemplateResult, html } from "lit";
import { each } from "../api/client";
import { changeItem, read, written } from "../api/labels";
import type { Annotation, AnnotationChange, Label } from "../api/types";
import { t } from "../i18n/text";
import { link } from "../route";
import { type Field, ask } from "../ui/form";
import { button } from "../ui/page";

/** Labels as links to all items that have them. */
export function labels({ labels: all }: { labels: readonly Label[] }): TemplateResult {
  return html`<span class="labels">${all.map((each) => html`<a class="badge" href=${link("search", "", { label: written(each) })}>${written(each)}</a> `)}</span>`;
}

/** Notes and labels on the screen of a library or an item; nothing where there are none and none may be added. */
export function annotation(found: Annotation, edit: (() => unknown) | undefined): TemplateResult {
  const { notes, labels: all } = found;
  if (!notes && all.length === 0 && !edit) return html``;
  return html`<div class="annotation">
    ${notes ? html`<p class="notes">${notes}</p>` : ""}
    ${all.length > 0 ? labels(found) : ""}
    ${edit ? button(notes || all.length > 0 ? t("Edit notes and labels") : t("Add notes or labels"), edit) : ""}
  </div>`;
}

/** Sends only what was changed, so that what others change meanwhile stays. */
export function editAnnotation(name: string, found: Annotation, change: (change: AnnotationChange) => Promise<void>): Promise<boolean> {
  return ask({
    title: t("Notes and labels of {name}", { name }),
    fields: [
      { name: "notes", label: t("Notes"), kind: "textarea", value: found.notes },
      { ...labelLines(t("Labels")), value: found.labels.map(written).join("\n") },
    ],
    action: t("Save"),
    submit: (values) => change(difference(found, values.text("notes").replaceAll("\r\n", "\n"), read(values.text("labels")))),
  });
}

function difference(found: Annotation, notes: string, labels: Label[]): AnnotationChange {
  const before = new Map(found.labels.map(({ key, value }) => [key, value]));
  const keys = new Set(labels.map(({ key }) => key));
  return {
    labels: labels.filter(({ key, value }) => before.get(key) !== value),
    removed: [...before.keys()].filter((key) => !keys.has(key)),
    ...(notes !== found.notes && { notes }),
  };
}

/** Adds labels to several items, or removes some. */
export function labelItems(items: readonly { id: string; labels: readonly Label[] }[]): Promise<boolean> {
  const keys = [...new Set(items.flatMap(({ labels: all }) => all.map(({ key }) => key)))].sort();
  const options = [{ value: "", label: t("None") }, ...keys.map((key) => ({ value: key, label: key }))];
  return ask({
    title: t("Label {count} item|Label {count} items", { count: items.length }),
    fields: [labelLines(t("Add labels")), ...(keys.length > 0 ? [{ name: "removed", label: t("Remove the label"), kind: "select" as const, options }] : [])],
    action: t("Save"),
    submit: async (values) => {
      const removed = values.text("removed") ? [values.text("removed")] : [];
      await each(items, ({ id }) => changeItem(id, { labels: read(values.text("labels")), removed }));
    },
  });
}

function labelLines(label: string): Field {
  return { name: "labels", label, kind: "textarea", hint: t("One in a line: env=prod") };
}
