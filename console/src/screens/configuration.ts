/** When the server synchronizes subscribed libraries by itself, and how much it transfers at once. */

import { type TemplateResult, html } from "lit";
import { customElement } from "lit/decorators.js";
import { may } from "../account";
import { configuration, configure } from "../api/configuration";
import type { Configuration } from "../api/types";
import { number } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { type Field, type Values, ask } from "../ui/form";
import { button, facts } from "../ui/page";
import { Resource } from "../ui/resource";
import { View } from "../ui/view";

type Name = Exclude<keyof Configuration, `${string}_setting`>;
type Setting = NonNullable<Configuration["automatic_sync_enabled_setting"]>;
type Kind = "switch" | "hour" | "minutes" | "seconds" | "bandwidth" | "number";

const PARTS: readonly (readonly [Text, readonly (readonly [Name, Text, Kind])[]])[] = [
  ["Automatic synchronization", [
    ["automatic_sync_enabled", "Synchronize automatically", "switch"],
    ["automatic_sync_start_hour", "From", "hour"],
    ["automatic_sync_stop_hour", "Until", "hour"],
    ["automatic_sync_refresh_interval", "Minutes between two synchronizations", "minutes"],
    ["automatic_sync_setting_refresh_interval", "Seconds until changes of these times are noticed", "seconds"],
  ]],
  ["Transfers", [
    ["maximum_concurrent_item_syncs", "Items that are synchronized at once", "number"],
    ["transfer_threads_pool_size", "Transfers at once", "number"],
    ["priority_transfer_threads_pool_size", "Urgent transfers at once", "number"],
    ["transfer_nfc_max_concurrent_transfers_per_host", "Transfers at once for a host", "number"],
    ["transfer_throttling_bandwidth_total", "Bandwidth in Mbit/s", "bandwidth"],
  ]],
];

@customElement("cl-configuration")
export class ConfigurationTab extends View {
  private readonly shown = new Resource(this, configuration);

  protected override render(): TemplateResult {
    return this.shown.render((found) => html`<p class="faint">${t("Hours are those of the server's clock. Libraries can be excluded from automatic synchronization by their subscription.")}</p>
      ${PARTS.map(([title, settings]) => html`<div class="section"><h2>${t(title)}</h2>
          ${may("ContentLibrary.UpdateConfiguration") ? button(t("Edit"), () => this.shown.after(edit(title, settings, found))) : ""}</div>
        ${facts(settings.map(([name, label, kind]) => [t(label), written(found[name], kind)] as const))}`)}`);
  }
}

function written(value: boolean | number | undefined, kind: Kind): string {
  if (typeof value !== "number") return value ? t("Yes") : t("No");
  if (kind === "hour") return `${String(value).padStart(2, "0")}:00`;
  return kind === "bandwidth" && value === 0 ? t("Unlimited") : number(value);
}

function edit(title: Text, settings: readonly (readonly [Name, Text, Kind])[], found: Configuration): Promise<boolean> {
  return ask({
    title: t(title),
    fields: settings.map(([name, label, kind]) => field(name, t(label), kind, found)),
    action: t("Save"),
    submit: (values) => configure(changed(settings, values, found)),
  });
}

function field(name: Name, label: string, kind: Kind, found: Configuration): Field {
  const value = found[name];
  if (kind === "switch") return { name, label, kind: "checkbox", value: value === true };
  return { name, label, kind: "number", required: true, value: String(value), hint: hint(kind, found[`${name}_setting`]) };
}

function hint(kind: Kind, setting: Setting | undefined): string {
  const limits = Object.assign({}, ...(setting?.constraints ?? [])) as Record<string, string>;
  const range = t("{least} to {most}", { least: Number(limits["MIN_INCLUSIVE"]), most: Number(limits["MAX_INCLUSIVE"]) });
  const more = kind === "bandwidth" ? t("0 is unlimited") : setting?.reboot_required ? t("holds after a restart of the server") : "";
  return more ? `${range}; ${more}` : range;
}

/** Only what was changed is sent, so that what others change meanwhile stays. */
function changed(settings: readonly (readonly [Name, Text, Kind])[], values: Values, found: Configuration): Configuration {
  const given = settings.map(([name, , kind]) => [name, kind === "switch" ? values.set(name) : Number(values.text(name))] as const);
  return Object.fromEntries(given.filter(([name, value]) => value !== found[name])) as Configuration;
}
