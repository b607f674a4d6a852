/** A button that opens a list of less usual actions. */

import { type TemplateResult, html } from "lit";
import { t } from "../i18n/text";
import { icon } from "./icons";

const GAP_PIXELS = 4;

/** The actions that there are; nothing where there are none. */
export function more(actions: readonly (TemplateResult | "")[]): TemplateResult | "" {
  const given = actions.filter((each) => each !== "");
  if (given.length === 0) return "";
  return html`<details class="menu" @toggle=${toggled} @keydown=${escaped} @focusout=${left} @click=${chosen}>
    <summary class="button">${t("More")}${icon("down")}</summary>
    <div>${given}</div>
  </details>`;
}

/** The list is placed beside its button, above everything: a table would cut it off. It closes when the page moves below it. */
function toggled(event: Event): void {
  const menu = event.currentTarget as HTMLDetailsElement;
  const list = menu.querySelector("div");
  if (!menu.open || !list) return;
  const { top, bottom, right } = menu.getBoundingClientRect();
  const below = bottom + GAP_PIXELS;
  const above = top - GAP_PIXELS - list.offsetHeight;
  list.style.top = `${below + list.offsetHeight > innerHeight && above > 0 ? above : below}px`;
  list.style.left = `${Math.max(GAP_PIXELS, right - list.offsetWidth)}px`;
  const away = new AbortController();
  const moved = ({ type, target }: Event): void => {
    if (type === "pointerdown" && menu.contains(target as Node)) return;
    menu.open = false;
    away.abort();
  };
  for (const type of ["pointerdown", "scroll", "resize"]) addEventListener(type, moved, { capture: true, signal: away.signal });
}

function chosen(event: MouseEvent): void {
  if ((event.target as Element).closest("button")) (event.currentTarget as HTMLDetailsElement).open = false;
}

function left(event: FocusEvent): void {
  const menu = event.currentTarget as HTMLDetailsElement;
  if (event.relatedTarget && !menu.contains(event.relatedTarget as Node)) menu.open = false;
}

function escaped(event: KeyboardEvent): void {
  if (event.key !== "Escape") return;
  const menu = event.currentTarget as HTMLDetailsElement;
  menu.open = false;
  menu.querySelector("summary")?.focus();
}
