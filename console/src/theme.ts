/** Light or dark: as the system has it, or as chosen. */

export type Theme = "system" | "light" | "dark";

const KEPT = "contentlib-theme";

export function theme(): Theme {
  return (localStorage.getItem(KEPT) as Theme | null) ?? "system";
}

export function useTheme(chosen: Theme = theme()): void {
  localStorage.setItem(KEPT, chosen);
  document.documentElement.dataset["theme"] = chosen;
}
