/** Keys of every screen: `/` searches, `j` and `k` go from row to row, `x` selects a row, `g` and a letter goes to a screen, `?` helps. */

import { html } from "lit";
import { type Text, t } from "../i18n/text";
import { go, link } from "../route";
import { ask } from "./form";

const KEYS: readonly (readonly [string, Text])[] = [
  ["/", "Go to the filter"],
  ["j", "Next row"],
  ["k", "Previous row"],
  ["x", "Select the row"],
  ["Enter", "Open the row"],
  ["g h", "Overview"],
  ["g l", "Libraries"],
  ["g s", "Search"],
  ["g t", "Tasks"],
  ["g d", "Trash"],
  ["?", "Keyboard help"],
];
const SCREENS: Record<string, string> = { h: "home", l: "libraries", s: "search", t: "tasks", d: "trash" };

let going = false;

export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    const typing = (event.target as Element).closest("input:not([type=checkbox]), select, textarea, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (pressed(event.key)) event.preventDefault();
  });
}

function pressed(key: string): boolean {
  const screen = going ? SCREENS[key] : undefined;
  going = key === "g";
  if (screen) go(link(screen));
  else if (key === "/") document.querySelector<HTMLElement>("input.search")?.focus();
  else if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "x") document.activeElement?.closest("tr")?.querySelector<HTMLElement>("td.select input")?.click();
  else if (key === "?") void help();
  else return false;
  return true;
}

function move(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("tbody tr")];
  const targets = rows.flatMap((row) => row.querySelector<HTMLElement>("a.row-link, button, input") ?? []);
  const now = targets.findIndex((each) => each.closest("tr")?.contains(document.activeElement));
  targets[now < 0 ? 0 : Math.min(targets.length - 1, Math.max(0, now + step))]?.focus();
}

export function help(): Promise<boolean> {
  const rows = KEYS.map(([key, what]) => html`<div><dt>${key.split(" ").map((each) => html`<kbd>${each}</kbd> `)}</dt><dd>${t(what)}</dd></div>`);
  return ask({ title: t("Keyboard help"), intro: html`<dl class="keys">${rows}</dl>`, action: t("Close"), submit: async () => {} });
}
