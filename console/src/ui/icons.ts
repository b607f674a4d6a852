/** Draws the icons of the console. They only accompany words, so that assistive programs skip them. */

import { type SVGTemplateResult, type TemplateResult, html, svg } from "lit";

const SHAPES = {
  home: svg`<path d="M3 11 12 4l9 7M6 9.5V20h12V9.5M10 20v-6h4v6"/>`,
  library: svg`<path d="M4 5h4v15H4zM10 5h4v15h-4zM16.2 5.6l3.4-.9 3.3 14-3.4.9z"/>`,
  item: svg`<path d="M12 3 4 7v10l8 4 8-4V7zM4 7l8 4 8-4M12 11v10"/>`,
  search: svg`<circle cx="11" cy="11" r="6"/><path d="m15.5 15.5 5 5"/>`,
  tasks: svg`<path d="M4 6h2M4 12h2M4 18h2M10 6h10M10 12h10M10 18h10"/>`,
  trash: svg`<path d="M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13"/>`,
  tag: svg`<path d="M4 4h8l9 9-8 8-9-9zM8 8h.01"/>`,
  audit: svg`<path d="M6 3h9l4 4v14H6zM9 11h7M9 15h7"/>`,
  people: svg`<circle cx="9" cy="8" r="3.5"/><path d="M3 20c0-4 3-6 6-6s6 2 6 6M16 5a3.5 3.5 0 0 1 0 6.5M18 14.5c2 .8 3 2.6 3 5.5"/>`,
  account: svg`<circle cx="12" cy="8" r="4"/><path d="M4 21c0-5 4-7 8-7s8 2 8 7"/>`,
  upload: svg`<path d="M12 16V5M7 10l5-5 5 5M4 19h16"/>`,
  download: svg`<path d="M12 5v11M7 11l5 5 5-5M4 20h16"/>`,
  server: svg`<path d="M4 4h16v7H4zM4 13h16v7H4zM7.5 7.5h.01M7.5 16.5h.01M12 7.5h5M12 16.5h5"/>`,
  down: svg`<path d="m6 9 6 6 6-6"/>`,
  menu: svg`<path d="M4 7h16M4 12h16M4 17h16"/>`,
  warning: svg`<path d="M12 4 2.8 20h18.4zM12 10v5M12 17.5v.5"/>`,
  close: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  copy: svg`<path d="M9 9h11v11H9zM5 15H4V4h11v1"/>`,
  plus: svg`<path d="M12 5v14M5 12h14"/>`,
  pause: svg`<path d="M9 6v12M15 6v12"/>`,
  play: svg`<path d="m8 5 11 7-11 7z"/>`,
  check: svg`<path d="m5 12.5 4.5 4.5L19 7"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type Icon = keyof typeof SHAPES;

export function icon(name: Icon): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${SHAPES[name]}</svg>`;
}
