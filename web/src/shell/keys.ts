// Single-key shortcuts of a page. They are silent while a person types, holds a modifier, or has a dialog open.
import { useEffect, useRef } from "react";

// An action that gives false leaves the key to others.
export type Shortcuts = Record<string, () => unknown>;

export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || busy(event.target)) return;
      const action = latest.current[event.key];
      if (action && action() !== false) event.preventDefault();
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

// useCommandKey runs action on ⌘K or Ctrl+K, wherever the focus is.
export function useCommandKey(action: () => void): void {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    function onKey(event: KeyboardEvent) {
      if (event.key.toLowerCase() !== "k" || !(event.metaKey || event.ctrlKey)) return;
      event.preventDefault();
      latest.current();
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function busy(target: EventTarget | null): boolean {
  if (target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable=true]")) return true;
  return document.querySelector("[role=dialog]:not([aria-hidden=true]), .ant-select-open, .ant-dropdown-open") !== null;
}
