/** Verifies the audit log. */

import { html } from "lit";
import { auditHead, verifyAudit } from "../api/activity";
import { ApiError } from "../api/client";
import type { ChainHead, Verified } from "../api/types";
import { t } from "../i18n/text";
import { copyable } from "../ui/clipboard";
import { ask } from "../ui/form";

const written = ({ sequence, hash }: ChainHead): string => `${sequence}:${hash}`;

/** Asks for a head that was kept, verifies the log, and shows the head to be kept. */
export async function verify(): Promise<void> {
  let found: Verified | undefined;
  await ask({
    title: t("Verify the audit log"),
    intro: t("Each entry contains the hash of the one before it. The server computes all of them again, so an entry that was removed, added or changed is found."),
    fields: [{ name: "kept", label: t("Head that was kept"), hint: t("NUMBER:HASH, as an earlier verification showed it. It proves that the whole log was not replaced since.") }],
    action: t("Verify"),
    submit: async (values) => {
      found = await verifyAudit(read(values.text("kept").trim()));
      if (found.problem !== undefined) throw new ApiError(409, "BROKEN", t("The audit log is broken: {problem}.", { problem: found.problem }));
    },
  });
  if (found?.complete) await showHead(t("{count} entry is intact|{count} entries are intact", { count: found.count }), found.head);
}

/** Shows the head of the log as it is, without verifying what leads to it. */
export async function showCurrentHead(): Promise<void> {
  await showHead(t("Head of the audit log"), await auditHead());
}

async function showHead(title: string, head: ChainHead): Promise<void> {
  await ask({
    title,
    intro: html`<p>${t("Keep this head outside of the server. A later verification with it proves that nothing before it was changed.")}</p>${copyable(written(head), t("Head"))}`,
    action: t("Done"),
    submit: async () => {},
  });
}

function read(text: string): ChainHead | undefined {
  if (text === "") return undefined;
  const [, number = "", hash = ""] = /^(\d{1,15}):(\S+)$/.exec(text) ?? [];
  if (!number) throw new Error(t("The head is not NUMBER:HASH."));
  return { sequence: Number(number), hash };
}
