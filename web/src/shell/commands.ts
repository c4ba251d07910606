import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { usePreventCommands } from "../prevent/commands";
import { setPreferences, usePreferences } from "./preferences";
import { type Command, useRooms } from "./rooms";
import { useSignOut } from "./session";

// useCommands lists what the palette offers for what is typed: look-ups first, then every command whose label matches.
export function useCommands(typed: string): Command[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const rooms = useRooms();
  const signOut = useSignOut();
  const prevent = usePreventCommands(typed.trim());
  const { language, effectiveMode } = usePreferences();
  const otherMode = effectiveMode === "dark" ? "light" : "dark";

  const commands: Command[] = [
    ...rooms.flatMap((room) =>
      room.pages.map((page) => ({
        id: page.id,
        label: t(`page.${page.id}`),
        hint: t(`room.${room.id}`),
        run: () => navigate({ to: page.to }),
      })),
    ),
    ...prevent.commands,
    { id: "mode", label: t(`mode.${otherMode}`), run: () => setPreferences({ mode: otherMode }) },
    {
      id: "language",
      label: t("language.other"),
      run: () => setPreferences({ language: language === "en" ? "zh-CN" : "en" }),
    },
    { id: "out", label: t("signOut"), run: signOut },
  ];
  const wanted = typed.trim().toLowerCase();
  return [
    ...prevent.lookUps,
    ...commands.filter((c) => `${c.label} ${c.hint ?? ""} ${c.id}`.toLowerCase().includes(wanted)),
  ];
}
