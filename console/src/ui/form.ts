/** Asks for values in a dialog, and performs an action with them. An error stays in the dialog, with all that was typed. */

import { type TemplateResult, html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../i18n/text";
import { problem } from "./problem";
import { View } from "./view";

export interface Option {
  value: string;
  label: string;
}

export interface Field {
  name: string;
  label: string;
  kind?: "text" | "password" | "url" | "email" | "datetime-local" | "number" | "textarea" | "select" | "checkbox";
  value?: string | boolean;
  hint?: string;
  options?: readonly Option[];
  /** Texts that are offered while somebody types. */
  suggestions?: readonly string[];
  required?: boolean;
  autocomplete?: AutoFill;
  /** Whether the field is shown with the other fields' values. */
  when?: (values: Values) => boolean;
}

export interface Form {
  title: string;
  intro?: string | TemplateResult;
  fields?: readonly Field[];
  action: string;
  danger?: boolean;
  /** Whose password is asked for, so that the browser's password manager knows. */
  user?: string;
  submit: (values: Values) => Promise<void>;
}

/** The values of a form: texts by name; a checkbox that is set has the text "on". */
export class Values {
  constructor(private readonly values: ReadonlyMap<string, string>) {}

  text(name: string): string {
    return this.values.get(name) ?? "";
  }

  set(name: string): boolean {
    return this.values.get(name) === "on";
  }
}

/** Opens a dialog; true when its action is done, false when it was left. */
export function ask(form: Form): Promise<boolean> {
  const dialog = document.createElement("cl-form") as FormDialog;
  dialog.form = form;
  document.body.append(dialog);
  return dialog.ended;
}

/** Asks before something that is not undone by a click. */
export function sure(title: string, intro: string, action: string, submit: () => Promise<void>): Promise<boolean> {
  return ask({ title, intro, action, danger: true, submit });
}

@customElement("cl-form")
class FormDialog extends View {
  form!: Form;
  readonly ended: Promise<boolean>;
  private end!: (done: boolean) => void;
  @state() private values = new Values(new Map());
  @state() private error: unknown;
  @state() private busy = false;

  constructor() {
    super();
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const given = (this.form.fields ?? []).map(({ name, value }): [string, string] => [name, value === true ? "on" : String(value || "")]);
    this.values = new Values(new Map(given));
  }

  protected override firstUpdated(): void {
    this.querySelector("dialog")?.showModal();
  }

  protected override render(): TemplateResult {
    const { title, intro, fields = [], action, danger, user } = this.form;
    return html`<dialog aria-labelledby="form-title" @close=${this.left}>
      <form @submit=${this.submit} @input=${this.changed}>
        <h2 id="form-title">${title}</h2>
        ${intro ? html`<div class="intro">${intro}</div>` : ""}
        ${user ? html`<input type="text" hidden autocomplete="username" value=${user} />` : ""}
        ${repeat(fields.filter(({ when }) => !when || when(this.values)), ({ name }) => name, (field) => this.field(field))}
        ${this.error ? problem(this.error) : ""}
        <div class="actions">
          <button type="button" @click=${this.close}>${t("Cancel")}</button>
          <button class=${danger ? "danger" : "primary"} ?disabled=${this.busy}>${action}</button>
        </div>
      </form>
    </dialog>`;
  }

  private field(field: Field): TemplateResult {
    const { name, label, hint } = field;
    const hinted = hint ? html`<small id="hint-${name}">${hint}</small>` : "";
    if (field.kind === "checkbox") {
      return html`<div class="field check">
        <label><input type="checkbox" name=${name} ?checked=${field.value === true} /> ${label}</label>${hinted}
      </div>`;
    }
    return html`<div class="field"><label for="field-${name}">${label}</label>${this.control(field)}${hinted}</div>`;
  }

  private control(field: Field): TemplateResult {
    const { name, kind = "text", required = false, value = "", options = [], suggestions, autocomplete = "off" } = field;
    const id = `field-${name}`;
    const described = field.hint ? `hint-${name}` : "";
    if (kind === "select") {
      return html`<select id=${id} name=${name} ?required=${required} aria-describedby=${described}>
        ${options.map((each) => html`<option value=${each.value} ?selected=${each.value === value}>${each.label}</option>`)}
      </select>`;
    }
    if (kind === "textarea") {
      return html`<textarea id=${id} name=${name} rows="4" ?required=${required} aria-describedby=${described} .defaultValue=${String(value)}></textarea>`;
    }
    return html`<input id=${id} name=${name} type=${kind} ?required=${required} value=${String(value)} autocomplete=${autocomplete}
      aria-describedby=${described} list=${suggestions ? `list-${name}` : nothing} min=${kind === "number" ? "0" : nothing} step=${kind === "number" ? "any" : nothing} />
      ${suggestions ? html`<datalist id="list-${name}">${suggestions.map((each) => html`<option value=${each}></option>`)}</datalist>` : ""}`;
  }

  private readonly changed = (): void => {
    this.values = this.read();
  };

  private read(): Values {
    const form = this.querySelector("form");
    const pairs = form ? [...new FormData(form)].map(([name, value]): [string, string] => [name, String(value)]) : [];
    return new Values(new Map(pairs));
  }

  private readonly submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.busy) return;
    this.busy = true;
    this.error = undefined;
    try {
      await this.form.submit(this.read());
      this.end(true);
      this.close();
    } catch (error) {
      this.error = error;
    } finally {
      this.busy = false;
    }
  };

  private readonly close = (): void => {
    this.querySelector("dialog")?.close();
  };

  private readonly left = (): void => {
    this.end(false);
    this.remove();
  };
}
