// What a person chose for this browser: language and light or dark. Nothing else is kept here.
import { useSyncExternalStore } from "react";
import type { Mode } from "./theme";

export type Language = "zh-CN" | "en";
export type ModeChoice = Mode | "auto";
export interface Preferences {
  language: Language;
  mode: ModeChoice;
}

const KEY = "qingyuan.preferences";
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  let stored: Partial<Preferences> = {};
  try {
    stored = JSON.parse(localStorage.getItem(KEY) ?? "{}") ?? {};
  } catch {
    // unreadable or forbidden storage: the defaults serve
  }
  return {
    language: stored.language === "en" ? "en" : "zh-CN",
    mode: stored.mode === "light" || stored.mode === "dark" ? stored.mode : "auto",
  };
}

function notify(): void {
  for (const listener of listeners) listener();
}

systemDark.addEventListener("change", () => {
  current = { ...current };
  notify();
});

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // the choice lasts until the page is closed
  }
  notify();
}

export function usePreferences(): Preferences & { effectiveMode: Mode } {
  const chosen = useSyncExternalStore(subscribe, () => current);
  return { ...chosen, effectiveMode: chosen.mode === "auto" ? (systemDark.matches ? "dark" : "light") : chosen.mode };
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const preferences = (): Preferences => current;
