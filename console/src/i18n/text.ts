/** Says the texts of the console in the language of its user. The English text is the key of its translation. */

import type { de } from "./de";

/** A text of the console. `{name}` is a value; forms for one and for several are separated by `|`. */
export type Text = keyof typeof de;
export type Values = Record<string, string | number>;
export type Language = "en" | "de";

const KEPT = "contentlib-language";
let translations: Record<string, string> = {};
export let language: Language = "en";

/** Uses the language that was chosen before, or else that of the browser. */
export async function useLanguage(chosen?: Language): Promise<void> {
  if (chosen) localStorage.setItem(KEPT, chosen);
  const wanted = localStorage.getItem(KEPT) ?? navigator.language.slice(0, 2);
  language = wanted === "de" ? "de" : "en";
  translations = language === "de" ? (await import("./de")).de : {};
  document.documentElement.lang = language;
}

export function t(text: Text, values: Values = {}): string {
  const [one = "", several = one] = (translations[text] ?? text).split("|");
  const form = values["count"] === 1 ? one : several;
  return form.replace(/\{(\w+)\}/g, (_, name: string) => shown(values[name] ?? ""));
}

function shown(value: string | number): string {
  return typeof value === "number" ? new Intl.NumberFormat(language).format(value) : value;
}
