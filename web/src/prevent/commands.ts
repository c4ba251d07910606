import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Command } from "../shell/rooms";
import { lookUp } from "./filters";
import { OUTCOMES } from "./vocabulary";

// usePreventCommands offers this room's commands, and the look-ups that fit the text typed.
export function usePreventCommands(typed: string): { lookUps: Command[]; commands: Command[] } {
  const { t } = useTranslation("prevent");
  const navigate = useNavigate();
  const commands = OUTCOMES.map((outcome) => ({
    id: `outcome-${outcome}`,
    label: t("command.outcome", { outcome: t(`outcome.${outcome}`) }),
    hint: t("decisions.title"),
    run: () => navigate({ to: "/decisions", search: { outcome } }),
  }));

  const lookUps: Command[] = [];
  if (/^dec_\w+$/.test(typed)) {
    const run = () => navigate({ to: "/decisions/$id", params: { id: typed } });
    lookUps.push({ id: "open", label: typed, hint: t("command.openDecision"), run });
  } else if (/^evt_\w+$/.test(typed)) {
    const run = () => navigate({ to: "/events/$id", params: { id: typed } });
    lookUps.push({ id: "open", label: typed, hint: t("command.openEvent"), run });
  } else if (typed.length >= 4) {
    const run = () => navigate({ to: "/decisions", ...lookUp(typed) });
    lookUps.push({ id: "look-up", label: t("command.lookUp", { text: typed }), hint: t("command.exact"), run });
  }
  return { lookUps, commands };
}
