/** The base of all elements: they render into the page itself, so that one style sheet and native forms serve all. */

import { LitElement } from "lit";

export class View extends LitElement {
  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
