import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { type NamedTask, cancelTask, tasks } from "../api/activity";
import { permitted } from "../api/client";
import { ago, time } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { attempt } from "../ui/notice";
import { badge, button, empty, page } from "../ui/page";
import { Resource, SELDOM, SOON } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import "./transfers";

const STATES: Record<NamedTask["status"], readonly [Text, "good" | "bad" | "busy" | "plain"]> = {
  PENDING: ["Pending", "plain"],
  BLOCKED: ["Blocked", "plain"],
  RUNNING: ["Running", "busy"],
  SUCCEEDED: ["Succeeded", "good"],
  FAILED: ["Failed", "bad"],
};

@customElement("cl-tasks")
export class Tasks extends View {
  private readonly tasks = new Resource(this, () => permitted(tasks(), []), (all) => (all.some(unfinished) ? SOON : SELDOM));

  protected override render(): TemplateResult {
    return page(t("Tasks"), "", html`${this.tasks.render((all) => this.content(all))}<cl-transfers></cl-transfers>`);
  }

  private content(all: readonly NamedTask[]): TemplateResult {
    if (all.length === 0) return empty("tasks", t("No tasks"), t("Synchronizations, copies and fetched files appear here while they run, and for some time after."));
    return table({
      label: t("Tasks"),
      rows: all,
      key: ({ id }) => id,
      name: ({ description }) => description.default_message,
      columns: [
        { label: t("Task"), cell: ({ description, operation }) => description.default_message || operation, note: ({ service, operation }) => `${service}.${operation}` },
        { label: t("State"), cell: state },
        { label: t("Progress"), cell: progress },
        { label: t("User"), cell: ({ user }) => user ?? "–", kind: "less" },
        { label: t("Started"), cell: ({ start_time }) => html`<span title=${time(start_time)}>${start_time ? ago(start_time) : "–"}</span>`, kind: "less" },
      ],
      actions: (task) => (task.cancelable && unfinished(task) ? button(t("Cancel"), () => this.cancel(task)) : ""),
    });
  }

  private async cancel({ id }: NamedTask): Promise<void> {
    if (await attempt(() => cancelTask(id))) void this.tasks.refresh();
  }
}

function unfinished({ status }: NamedTask): boolean {
  return status === "RUNNING" || status === "PENDING" || status === "BLOCKED";
}

function state({ status, error }: NamedTask): TemplateResult {
  const [label, kind] = STATES[status];
  const reasons = (error as { messages?: { default_message: string }[] } | undefined)?.messages ?? [];
  return html`${badge(t(label), kind)}${reasons.map(({ default_message }) => html`<small>${default_message}</small>`)}`;
}

function progress({ progress: made, status, description }: NamedTask): TemplateResult {
  if (!made || status !== "RUNNING") return html`–`;
  return html`<progress max=${made.total || 1} value=${made.completed} aria-label=${description.default_message}></progress><small>${made.message.default_message}</small>`;
}
