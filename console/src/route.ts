/** Reads and writes addresses of screens: #/library/ID?filter=photon. */

export interface Route {
  screen: string;
  id: string;
  query: URLSearchParams;
}

export function route(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen = "", id = ""] = path.split("/").map(decodeURIComponent);
  return { screen, id, query: new URLSearchParams(query) };
}

export function link(screen: string, id = "", query: Record<string, string> = {}): string {
  const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ""));
  const path = id ? `${screen}/${encodeURIComponent(id)}` : screen;
  return `#/${path}${given.size ? `?${given}` : ""}`;
}

export function go(address: string): void {
  location.hash = address;
}

/** The secret of a login link, if the page was opened by one. It leaves the address and the history at once. */
export function takeLoginSecret(): string {
  const { screen, id } = route();
  if (screen !== "login") return "";
  history.replaceState(null, "", link("home"));
  return id;
}

/** Changes the query of the address without a new entry in the history. */
export function requery(name: string, value: string): void {
  const { screen, id, query } = route();
  const changed = { ...Object.fromEntries(query), [name]: value };
  history.replaceState(null, "", link(screen, id, changed));
}
