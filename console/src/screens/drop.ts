/** Takes files by drag and drop, or by the browser's dialog. */

import { type TemplateResult, html } from "lit";
import { attempt } from "../ui/notice";
import { type Picked, chosen, dropped } from "../uploads/picked";

type Take = (picked: readonly Picked[]) => void;

export function dropTarget(take: Take, body: TemplateResult): TemplateResult {
  return html`<div class="drop" @dragover=${over} @dragleave=${left} @drop=${(event: DragEvent) => drop(event, take)}>${body}</div>`;
}

export function chooseFiles(take: Take): void {
  const input = document.createElement("input");
  input.type = "file";
  input.multiple = true;
  input.className = "hidden";
  input.onchange = () => {
    take(chosen(input));
    input.remove();
  };
  input.oncancel = () => input.remove();
  document.body.append(input);
  input.click();
}

function over(event: DragEvent): void {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  (event.currentTarget as Element).classList.add("over");
}

function left(event: DragEvent): void {
  const target = event.currentTarget as Element;
  if (!target.contains(event.relatedTarget as Node | null)) target.classList.remove("over");
}

function drop(event: DragEvent, take: Take): void {
  event.preventDefault();
  (event.currentTarget as Element).classList.remove("over");
  const data = event.dataTransfer;
  if (data) void attempt(async () => take(await dropped(data)));
}
