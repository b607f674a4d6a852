/** The server: its settings, certificates, storages and quotas. */

import { type TemplateResult, html } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { may } from "../account";
import { users } from "../api/access";
import { permitted } from "../api/client";
import { libraryRows, overview } from "../api/queries";
import * as api from "../api/server";
import type { Certificate, Overview, Quota, QuotaSpec, Setting } from "../api/types";
import { ago, number, percent, size, time } from "../i18n/format";
import { type Text, t } from "../i18n/text";
import { link } from "../route";
import { sure } from "../ui/form";
import { badge, button, empty, page, search, tabs } from "../ui/page";
import { Resource } from "../ui/resource";
import { table } from "../ui/table";
import { View } from "../ui/view";
import { limit, trustCertificate } from "./server-forms";
import "./configuration";

type Tab = "settings" | "synchronization" | "certificates" | "storages" | "quotas";
type Store = Overview["storages"][number];

interface Holder extends Quota {
  name: string;
  kind: "LIBRARY" | "USER";
}

const TABS: readonly (readonly [Tab, Text])[] = [["settings", "Settings"], ["synchronization", "Synchronization"], ["certificates", "Certificates"], ["storages", "Storages"], ["quotas", "Quotas"]];
const SOON_MILLISECONDS = 30 * 86_400_000;
const LEVELS = { NORMAL: ["Normal", "good"], WARNING: ["Filling up", "busy"], CRITICAL: ["Nearly full", "bad"], FULL: ["Full", "bad"] } as const;

@customElement("cl-server")
export class Server extends View {
  @property() tab: Tab = "settings";
  @state() private filter = "";
  private readonly settings = new Resource(this, () => permitted(api.settings(), []));
  private readonly certificates = new Resource(this, api.certificates);
  private readonly storages = new Resource(this, async () => (await overview()).storages);
  private readonly quotas = new Resource(this, holders);

  protected override render(): TemplateResult {
    const all = TABS.map(([name, label]) => ({ name, label: t(label), address: link("server", name) }));
    return page(t("Server"), this.action(), html`${tabs(all, this.tab, t("Server"))}${this.content()}`);
  }

  private content(): TemplateResult {
    switch (this.tab) {
      case "synchronization": return html`<cl-configuration></cl-configuration>`;
      case "certificates": return this.certificates.render((found) => this.certificateTable(found));
      case "storages": return this.storages.render(storageTable);
      case "quotas": return this.quotas.render((found) => this.quotaTable(found));
      default: return this.settings.render((found) => this.settingTable(found));
    }
  }

  private action(): TemplateResult | string {
    if (this.tab !== "certificates" || !may("ContentLibrary.AddCertToTrustStore")) return "";
    return button(t("Trust a certificate"), () => this.certificates.after(trustCertificate()), "primary", "plus");
  }

  private settingTable(found: readonly Setting[]): TemplateResult {
    const wanted = this.filter.toLowerCase();
    const rows = found.filter(({ name, description, value, source }) => `${name} ${description} ${value} ${source}`.toLowerCase().includes(wanted));
    return html`<p class="faint">${t("Settings are read when the server starts, from the command line, the environment and a file.")}</p>
      <div class="tools">${search(this.filter, (value) => (this.filter = value))}</div>
      ${rows.length === 0
        ? empty("server", t("No setting matches the filter"), t("Change the filter, or clear it."))
        : table({
            label: t("Settings"),
            rows,
            key: ({ name }) => name,
            name: ({ name }) => name,
            columns: [
              { label: t("Name"), cell: ({ name }) => html`<code>${name}</code>` },
              { label: t("Value"), cell: ({ value, source }) => html`${value}${source === "default" ? "" : html`<small class="narrow">${source}</small>`}`, kind: "wide" },
              { label: t("Source"), cell: ({ source }) => (source === "default" ? t("Default") : badge(source, "busy")), kind: "less" },
              { label: t("Description"), cell: ({ description }) => html`<details><summary>${t("Show")}</summary>${description}</details>`, kind: "less" },
            ],
          })}`;
  }

  private certificateTable(found: readonly Certificate[]): TemplateResult {
    if (found.length === 0) return empty("server", t("No certificates"), t("The server serves plain HTTP, and trusts only the authorities of the system."));
    return table({
      label: t("Certificates"),
      rows: found,
      key: ({ sha256, purpose }) => `${purpose} ${sha256}`,
      name: ({ subject }) => subject,
      columns: [
        { label: t("Subject"), cell: ({ subject }) => subject, note: ({ names }) => names.join(", ") },
        { label: t("For"), cell: ({ purpose }) => (purpose === "SERVER" ? badge(t("This server"), "good") : badge(t("Signatures"))) },
        { label: t("Issuer"), cell: ({ issuer, subject }) => (issuer === subject ? t("Itself") : issuer), kind: "less" },
        { label: t("Expires"), cell: expiry, note: ({ not_after }) => time(not_after) },
        { label: "SHA-256", cell: ({ sha256 }) => html`<code class="sum">${sha256}</code>`, kind: "less" },
      ],
      actions: ({ certificate, subject }) =>
        certificate && may("ContentLibrary.DeleteCertFromTrustStore")
          ? button(t("Remove"), () => this.certificates.after(sure(t("Remove {name}?", { name: subject }), t("Items that are trusted only because of it are no longer trusted."), t("Remove"), () => api.distrust(certificate))))
          : "",
    });
  }

  private quotaTable(found: readonly Holder[]): TemplateResult {
    if (found.length === 0) return empty("library", t("Nothing is stored yet"), t("Limits of libraries and users appear here."));
    return table({
      label: t("Quotas"),
      rows: found,
      key: ({ kind, id }) => `${kind} ${id}`,
      name: ({ name }) => name,
      columns: [
        { label: t("Name"), cell: ({ name, kind, id }) => (kind === "LIBRARY" ? html`<a href=${link("library", id)}>${name}</a>` : name) },
        { label: t("Kind"), cell: ({ kind }) => badge(kind === "LIBRARY" ? t("Library") : t("User")), kind: "less" },
        { label: t("Stored"), cell: ({ bytes, bytes_limit }) => filled(size(bytes), bytes_limit === undefined ? undefined : size(bytes_limit)), kind: "number" },
        { label: t("Items"), cell: ({ items, items_limit }) => filled(number(items), items_limit === undefined ? undefined : number(items_limit)), kind: "less number" },
        { label: t("State"), cell: ({ state: level }) => badge(t(LEVELS[level][0]), LEVELS[level][1]) },
      ],
      actions: (holder) => (may("Authorization.ModifyUsers") ? button(t("Limit"), () => this.limit(holder)) : ""),
    });
  }

  private async limit(holder: Holder): Promise<void> {
    const save = (spec: QuotaSpec): Promise<void> => (holder.kind === "LIBRARY" ? api.limitLibrary(holder.id, spec) : api.limitUser(holder.id, spec));
    if (await limit(holder.name, holder, save)) void this.quotas.refresh();
  }
}

function storageTable(found: readonly Store[]): TemplateResult {
  return table({
    label: t("Storages"),
    rows: found,
    key: ({ id }) => id,
    name: ({ name }) => name,
    columns: [
      { label: t("Name"), cell: ({ name }) => name, note: ({ id }) => id },
      { label: t("State"), cell: ({ accessible }) => (accessible ? badge(t("Accessible"), "good") : badge(t("Not accessible"), "bad")) },
      { label: t("Used"), cell: (store) => used(store) },
      { label: t("Free"), cell: ({ free_bytes }) => size(free_bytes), kind: "number" },
      { label: t("Content"), cell: ({ content_bytes }) => size(content_bytes), kind: "less number" },
      { label: t("Grown in 30 days"), cell: ({ grown_bytes }) => size(grown_bytes), kind: "less number" },
    ],
  });
}

function used({ name, used_bytes, capacity_bytes }: Store): TemplateResult {
  const part = used_bytes / (capacity_bytes || 1);
  return html`<meter aria-label=${name} min="0" max="1" high="0.9" value=${part}></meter><small>${percent(part)}</small>`;
}

function expiry({ not_after }: Certificate): TemplateResult {
  const left = new Date(not_after).getTime() - Date.now();
  return badge(ago(not_after), left < 0 ? "bad" : left < SOON_MILLISECONDS ? "busy" : "plain");
}

function filled(held: string, most: string | undefined): string {
  return most === undefined ? held : t("{held} of {most}", { held, most });
}

async function holders(): Promise<Holder[]> {
  const [ofLibraries, ofUsers, libraries, people] = await Promise.all([
    permitted(api.libraryQuotas(), []), permitted(api.userQuotas(), []), libraryRows(), permitted(users(), []),
  ]);
  const names = new Map(libraries.map(({ id, name }) => [id, name]));
  const known = new Set(ofUsers.map(({ id }) => id));
  const others = people.filter(({ name }) => !known.has(name)).map(({ name }): Quota => ({ id: name, bytes: 0, items: 0, reserved_bytes: 0, state: "NORMAL" }));
  return [
    ...ofLibraries.map((quota): Holder => ({ ...quota, kind: "LIBRARY", name: names.get(quota.id) ?? quota.id })),
    ...[...ofUsers, ...others].map((quota): Holder => ({ ...quota, kind: "USER", name: quota.id })),
  ];
}
