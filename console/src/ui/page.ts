/** Lays out screens: title, actions, and what to do where there is nothing yet. */

import { type TemplateResult, html } from "lit";
import { t } from "../i18n/text";
import { type Icon, icon } from "./icons";

type Content = TemplateResult | string | readonly TemplateResult[];

export function page(title: string, actions: Content, body: Content, above: Content = ""): TemplateResult {
  document.title = `${title} · contentlib`;
  return html`<header class="page">
      <div>${above}<h1 tabindex="-1">${title}</h1></div>
      <div class="actions">${actions}</div>
    </header>
    ${body}`;
}

export function empty(shown: Icon, title: string, advice: string, action: Content = ""): TemplateResult {
  return html`<div class="empty">${icon(shown)}<h2>${title}</h2><p>${advice}</p>${action}</div>`;
}

export function badge(text: string, kind: "good" | "bad" | "busy" | "plain" = "plain"): TemplateResult {
  return html`<span class="badge ${kind}">${text}</span>`;
}

/** A button of a page. */
export function button(label: string, action: () => unknown, kind: "primary" | "danger" | "" = "", shown?: Icon): TemplateResult {
  return html`<button class=${kind} @click=${action}>${shown ? icon(shown) : ""}${label}</button>`;
}

export function facts(pairs: readonly (readonly [string, unknown] | undefined)[]): TemplateResult {
  const known = pairs.filter((pair) => pair !== undefined);
  return html`<dl class="facts">${known.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export function search(value: string, changed: (value: string) => void, label = t("Filter")): TemplateResult {
  return html`<input class="search" type="search" placeholder="${label}  ( / )" aria-label=${label} .value=${value}
    @input=${(event: InputEvent) => changed((event.target as HTMLInputElement).value)} />`;
}

export interface Tab {
  name: string;
  label: string;
  address: string;
}

export function tabs(all: readonly Tab[], current: string, label: string): TemplateResult {
  return html`<nav class="tabs" aria-label=${label}>
    ${all.map((each) => html`<a href=${each.address} aria-current=${each.name === current ? "page" : "false"}>${each.label}</a>`)}
  </nav>`;
}
